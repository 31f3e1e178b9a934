//! Work is done, or is set aside where operators see it; it is never lost.

use std::time::Duration;

use adapters::{
    rabbit::{Publisher, RabbitQueues},
    secret::Secret,
    signatures::Signatures,
};
use application::ports::{Bus, Fate, QueueStanding, Taken, WorkMessage, WorkQueue, WorkQueues};

use crate::{
    proxy::{Mode, Proxy},
    support::{Place, eventually},
};

const EMAILS: WorkQueue = WorkQueue::Emails;

fn message(number: u32) -> WorkMessage {
    let body = format!(r#"{{"MessageId":"emails_{number:032x}","Html":{{"Subject":"Ḧi"}}}}"#);
    WorkMessage { id: format!("emails_{number:032x}"), queue: EMAILS, body, subject: None }
}

fn queues(place: &Place, pause: Duration) -> RabbitQueues {
    RabbitQueues::start(place.settings.clone(), place.signatures.clone(), pause)
}

async fn take(queues: &RabbitQueues) -> Taken {
    eventually("a message is due", async || queues.take(EMAILS, 1).await.ok()?.pop()).await
}

async fn standing(queues: &RabbitQueues) -> (u64, u64) {
    let standings = queues.standings().await.expect("standings");
    assert_eq!(standings.len(), WorkQueue::ALL.len());
    let of = |standing: &&QueueStanding| standing.queue == EMAILS;
    let found = standings.iter().find(of).expect("it is there");
    (found.waiting, found.poison)
}

#[tokio::test]
async fn work_is_taken_in_order_and_once() {
    let place = Place::new().await;
    let queues = queues(&place, Duration::ZERO);
    place.publisher().enqueue(vec![message(1), message(2)]).await.expect("confirmed");
    let (one, two) = (take(&queues).await, take(&queues).await);
    assert_eq!((&one.message, one.tries), (&message(1), 1));
    assert_eq!((&two.message, two.tries), (&message(2), 1));
    assert_eq!(queues.take(EMAILS, 1).await.expect("an answer"), []);
    assert_eq!(queues.take(WorkQueue::Audits, 1).await.expect("an answer"), []);
    queues.handled(std::slice::from_ref(&one)).await.expect("forgotten");
    queues.handled(std::slice::from_ref(&one)).await.expect_err("it is nobody's any more");
    drop(queues);
    assert_eq!(place.left("emails").await, 1, "what nobody finished comes again");
}

#[tokio::test]
async fn work_that_fails_five_times_is_set_aside_until_it_is_revived_or_discarded() {
    let place = Place::new().await;
    let queues = queues(&place, Duration::ZERO);
    place.publisher().enqueue(vec![message(1), message(2)]).await.expect("confirmed");
    for number in [1, 2] {
        for tries in 1..=5 {
            let taken = take(&queues).await;
            assert_eq!((&taken.message, taken.tries), (&message(number), tries));
            let fate = queues.failed(&taken, &format!("no. {number}")).await.expect("an answer");
            assert_eq!(fate, if tries < 5 { Fate::Again } else { Fate::Poison });
        }
    }
    let aside = |number| (message(number), format!("no. {number}"));
    for _ in 0..2 {
        let poisoned = queues.poisoned(EMAILS).await.expect("a list");
        assert_eq!(poisoned, [aside(1), aside(2)], "looking takes nothing and keeps the order");
    }
    eventually("counts follow", async || (standing(&queues).await == (0, 2)).then_some(())).await;

    assert!(!queues.revive(EMAILS, &message(3).id).await.expect("an answer"));
    assert!(queues.revive(EMAILS, &message(2).id).await.expect("an answer"));
    let again = take(&queues).await;
    assert_eq!((&again.message, again.tries), (&message(2), 1));
    queues.handled(std::slice::from_ref(&again)).await.expect("forgotten");
    assert!(queues.discard(EMAILS, &message(1).id).await.expect("an answer"));
    assert!(!queues.discard(EMAILS, &message(1).id).await.expect("an answer"));
    eventually("counts follow", async || (standing(&queues).await == (0, 0)).then_some(())).await;
}

#[tokio::test]
async fn what_failed_waits_and_holds_up_nobody() {
    let place = Place::new().await;
    let queues = queues(&place, Duration::from_millis(300));
    place.publisher().enqueue(vec![message(1), message(2)]).await.expect("confirmed");
    let first = take(&queues).await;
    assert_eq!(queues.failed(&first, "not yet").await.expect("an answer"), Fate::Again);
    let next = take(&queues).await;
    assert_eq!(next.message, message(2));
    assert_eq!(standing(&queues).await.0, 2, "what pauses is counted");
    queues.handled(std::slice::from_ref(&next)).await.expect("forgotten");
    let again = take(&queues).await;
    assert_eq!((&again.message, again.tries), (&message(1), 2));
}

#[tokio::test]
async fn forged_work_is_set_aside() {
    let place = Place::new().await;
    let queues = queues(&place, Duration::ZERO);
    let stranger = Signatures::new(&Secret::new("a guess")).into();
    let stranger = Publisher::start(place.settings.clone(), stranger);
    stranger.enqueue(vec![message(1)]).await.expect("confirmed");
    place.publisher().enqueue(vec![message(2)]).await.expect("confirmed");
    // Ours, but of another queue.
    let audit = WorkMessage { queue: WorkQueue::Audits, ..message(3) };
    place.publisher().enqueue(vec![audit]).await.expect("confirmed");
    let misplaced = place.message("audits").await;
    let (of, name) = (misplaced.properties.clone(), place.name("emails"));
    place.publish("", &name, of, &misplaced.data).await;

    assert_eq!(take(&queues).await.message, message(2));
    assert_eq!(queues.take(EMAILS, 1).await.expect("an answer"), []);
    let reasons = eventually("both are there", async || {
        let poisoned = queues.poisoned(EMAILS).await.expect("a list");
        (poisoned.len() == 2).then(|| poisoned.into_iter().map(|(_, why)| why).collect::<Vec<_>>())
    });
    assert_eq!(reasons.await, ["it was refused: signature", "it was refused: contradiction"]);
    // Reviving does not make it any better.
    assert!(queues.revive(EMAILS, &message(1).id).await.expect("an answer"));
    assert_eq!(queues.take(EMAILS, 1).await.expect("an answer"), []);
}

#[tokio::test]
async fn work_survives_a_lost_connection() {
    let proxy = Proxy::start().await;
    let place = Place::with(proxy.url(), application::ports::Partition::ONE).await;
    let queues = queues(&place, Duration::ZERO);
    place.publisher().enqueue(vec![message(1)]).await.expect("confirmed");
    let taken = take(&queues).await;
    proxy.mode(Mode::Cut);
    eventually("it is noticed", async || queues.handled(std::slice::from_ref(&taken)).await.err())
        .await;
    queues.take(EMAILS, 1).await.expect_err("there is no broker");
    proxy.mode(Mode::Pass);
    assert_eq!(take(&queues).await.message, message(1));
    queues.handled(std::slice::from_ref(&taken)).await.expect_err("that was another time");
}
