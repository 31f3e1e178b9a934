//! What is personal or secret is not in the stores, and there for those who may see it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use application::{
    Result,
    ports::{Append, EventLog, NewEvent, Sealed, SealedText, Snapshot, StreamAppend, Vault},
};
use async_trait::async_trait;
use store::sealing::SealedLog;

use crate::support::{Fixture, event, stream};

/// Writes backwards, for everybody who was not erased.
#[derive(Default)]
pub struct Mirror(Mutex<HashSet<String>>);

#[async_trait]
impl Vault for Mirror {
    async fn seal(&self, subject: &str, context: &str, plain: &[u8]) -> Result<String> {
        let plain = std::str::from_utf8(plain).unwrap();
        Ok(format!("{subject}/{context}/{}", plain.chars().rev().collect::<String>()))
    }
    async fn open(&self, sealed: &[SealedText<'_>]) -> Result<Vec<Option<Vec<u8>>>> {
        let erased = self.0.lock().unwrap();
        let open = |sealed: &SealedText<'_>| {
            let place = format!("{}/{}/", sealed.subject, sealed.context);
            let text = sealed.text.strip_prefix(&place)?;
            let gone = erased.contains(sealed.subject);
            (!gone).then(|| text.chars().rev().collect::<String>().into_bytes())
        };
        Ok(sealed.iter().map(open).collect())
    }
    async fn has(&self, subject: &str) -> Result<bool> {
        Ok(!self.0.lock().unwrap().contains(subject))
    }
    async fn erase(&self, subject: &str) -> Result<bool> {
        Ok(self.0.lock().unwrap().insert(subject.to_owned()))
    }
    fn digest(&self, _purpose: &str, value: &str) -> String {
        value.to_owned()
    }
}

fn secretive(id: &str) -> Append {
    let sealed = Sealed { subject: id.to_owned(), text: r#"{"name":"Ann \"A\""}"#.to_owned() };
    let events =
        vec![event(r#"{"n":1}"#), NewEvent { sealed: Some(sealed), ..event(r#"{"n":2}"#) }];
    let streams = vec![StreamAppend { stream: stream(id), expected: 0, events }];
    let mut append = Append { streams, ..Append::default() };
    append.metadata.actor = Some("user_a".to_owned());
    append
}

pub async fn what_is_sealed_is_seen_until_its_subject_is_erased(f: &Fixture) {
    let vault = Arc::new(Mirror::default());
    let log = SealedLog::new(f.log.clone(), vault.clone());
    log.append(secretive("a")).await.unwrap();
    log.append(secretive("b")).await.unwrap();

    let bare = f.log.load(&stream("a"), 0).await.unwrap();
    assert_eq!(bare[1].payload, r#"{"n":2}"#);
    assert!(!bare[1].metadata.contains("Ann"), "{}", bare[1].metadata);
    assert_eq!(bare[1].metadata().actor.as_deref(), Some("user_a"), "what else it says stays");
    assert_eq!(bare[1].metadata().subject.as_deref(), Some("a"));
    assert_eq!(bare[0].metadata().subject, None);

    let open = r#"{"n":2,"name":"Ann \"A\""}"#;
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let seen = log.load(&stream("a"), 0).await.unwrap();
    assert_eq!((value(&seen[1].payload), &seen[0]), (value(open), &bare[0]));
    let all = log.read(0, 10).await.unwrap();
    assert_eq!([value(&all[1].payload), value(&all[3].payload)], [value(open), value(open)]);

    vault.erase("a").await.unwrap();
    assert_eq!(log.load(&stream("a"), 0).await.unwrap(), bare);
    let of_b = log.load(&stream("b"), 0).await.unwrap();
    assert_eq!(value(&of_b[1].payload), value(open));
}

pub async fn snapshots_are_sealed_too(f: &Fixture) {
    let vault = Arc::new(Mirror::default());
    let log = SealedLog::new(f.log.clone(), vault.clone());
    let state = r#"{"name":"Ann"}"#.to_owned();
    let snapshot = Snapshot { sequence: 2, state_version: 1, state, subject: Some("a".to_owned()) };
    log.keep_snapshot(&stream("a"), snapshot.clone()).await.unwrap();
    let bare = f.log.snapshot(&stream("a"), 1).await.unwrap().unwrap();
    assert!(!bare.state.contains("Ann"), "{}", bare.state);
    assert_eq!(log.snapshot(&stream("a"), 1).await.unwrap(), Some(snapshot));
    vault.erase("a").await.unwrap();
    assert_eq!(log.snapshot(&stream("a"), 1).await.unwrap(), None);
}

pub async fn nothing_is_appended_unsealed(f: &Fixture) {
    assert!(f.log.append(secretive("a")).await.is_err());
    assert_eq!(f.log.head().await, Ok(0));
}
