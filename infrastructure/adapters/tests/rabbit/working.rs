//! The broker tells takers of work in its order, and of nothing that is not ours.

use adapters::{
    rabbit::{Publisher, RabbitCalls},
    secret::Secret,
    signatures::Signatures,
};
use application::ports::{Bus, DueWork, WorkCalls, WorkMessage, WorkQueue};

use crate::{
    proxy::{Mode, Proxy},
    support::{Place, eventually},
};

const EMAILS: WorkQueue = WorkQueue::Emails;

fn tried(number: u32, tries: u32) -> DueWork {
    let body = format!(r#"{{"MessageId":"emails_{number:032x}","Html":{{"Subject":"Ḧi"}}}}"#);
    let id = format!("emails_{number:032x}");
    DueWork { message: WorkMessage { id, queue: EMAILS, body, subject: None }, tries }
}

fn fresh(number: u32) -> DueWork {
    tried(number, 0)
}

fn calls(place: &Place) -> RabbitCalls {
    RabbitCalls::start(place.settings.clone(), place.signatures.clone())
}

async fn next(calls: &RabbitCalls, most: usize) -> Vec<DueWork> {
    eventually("a message is there", async || {
        calls.next(EMAILS, most).await.ok().filter(|all| !all.is_empty())
    })
    .await
}

#[tokio::test]
async fn work_is_told_of_in_order_and_once() {
    let place = Place::new().await;
    let calls = calls(&place);
    let publisher = place.publisher();
    let audit = |number| WorkMessage { queue: WorkQueue::Audits, ..fresh(number).message };
    let work = vec![fresh(1), fresh(2), DueWork { message: audit(3), tries: 0 }, fresh(4)];
    publisher.enqueue(work).await.expect("confirmed");
    eventually("it is counted", async || (publisher.holds(EMAILS).await == Ok(3)).then_some(()))
        .await;
    assert_eq!(next(&calls, 2).await, [fresh(1), fresh(2)]);
    assert_eq!(next(&calls, 2).await, [fresh(4)]);
    assert_eq!(calls.next(EMAILS, 1).await.expect("an answer"), []);
    assert_eq!(calls.next(WorkQueue::Smses, 1).await.expect("an answer"), []);
    drop(calls);
    assert_eq!((place.left("emails").await, place.left("audits").await), (0, 1));
}

#[tokio::test]
async fn what_was_tried_before_comes_last() {
    let place = Place::new().await;
    let calls = calls(&place);
    let work = vec![fresh(1), tried(2, 3), fresh(3)];
    place.publisher().enqueue(work).await.expect("confirmed");
    assert_eq!(next(&calls, 9).await, [fresh(1), tried(2, 3)]);
    assert_eq!(next(&calls, 9).await, [fresh(3)]);
}

#[tokio::test]
async fn forged_work_is_told_to_nobody() {
    let place = Place::new().await;
    let calls = calls(&place);
    let stranger = Signatures::new(&Secret::new("a guess")).into();
    let stranger = Publisher::start(place.settings.clone(), stranger);
    stranger.enqueue(vec![fresh(1)]).await.expect("confirmed");
    // Ours, but of another queue.
    let audit = WorkMessage { queue: WorkQueue::Audits, ..fresh(3).message };
    let audit = DueWork { message: audit, tries: 0 };
    place.publisher().enqueue(vec![audit]).await.expect("confirmed");
    let misplaced = place.message("audits").await;
    let (of, name) = (misplaced.properties.clone(), place.name("emails"));
    place.publish("", &name, of, &misplaced.data).await;
    place.publisher().enqueue(vec![fresh(2)]).await.expect("confirmed");

    assert_eq!(next(&calls, 9).await, [fresh(2)]);
    assert_eq!(calls.next(EMAILS, 9).await.expect("an answer"), []);
}

#[tokio::test]
async fn queues_that_are_lost_hold_nothing_and_come_back() {
    let place = Place::new().await;
    let (calls, publisher) = (calls(&place), place.publisher());
    publisher.enqueue(vec![fresh(1)]).await.expect("confirmed");
    place.delete(vec![place.name("emails")]).await;
    eventually("it holds nothing", async || (publisher.holds(EMAILS).await == Ok(0)).then_some(()))
        .await;
    eventually("it is taken again", async || publisher.enqueue(vec![fresh(2)]).await.ok()).await;
    assert_eq!(next(&calls, 1).await, [fresh(2)]);
}

#[tokio::test]
async fn who_asks_survives_a_lost_connection() {
    let proxy = Proxy::start().await;
    let place = Place::with(proxy.url(), application::ports::Partition::ONE).await;
    let calls = calls(&place);
    place.publisher().enqueue(vec![fresh(1), fresh(2)]).await.expect("confirmed");
    assert_eq!(next(&calls, 1).await, [fresh(1)]);
    proxy.mode(Mode::Cut);
    eventually("it is noticed", async || calls.next(EMAILS, 1).await.err()).await;
    proxy.mode(Mode::Pass);
    assert_eq!(next(&calls, 1).await, [fresh(2)]);
}
