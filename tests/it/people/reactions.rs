//! What follows from a registration follows in whatever order and however often it is delivered.

use std::{collections::BTreeMap, sync::Arc};

use acceptance::{
    Deployment, TestApp, on_every_deployment,
    registrations::{ann, register},
    run,
};
use application::{
    App, Call, Caller, Repository,
    ports::{Recorded, StreamId},
    reaction::Reaction,
};
use hosts::compose::REACTIONS;
use store::{log::MemLog, sealing::SealedLog};

on_every_deployment!(nothing_happens_twice);

#[test]
fn every_order_of_delivery_leads_to_the_same() {
    run(Deployment::Sqlite, every_order);
}

/// A call as whoever delivers the event makes it. Two reactions to one event are two causes.
fn call(event: &Recorded, reaction: &Reaction) -> Call {
    let id = event.event_id.to_string();
    let mut call = Call::new(Caller::maintenance(), id.clone());
    call.causation = Some(format!("{id} {}", reaction.name));
    call
}

fn handles(reaction: &Reaction, event: &Recorded) -> bool {
    let wanted = |(kind, name): &&(&str, &str)| *kind == event.stream.kind && *name == event.name;
    reaction.handles.iter().any(|handled| wanted(&handled))
}

async fn deliver(app: &App, reaction: &Reaction, event: &Recorded) {
    let done = (reaction.react)(app, &call(event, reaction), event).await;
    done.unwrap_or_else(|error| panic!("{} of {}: {error}", reaction.name, event.name));
}

async fn nothing_happens_twice(app: &TestApp) {
    app.registered(ann("ann@company.com")).await;
    let ports = app.ports();
    let before = app.head().await;
    let mut events = ports.sealed_log.read(0, 1_000).await.unwrap();
    for _ in 0..2 {
        events.reverse();
        for event in &events {
            for reaction in REACTIONS.iter().filter(|reaction| handles(reaction, event)) {
                deliver(ports, reaction, event).await;
            }
        }
    }
    assert_eq!(app.head().await, before);
}

/// The ports of a host over a log of which nobody delivers anything.
fn alone(app: &TestApp) -> (App, Arc<MemLog>) {
    let ports = app.ports();
    let log = Arc::new(MemLog::new(ports.clock.clone()));
    let sealed = Arc::new(SealedLog::new(log.clone(), ports.vault.clone()));
    let app = App {
        end_users: Repository::new(sealed.clone(), ports.ids.clone()),
        organizations: Repository::new(sealed.clone(), ports.ids.clone()),
        subscriptions: Repository::new(sealed.clone(), ports.ids.clone()),
        user_profiles: Repository::new(sealed.clone(), ports.ids.clone()),
        sealed_log: sealed,
        log: log.clone(),
        ..ports.clone()
    };
    (app, log)
}

/// A queue of a reaction keeps the order of one stream only, as the parts of the log do.
type Queues = BTreeMap<(&'static str, StreamId), Vec<Recorded>>;

/// Delivers everything, each time to the queue that `choose` picks, and sometimes twice.
async fn deliver_all(app: &App, mut choose: impl FnMut(usize) -> usize) {
    let (mut queues, mut known) = (Queues::new(), 0);
    loop {
        for event in app.sealed_log.read(known, 1_000).await.unwrap() {
            known = event.position;
            for reaction in REACTIONS.iter().filter(|reaction| handles(reaction, &event)) {
                let queue = queues.entry((reaction.name, event.stream.clone())).or_default();
                queue.push(event.clone());
            }
        }
        queues.retain(|_, queue| !queue.is_empty());
        if queues.is_empty() {
            return;
        }
        let chosen = choose(queues.len());
        let (&(name, _), queue) = queues.iter_mut().nth(chosen).unwrap();
        let reaction = REACTIONS.iter().find(|reaction| reaction.name == name).unwrap();
        let event = queue.remove(0);
        deliver(app, reaction, &event).await;
        if choose(3) == 0 {
            deliver(app, reaction, &event).await;
        }
    }
}

/// What happened to each stream, whatever came first: a profile may begin with its organization or
/// get it later, and an organization may have its member before its subscriber.
async fn outcome(app: &App) -> BTreeMap<String, Vec<String>> {
    let mut streams = BTreeMap::<_, Vec<_>>::new();
    for event in app.sealed_log.read(0, 1_000).await.unwrap() {
        streams.entry(event.stream.kind.to_string()).or_default().push(event.name);
    }
    for names in streams.values_mut() {
        names.sort();
    }
    streams
}

async fn every_order(app: &TestApp) {
    let mut outcomes = vec![];
    for seed in 0..200_u64 {
        let (ports, log) = alone(app);
        register(&ports, ann("ann@company.com")).await;
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let choose = |count: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % count as u64).unwrap()
        };
        deliver_all(&ports, choose).await;
        let mut outcome = outcome(&ports).await;
        let queued = log.work().into_iter().map(|message| message.queue.name().to_owned());
        outcome.insert("work".to_owned(), queued.collect());
        outcomes.push(outcome);
    }
    assert!(outcomes.iter().all(|one| *one == outcomes[0]), "{outcomes:#?}");
    assert_eq!(outcomes[0]["subscription"], ["created", "provider_changed"]);
    assert_eq!(outcomes[0]["organization"], ["billing_subscribed", "created", "membership_added"]);
    assert_eq!(
        outcomes[0]["end_user"],
        ["created", "default_membership_changed", "membership_added", "registered"]
    );
    assert!(outcomes[0]["user_profile"].contains(&"default_organization_changed".to_owned()));
}

#[test]
fn what_was_told_of_somebody_is_not_written_after_the_erasure() {
    run(Deployment::Sqlite, told_too_late);
}

async fn told_too_late(app: &TestApp) {
    let (ports, _) = alone(app);
    let (user, _) = register(&ports, ann("ann@company.com")).await;
    let opened = ports.sealed_log.read(0, 1_000).await.unwrap();
    assert!(opened.iter().any(|event| event.payload.contains("Miller")));
    let maintenance = Call::new(Caller::maintenance(), "a test".to_owned());
    application::end_users::erase::erase(&ports, &maintenance, &user).await.unwrap();
    for event in &opened {
        for reaction in REACTIONS.iter().filter(|reaction| handles(reaction, event)) {
            deliver(&ports, reaction, event).await;
        }
    }
    let written = ports.sealed_log.read(0, 1_000).await.unwrap();
    assert!(written.iter().any(|event| event.stream.kind == "user_profile"));
    for event in written {
        for told in ["Ann", "Miller", "ann@"] {
            assert!(!event.payload.contains(told), "{}: {}", event.name, event.payload);
        }
    }
}
