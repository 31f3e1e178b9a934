//! What is wrong with an append before any state is looked at.
//!
//! An append shares its transaction with its neighbours, so whatever a database would refuse about
//! it alone has to be refused here.

use std::collections::HashSet;

use application::{
    ports::{Append, AppendError, Claim, NewEvent, StreamId, WorkMessage},
    work::is_message_id,
};
use serde::de::IgnoredAny;

/// The most events that one append may carry.
pub const MAX_EVENTS: usize = 10_000;
/// The most messages of work that one append may carry.
pub const MAX_WORK: usize = 10_000;
/// The most bytes of payload that one append may carry, and of work.
pub const MAX_BYTES: usize = 16 << 20;
/// The most bytes of an id, a name or a claimed value: three of them fit an index entry.
pub const MAX_TEXT: usize = 500;

/// Refuses what no state of the log could accept.
pub fn check(append: &Append) -> Result<(), AppendError> {
    find(append).map_or(Ok(()), |what| Err(AppendError::Malformed(what)))
}

fn find(append: &Append) -> Option<String> {
    empty(append)
        .or_else(|| streams(append))
        .or_else(|| claims("taken", &append.take))
        .or_else(|| claims("released", &append.release))
        .or_else(|| idempotency(append))
        .or_else(|| consumed(append))
        .or_else(|| work(&append.work))
        .or_else(|| metadata(append))
}

fn empty(append: &Append) -> Option<String> {
    let nothing = append.streams.is_empty()
        && append.take.is_empty()
        && append.release.is_empty()
        && append.consumed.is_none()
        && append.parked.is_empty()
        && append.work.is_empty();
    nothing.then(|| "it changes nothing".to_owned())
}

fn streams(append: &Append) -> Option<String> {
    let mut seen = HashSet::with_capacity(append.streams.len());
    let (mut events, mut bytes) = (0, 0);
    for part in &append.streams {
        if !seen.insert(&part.stream) {
            return Some(format!("stream {} is in it twice", part.stream));
        }
        if let Some(problem) = stream(&part.stream) {
            return Some(problem);
        }
        events += part.events.len();
        bytes += part.events.iter().map(size).sum::<usize>();
        if let Some(problem) = part.events.iter().find_map(event) {
            return Some(problem);
        }
    }
    if events > MAX_EVENTS {
        return Some(format!("it has {events} events, more than {MAX_EVENTS}"));
    }
    (bytes > MAX_BYTES).then(|| format!("it has {bytes} bytes of payload, more than {MAX_BYTES}"))
}

/// Bytes of payload, what is sealed included.
fn size(event: &NewEvent) -> usize {
    event.payload.len() + event.sealed.as_ref().map_or(0, |sealed| sealed.text.len())
}

fn stream(stream: &StreamId) -> Option<String> {
    text("stream type", &stream.kind).or_else(|| text("stream id", &stream.id))
}

fn event(event: &NewEvent) -> Option<String> {
    if let Some(problem) = text("event name", &event.name) {
        return Some(problem);
    }
    if serde_json::from_str::<IgnoredAny>(&event.payload).is_err() {
        return Some(format!("the payload of '{}' is not JSON", event.name));
    }
    if event.sealed.as_ref().is_some_and(|sealed| sealed.text.starts_with('{')) {
        return Some(format!("what '{}' has to seal is not sealed", event.name));
    }
    let unreadable = event.payload.contains("\\u") && !has_readable_escapes(&event.payload);
    unreadable.then(|| format!("the payload of '{}' has a NUL or half a character", event.name))
}

/// Whether every escape in JSON text is one that text can hold: not U+0000, no surrogate alone.
fn has_readable_escapes(json: &str) -> bool {
    !has_escaped_nul(json) && serde_json::from_str::<serde_json::Value>(json).is_ok()
}

/// Whether JSON text has the escape of U+0000. A raw NUL is no JSON to begin with.
fn has_escaped_nul(json: &str) -> bool {
    if !json.contains("\\u0000") {
        return false;
    }
    let bytes = json.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
        } else if bytes[at..].starts_with(b"\\u0000") {
            return true;
        } else {
            at += 2; // the backslash and what it escapes, which may be a backslash
        }
    }
    false
}

