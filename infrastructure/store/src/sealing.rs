//! Personal data and secrets are encrypted on the way into the stores and opened on the way out,
//! for those who may see them: whoever works with these ports instead of the bare ones. The bare
//! log is for what is published.

mod feeds;
mod log;
mod work;

pub use feeds::SealedFeeds;
pub use log::SealedLog;
pub use work::SealedWork;

use application::{
    Error,
    ports::{LogError, Metadata, Recorded, SealedText, Vault},
};
use serde_json::{Map, Value};

/// Puts the sealed members of events back into their payloads. Those of an erased subject stay
/// away.
pub(crate) async fn open(vault: &dyn Vault, events: &mut [Recorded]) -> Result<(), LogError> {
    let sealed = |event: &Recorded| {
        // Most events have nothing sealed, so their metadata are not parsed.
        let metadata = event.metadata.contains("\"sealed\":").then(|| event.metadata())?;
        let Metadata { subject: Some(subject), sealed: Some(text), .. } = metadata else {
            return None;
        };
        Some((subject, event.event_id.to_string(), text))
    };
    let found: Vec<_> = events
        .iter()
        .enumerate()
        .filter_map(|(at, event)| sealed(event).map(|sealed| (at, sealed)))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    let texts: Vec<_> = found
        .iter()
        .map(|(_, (subject, context, text))| SealedText { subject, context, text })
        .collect();
    let opened = vault.open(&texts).await.map_err(unavailable)?;
    for ((at, _), plain) in found.iter().zip(opened) {
        if let (Some(event), Some(plain)) = (events.get_mut(*at), plain) {
            event.payload = merged(&event.payload, &plain)?;
        }
    }
    Ok(())
}

fn merged(payload: &str, sealed: &[u8]) -> Result<String, LogError> {
    // What serde says may repeat what is sealed.
    let corrupt = |_| LogError::Corrupt("what an event has sealed is not JSON".to_owned());
    let mut members: Map<String, Value> = serde_json::from_str(payload).map_err(corrupt)?;
    members.extend(serde_json::from_slice::<Map<String, Value>>(sealed).map_err(corrupt)?);
    serde_json::to_string(&members).map_err(corrupt)
}

#[expect(clippy::needless_pass_by_value, reason = "the form of `map_err`")]
fn unavailable(error: Error) -> LogError {
    LogError::Unavailable(format!("what is sealed can't be opened: {error}"))
}
