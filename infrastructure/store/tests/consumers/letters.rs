//! Events that can't be handled wait, and keep only their own stream waiting.

use store::consumers::Action;

use crate::{
    kettles::{KettleEvent, V1, append, bought, corrupt, filled},
    support::{BOTH, Site},
};

/// Two kettles; the second event of `bad` is corrupt, and a third follows it.
async fn broken(site: &Site) -> (u64, u64) {
    site.append(append("bad", 0, &[bought("ann")])).await;
    let position = site.append(corrupt("bad", 1)).await;
    site.append(append("good", 0, &[bought("bob"), filled(2)])).await;
    let last = site.append(append("bad", 2, &[filled(5)])).await;
    (position, last)
}

#[tokio::test]
async fn a_corrupt_event_stops_its_stream_only_and_is_shown_without_its_payload() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let (position, last) = broken(&site).await;
        running.reached(last).await;
        let row = |id: &str, litres, fills| (id.to_owned(), litres, fills);
        assert_eq!(site.shown().await, [row("bad", 0, 1), row("good", 2, 2)]);
        let letters = site.ops().dead_letters(None, 0, 10).await.unwrap();
        let brief: Vec<_> = letters.iter().map(|l| (l.position, l.attempts)).collect();
        assert_eq!(brief, [(position, 1), (last, 0)], "{on:?}");
        assert!(letters[0].error.contains("corrupt"), "{}", letters[0].error);
        assert!(!letters[0].error.contains("secret"), "{}", letters[0].error);
        let (letter, event) =
            site.ops().dead_letter("kettles", position).await.unwrap().expect("is there");
        assert_eq!(letter.stream.to_string(), "kettle/bad");
        assert_eq!(event.expect("in the log").name, "filled");
        assert_eq!(site.ops().status(&[V1], &[]).await.unwrap()[0].dead_letters, 2);
        // A rebuild meets the same event and ends the same.
        site.ask("kettles", Action::Rebuild).await.unwrap();
        assert_eq!(site.shown().await, [row("bad", 0, 1), row("good", 2, 2)]);
        assert_eq!(site.ops().dead_letters(Some("kettles"), 0, 10).await.unwrap().len(), 2);
        assert_eq!(site.ops().verify(&[V1]).await.unwrap(), Vec::<String>::new());
        running.stop().await;
    }
}

#[tokio::test]
async fn a_replay_settles_a_stream_in_order_and_ends_at_what_fails_again() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let (position, last) = broken(&site).await;
        running.reached(last).await;
        let failed = site.ask("kettles", Action::Replay(last)).await.unwrap_err();
        assert!(failed.to_string().starts_with("0 replayed, then one failed: event 'filled'"));
        let letters = site.ops().dead_letters(None, 0, 10).await.unwrap();
        assert_eq!(letters[0].attempts, 2);
        // Without the first, the rest can go on.
        assert_eq!(site.ask("kettles", Action::Discard(position)).await.unwrap(), "discarded");
        let again = site.ask("kettles", Action::Replay(last)).await.unwrap();
        assert_eq!(again, "1 of kettle/bad replayed");
        let row = |id: &str, litres, fills| (id.to_owned(), litres, fills);
        assert_eq!(site.shown().await[0], row("bad", 5, 3));
        assert!(site.ops().dead_letters(None, 0, 10).await.unwrap().is_empty());
        // The stream flows again.
        let next = site.append(append("bad", 3, &[filled(6)])).await;
        running.reached(next).await;
        assert_eq!(site.shown().await[0], row("bad", 6, 4), "{on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn an_event_that_the_database_refuses_is_held_back_alone() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        running.settled().await;
        let no_seven = match on {
            crate::support::On::Postgres => {
                "ALTER TABLE rm_kettles_v1_g1 ADD CONSTRAINT no_seven CHECK (litres <> 7)"
            }
            crate::support::On::Sqlite => {
                "CREATE TRIGGER no_seven BEFORE UPDATE ON rm_kettles_v1_g1 WHEN new.litres = 7 \
                 BEGIN SELECT RAISE(ABORT, 'no seven'); END"
            }
        };
        site.db.execute(no_seven, &[]).await.unwrap();
        site.append(append("a", 0, &[bought("ann")])).await;
        running.settled().await;
        site.append(append("a", 1, &[filled(7)])).await;
        let last = site.append(append("b", 0, &[bought("ann"), filled(1)])).await;
        running.reached(last).await;
        let letters = site.ops().dead_letters(None, 0, 10).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!((letters[0].attempts, letters[0].position), (5, 2), "{on:?}");
        let kettles: Vec<_> = site.shown().await.into_iter().map(|(id, ..)| id).collect();
        assert_eq!(kettles, ["a", "b"]);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_log_that_begins_anew_empties_everything() {
    use application::ports::{Append, NewEvent, StreamAppend, StreamId};
    for on in BOTH {
        let site = Site::new(on).await;
        let running = site.start(&[V1]);
        let (_, last) = broken(&site).await;
        running.reached(last).await;
        let reset = NewEvent {
            id: crate::kettles::next_id(),
            name: "log_reset".into(),
            version: 1,
            payload: "{}".to_owned(),
            sealed: None,
        };
        let stream =
            StreamAppend { stream: StreamId::new("log", "log"), expected: 0, events: vec![reset] };
        site.append(Append { streams: vec![stream], ..Append::default() }).await;
        let last = site.append(append("new", 0, &[bought("eve")])).await;
        running.reached(last).await;
        assert_eq!(site.shown().await, [("new".to_owned(), 0, 1)], "{on:?}");
        assert!(site.ops().dead_letters(None, 0, 10).await.unwrap().is_empty());
        // The stream of the letter is free again.
        let last = site.append(append("bad", 3, &[KettleEvent::Dropped {}])).await;
        running.reached(last).await;
        assert!(site.ops().dead_letters(None, 0, 10).await.unwrap().is_empty());
        running.stop().await;
    }
}
