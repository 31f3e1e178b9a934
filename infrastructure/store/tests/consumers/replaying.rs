//! Handling again what was handled already, because an operator asks for it.

use std::{future::Future, pin::Pin, sync::Arc};

use application::{
    App, Call, Error, Result,
    ports::{Append, NewEvent, Partition, Recorded, StreamAppend, StreamId},
    reaction::{Reaction, Start},
};
use store::consumers::{Action, LogFeed};

use crate::{
    kettles::{V1, append, bought, corrupt, filled, next_id},
    stubs::app,
    support::{BOTH, Running, Site, until},
};

/// Notes every event of a kettle in a stream of the event's own: how often it was handled is how
/// many events that has.
const NOTING: Reaction = Reaction {
    area: "EndUsers",
    name: "noting",
    handles: &[("kettle", "bought"), ("kettle", "filled")],
    start: Start::Origin,
    react,
};

fn react<'a>(
    app: &'a App,
    _: &'a Call,
    event: &'a Recorded,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(async move {
        event.decode::<crate::kettles::KettleEvent>().map_err(Error::unexpected)?;
        let stream = notes(event.position);
        let expected = app.log.load(&stream, 0).await?.len() as u64;
        let note = NewEvent {
            id: next_id(),
            name: "noted".into(),
            version: 1,
            payload: "{}".into(),
            sealed: None,
        };
        let streams = vec![StreamAppend { stream, expected, events: vec![note] }];
        app.log.append(Append { streams, ..Append::default() }).await.map_err(Error::unexpected)?;
        Ok(())
    })
}

fn notes(position: u64) -> StreamId {
    StreamId::new("note", format!("p{position}"))
}

fn partition(parts: u16) -> Partition {
    Partition::new(parts).expect("some parts")
}

fn start(site: &Site, parts: u16) -> Running {
    let feeds = Arc::new(LogFeed::new(site.log.clone(), partition(parts)));
    site.start_divided(partition(parts), &[V1], feeds, Some((app(site), vec![NOTING])))
}

/// How often each position was handled.
async fn handled(site: &Site, positions: &[u64]) -> Vec<usize> {
    let mut times = Vec::new();
    for position in positions {
        times.push(site.log.load(&notes(*position), 0).await.unwrap().len());
    }
    times
}

#[tokio::test]
async fn a_reaction_handles_everything_after_a_position_again_in_all_parts() {
    for on in BOTH {
        for parts in [1, 3] {
            let site = Site::new(on).await;
            let running = start(&site, parts);
            let mut positions = Vec::new();
            for number in 0..8 {
                positions.push(site.append(append(&format!("k{number}"), 0, &[bought("a")])).await);
            }
            running.settled().await;
            assert_eq!(handled(&site, &positions).await, [1; 8], "{on:?} {parts}");
            let from = positions[3];
            let told = site.ask("noting", Action::Again(from)).await.unwrap();
            assert_eq!(told, format!("everything after {from} is handled again"));
            // Nothing is appended meanwhile: it notices by itself.
            until("all are handled again", || async {
                handled(&site, &positions[4..]).await == [2; 4]
            })
            .await;
            running.settled().await;
            assert_eq!(
                handled(&site, &positions).await,
                [1, 1, 1, 1, 2, 2, 2, 2],
                "{on:?} {parts}"
            );
            running.stop().await;
        }
    }
}

#[tokio::test]
async fn a_position_that_a_reaction_has_not_come_to_is_refused() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = start(&site, 1);
        let position = site.append(append("k", 0, &[bought("a"), filled(1)])).await;
        running.settled().await;
        let head = site.log.head().await.unwrap();
        let refusal = site.ask("noting", Action::Again(head + 1)).await.unwrap_err().to_string();
        assert!(refusal.starts_with(&format!("it has come to {head} only")), "{refusal}");
        site.ask("noting", Action::Again(head)).await.unwrap();
        running.settled().await;
        assert_eq!(handled(&site, &[position - 1, position]).await, [1, 1], "{on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn dead_letters_after_the_position_are_tried_again_and_earlier_ones_stay() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = start(&site, 1);
        let early = site.append(corrupt("early", 0)).await;
        let late = site.append(corrupt("late", 0)).await;
        let behind = site.append(append("early", 1, &[filled(1)])).await;
        running.settled().await;
        let letters = || async {
            let all = site.ops().dead_letters(Some("noting"), 0, 10).await.unwrap();
            all.iter().map(|letter| (letter.position, letter.attempts)).collect::<Vec<_>>()
        };
        let before = [(early, 1), (late, 1), (behind, 0)];
        assert_eq!(letters().await, before, "{on:?}");
        site.ask("noting", Action::Again(early)).await.unwrap();
        until("they are there again", || async { letters().await == before }).await;
        assert_eq!(handled(&site, &[behind]).await, [0], "its stream still waits: {on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_projection_is_built_anew() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = start(&site, 1);
        let position = site.kettles(0, 5, 2).await;
        running.reached(position).await;
        let built = site.ask("kettles", Action::Again(3)).await.unwrap();
        assert_eq!(built, "built as generation 2", "{on:?}");
        running.settled().await;
        assert_eq!(site.shown().await.len(), 5);
        running.stop().await;
    }
}
