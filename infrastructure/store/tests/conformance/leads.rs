//! Following a value to what it leads to.

use std::sync::Arc;

use application::{
    ports::{
        Append, Claim, ClaimRef, EventLog, Lead, NewEvent, Sealed, Snapshot, StreamAppend,
        StreamId, Trail,
    },
    testing::OpenVault,
};
use store::sealing::SealedLog;

use crate::support::{Fixture, claim, event, stream};

fn holder(id: &str) -> StreamId {
    StreamId::new("holder", id)
}

fn lead(claim: &ClaimRef) -> Lead<'_> {
    let (state_version, kind_version) = (1, 2);
    Lead { claim, state_version, kind: "holder", member: "holderId", kind_version, opened: false }
}

fn kept(sequence: u64, state_version: u32, state: &str) -> Snapshot {
    Snapshot { sequence, state_version, state: state.to_owned(), subject: None }
}

/// A thing that owns the value `k`, is somebody's, and has one more event; and that somebody.
async fn thing(f: &Fixture, of: &str) {
    let begin = format!(r#"{{"n":1,"holderId":"{of}"}}"#);
    let append = Append {
        streams: vec![
            StreamAppend {
                stream: stream("a"),
                expected: 0,
                events: vec![event(&begin), event(r#"{"holderId":"nobody"}"#)],
            },
            StreamAppend {
                stream: holder("h"),
                expected: 0,
                events: (0..3).map(|n| event(&format!(r#"{{"n":{n}}}"#))).collect(),
            },
        ],
        take: vec![Claim { claim: claim("k"), owner: stream("a") }],
        ..Append::default()
    };
    f.log.append(append).await.unwrap();
}

async fn whole(f: &Fixture, stream: StreamId, snapshot: Option<Snapshot>) -> Trail {
    let after = snapshot.as_ref().map_or(0, |kept| kept.sequence);
    let events = f.log.load(&stream, after).await.unwrap();
    Trail { stream, snapshot, events }
}

pub async fn a_value_leads_to_its_owner_and_on(f: &Fixture) {
    thing(f, "h").await;
    let found = f.log.follow(&lead(&claim("k"))).await.unwrap();
    let expected = [whole(f, stream("a"), None).await, whole(f, holder("h"), None).await];
    assert_eq!(found, expected);
    assert_eq!((found[0].events.len(), found[1].events.len()), (2, 3));
}

pub async fn what_was_kept_is_not_read_again(f: &Fixture) {
    thing(f, "h").await;
    f.log.keep_snapshot(&stream("a"), kept(2, 1, "two")).await.unwrap();
    f.log.keep_snapshot(&stream("a"), kept(1, 2, "another shape")).await.unwrap();
    f.log.keep_snapshot(&holder("h"), kept(1, 2, "one")).await.unwrap();
    let found = f.log.follow(&lead(&claim("k"))).await.unwrap();
    let expected = [
        whole(f, stream("a"), Some(kept(2, 1, "two"))).await,
        whole(f, holder("h"), Some(kept(1, 2, "one"))).await,
    ];
    assert_eq!(found, expected);
    assert_eq!((found[0].events.len(), found[1].events.len()), (0, 2));
}

pub async fn a_lead_may_end(f: &Fixture) {
    assert_eq!(f.log.follow(&lead(&claim("k"))).await, Ok(vec![]));
    thing(f, "somebody else").await;
    assert_eq!(f.log.follow(&lead(&claim("l"))).await, Ok(vec![]));
    let only = whole(f, stream("a"), None).await;
    assert_eq!(f.log.follow(&lead(&claim("k"))).await, Ok(vec![only.clone()]));
    let claim = claim("k");
    let unnamed = Lead { member: "n", kind: "thing", ..lead(&claim) };
    let found = f.log.follow(&Lead { member: "missing", ..unnamed }).await;
    assert_eq!(found, Ok(vec![only]));
}

pub async fn snapshots_on_the_way_are_opened(f: &Fixture) {
    thing(f, "h").await;
    let log = SealedLog::new(f.log.clone(), Arc::new(OpenVault));
    let snapshot = Snapshot { subject: Some("h".to_owned()), ..kept(3, 2, "plain") };
    log.keep_snapshot(&holder("h"), snapshot.clone()).await.unwrap();
    let bare = f.log.follow(&lead(&claim("k"))).await.unwrap();
    assert!(bare[1].snapshot.as_ref().unwrap().state.contains("sealed"));
    let found = log.follow(&lead(&claim("k"))).await.unwrap();
    assert_eq!(found[1], whole(f, holder("h"), Some(snapshot)).await);
}

pub async fn what_events_have_sealed_is_opened_for_those_who_ask(f: &Fixture) {
    let log = SealedLog::new(f.log.clone(), Arc::new(OpenVault));
    let said = |sealed: &str| NewEvent {
        sealed: Some(Sealed { subject: "h".to_owned(), text: sealed.to_owned() }),
        ..event(r#"{"holderId":"h"}"#)
    };
    let begin = |stream, sealed| StreamAppend { stream, expected: 0, events: vec![said(sealed)] };
    let append = Append {
        streams: vec![begin(stream("a"), r#"{"n":1}"#), begin(holder("h"), r#"{"n":2}"#)],
        take: vec![Claim { claim: claim("k"), owner: stream("a") }],
        ..Append::default()
    };
    log.append(append).await.unwrap();
    let claim = claim("k");
    let opened = log.follow(&Lead { opened: true, ..lead(&claim) }).await.unwrap();
    let closed = log.follow(&lead(&claim)).await.unwrap();
    for (place, of) in [stream("a"), holder("h")].iter().enumerate() {
        assert_eq!(opened[place].events, log.load(of, 0).await.unwrap());
        assert_eq!(closed[place].events, f.log.load(of, 0).await.unwrap());
        assert_ne!(opened[place].events, closed[place].events);
    }
}
