//! Appending, and what comes back.

use application::ports::{
    Append, AppendError, Clock as _, Consumed, IdempotencyKey, Metadata, StreamAppend,
};

use crate::support::{Fixture, at, event, owned, stream, to};

pub async fn events_come_back_as_they_were_appended(f: &Fixture) {
    let payload =
        r#"{"text":"ünï \"quoted\" \\u0000 line\nend","n":1.50,"nested":{"b":[],"a":null}}"#;
    let mut append = to("a", 0, 1);
    append.streams[0].events.push(event(payload));
    append.metadata = Metadata {
        tenant: Some("org_a".into()),
        actor: Some("user_b".into()),
        traceparent: Some("00-1-2-01".into()),
        ..Metadata::default()
    };
    assert_eq!(f.log.append(append.clone()).await, at(2));
    let loaded = f.log.load(&stream("a"), 0).await.unwrap();
    let second = &loaded[1];
    assert_eq!((second.position, second.sequence), (2, 2));
    assert_eq!(second.stream, stream("a"));
    assert_eq!(second.event_id, append.streams[0].events[1].id);
    assert_eq!((second.name.as_str(), second.version), ("happened", 1));
    assert_eq!(second.payload, payload, "not a byte differs");
    assert_eq!(second.metadata(), append.metadata);
    assert_eq!(second.recorded_at, f.clock.now());
    assert_eq!(f.log.read(0, 10).await.unwrap(), loaded);
    assert_eq!(f.log.load(&stream("a"), 1).await.unwrap(), loaded[1..]);
    assert!(f.log.load(&stream("b"), 0).await.unwrap().is_empty());
    assert_eq!(f.log.head().await, Ok(2));
}

pub async fn a_conflict_names_the_stream_and_changes_nothing(f: &Fixture) {
    f.log.append(to("a", 0, 2)).await.unwrap();
    for expected in [0, 1, 3, u64::MAX] {
        let conflict = AppendError::Conflict { stream: stream("a"), expected, actual: 2 };
        let append = Append { take: vec![owned("v", "a")], ..to("a", expected, 1) };
        assert_eq!(f.log.append(append).await, Err(conflict));
    }
    assert_eq!(f.log.head().await, Ok(2));
    assert_eq!(f.log.owner(&owned("v", "a").claim).await, Ok(None));
    assert_eq!(f.log.append(to("a", 2, 1)).await, at(3));
}

pub async fn several_streams_are_appended_all_or_none(f: &Fixture) {
    let mut both = to("a", 0, 2);
    both.streams.extend(to("b", 0, 1).streams);
    assert_eq!(f.log.append(both).await, at(3));
    let mut half = to("a", 2, 1);
    half.streams.extend(to("b", 0, 1).streams);
    let conflict = AppendError::Conflict { stream: stream("b"), expected: 0, actual: 1 };
    assert_eq!(f.log.append(half).await, Err(conflict));
    assert_eq!(f.log.load(&stream("a"), 0).await.unwrap().len(), 2);
    assert_eq!(f.violations().await, [""; 0]);
}

pub async fn an_empty_part_asserts_the_version(f: &Fixture) {
    f.log.append(to("a", 0, 1)).await.unwrap();
    assert_eq!(f.log.append(to("a", 1, 0)).await, at(1));
    let mut both = to("b", 0, 1);
    both.streams.extend(to("a", 0, 0).streams);
    assert!(matches!(f.log.append(both).await, Err(AppendError::Conflict { actual: 1, .. })));
    assert_eq!(f.log.head().await, Ok(1));
}

pub async fn malformed_appends_are_refused(f: &Fixture) {
    let with = |change: fn(&mut Append)| {
        let mut append = to("a", 0, 1);
        change(&mut append);
        append
    };
    let key =
        |key: &str| IdempotencyKey { scope: "s".into(), key: key.into(), fingerprint: "f".into() };
    let malformed = [
        Append::default(),
        Append { idempotency: Some(key("k")), ..Append::default() },
        with(|a| a.streams.extend(to("a", 0, 1).streams)),
        with(|a| a.take = vec![owned("v", "a"), owned("v", "b")]),
        with(|a| a.release = vec![owned("v", "a"), owned("v", "a")]),
        with(|a| a.streams[0].stream = stream("")),
        with(|a| a.streams[0].stream = stream("a\0b")),
        with(|a| a.streams[0].events[0].name = "".into()),
        with(|a| a.streams[0].events[0].payload = "{".into()),
        with(|a| a.streams[0].events[0].payload = r#"{"a":"\u0000"}"#.into()),
        with(|a| a.streams[0].events[0].payload = "[".repeat(100_000)),
        with(|a| a.streams[0].events = vec![event("{}"); 10_001]),
        with(|a| a.streams[0].events[0].payload = format!("\"{}\"", "x".repeat(16 << 20))),
        with(|a| a.streams[0].events[0].payload = r#"{"a":"\ud800"}"#.into()),
        with(|a| a.streams[0].stream.id = "x".repeat(501)),
        with(|a| a.metadata.actor = Some("\0".into())),
        with(|a| a.take = vec![owned("v\0", "a")]),
        Append { idempotency: Some(key("")), ..to("a", 0, 1) },
        Append {
            consumed: Some(Consumed {
                consumer: "c".into(),
                part: 0,
                from: 0,
                to: u64::MAX,
                settles: None,
            }),
            ..Append::default()
        },
    ];
    for append in malformed {
        let outcome = f.log.append(append).await;
        assert!(matches!(outcome, Err(AppendError::Malformed(_))), "{outcome:?}");
    }
    assert_eq!(f.log.head().await, Ok(0));
    let largest =
        StreamAppend { stream: stream("a"), expected: 0, events: vec![event("{}"); 10_000] };
    let largest = Append { streams: vec![largest], ..Append::default() };
    assert_eq!(f.log.append(largest).await, at(10_000));
}