fn claims(what: &str, claims: &[Claim]) -> Option<String> {
    let mut seen = HashSet::with_capacity(claims.len());
    for Claim { claim, owner } in claims {
        if !seen.insert(claim) {
            return Some(format!("a {} is {what} twice", claim.kind));
        }
        let problem = text("claim scope", &claim.scope)
            .or_else(|| text("claim kind", &claim.kind))
            .or_else(|| text("claim value", &claim.value))
            .or_else(|| stream(owner));
        if problem.is_some() {
            return problem;
        }
    }
    None
}

fn idempotency(append: &Append) -> Option<String> {
    let key = append.idempotency.as_ref()?;
    text("idempotency scope", &key.scope)
        .or_else(|| text("idempotency key", &key.key))
        .or_else(|| text("fingerprint", &key.fingerprint))
}

fn consumed(append: &Append) -> Option<String> {
    let Some(consumed) = &append.consumed else {
        return (!append.parked.is_empty()).then(|| "it parks events of no consumer".to_owned());
    };
    if i64::try_from(consumed.to).is_err() {
        return Some("the checkpoint is beyond any position".to_owned());
    }
    if consumed.to < consumed.from {
        return Some(format!("checkpoint of {} would go back", consumed.consumer));
    }
    if let Some(problem) = text("consumer", &consumed.consumer) {
        return Some(problem);
    }
    let mut seen: HashSet<u64> = consumed.settles.into_iter().collect();
    for letter in &append.parked {
        if letter.consumer != consumed.consumer {
            return Some(format!("it parks events of {}", letter.consumer));
        }
        if letter.position > consumed.to {
            return Some(format!("event {} is beyond the checkpoint", letter.position));
        }
        if !seen.insert(letter.position) {
            return Some(format!("event {} is parked twice, or settled too", letter.position));
        }
        let problem = stream(&letter.stream)
            .or_else(|| text("event name", &letter.event))
            .or_else(|| nul("error", &letter.error));
        if problem.is_some() {
            return problem;
        }
    }
    None
}

fn work(work: &[WorkMessage]) -> Option<String> {
    if work.len() > MAX_WORK {
        return Some(format!("it has {} messages, more than {MAX_WORK}", work.len()));
    }
    let bytes: usize = work.iter().map(|message| message.body.len()).sum();
    if bytes > MAX_BYTES {
        return Some(format!("it has {bytes} bytes of messages, more than {MAX_BYTES}"));
    }
    work.iter().find_map(|message| {
        if !is_message_id(&message.id) {
            return Some(format!("'{}' is not the id of a message", message.id));
        }
        if message.subject.is_some() {
            return Some(format!("message {} is not sealed", message.id));
        }
        let broken = serde_json::from_str::<IgnoredAny>(&message.body).is_err();
        broken.then(|| format!("message {} is not JSON", message.id))
    })
}

fn metadata(append: &Append) -> Option<String> {
    let data = &append.metadata;
    [&data.tenant, &data.actor, &data.correlation, &data.causation, &data.traceparent]
        .into_iter()
        .flatten()
        .find_map(|value| nul("metadata", value))
}

fn text(what: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return Some(format!("the {what} is empty"));
    }
    if value.len() > MAX_TEXT {
        return Some(format!("the {what} has {} bytes, more than {MAX_TEXT}", value.len()));
    }
    nul(what, value)
}

fn nul(what: &str, value: &str) -> Option<String> {
    value.contains('\0').then(|| format!("the {what} has a NUL character"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_escaped_nuls_only_where_they_are_escapes() {
        assert!(has_escaped_nul(r#""a\u0000""#));
        assert!(has_escaped_nul(r#""\\\u0000""#));
        assert!(!has_escaped_nul(r#""\\u0000""#));
        assert!(!has_escaped_nul(r#""\u0001""#));
        assert!(has_readable_escapes(r#""\ud83d\ude00""#));
        assert!(!has_readable_escapes(r#""\ud83d""#));
    }
}
