//! The log, for consumers outside the product that have to catch up.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::message::BusMessage;
use crate::{
    App, Call, Policy, Result, UseCase,
    error::FieldError,
    input::{Field, parse_all},
};

/// Events per page at most.
const MOST: i64 = 1000;
/// Events per page when the caller does not say.
const USUAL: i64 = 100;
/// A page ends early when its payloads have this many bytes.
const BYTES: usize = 4 << 20;

/// Reads the domain events after a position, oldest first
///
/// An outside consumer begins here, binds a queue of its own to `domain_events`, and comes back
/// whenever a message's `pos` is not the one after the last.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ReadDomainEvents {
    /// The last position that the caller knows; 0 or absent for the beginning.
    pub after: Option<i64>,
    /// Events per page, 1 to 1000; 100 if absent.
    pub limit: Option<i64>,
}

/// The answer of [`ReadDomainEvents`].
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DomainEventsAnswer {
    /// In order of position, without holes.
    pub events: Vec<PositionedEvent>,
    /// The position to go on from: that of the last event here, or `after`.
    pub through: u64,
    /// The position of the last event that there is.
    pub head: u64,
}

/// An event with its place in the log.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PositionedEvent {
    /// Global, dense, in commit order, from 1.
    pub position: u64,
    /// The same form as on the bus.
    pub message: BusMessage,
}

impl UseCase for ReadDomainEvents {
    const NAME: &'static str = "domain_events.read";
    const POLICY: Policy = Policy::internal();
    type Output = DomainEventsAnswer;

    async fn run(self, app: &App, _: &Call) -> Result<DomainEventsAnswer> {
        let (after, limit) = parse_all((
            within("After", self.after.unwrap_or(0), 0, i64::MAX),
            within("Limit", self.limit.unwrap_or(USUAL), 1, MOST),
        ))?;
        let head = app.log.head().await?;
        let found = app.log.read(after, usize::try_from(limit).unwrap_or(usize::MAX)).await?;
        let mut bytes = 0;
        let mut events = Vec::with_capacity(found.len());
        for event in found {
            bytes += event.payload.len();
            if bytes > BYTES && !events.is_empty() {
                break;
            }
            let message = BusMessage::of(&event);
            events.push(PositionedEvent { position: event.position, message });
        }
        let through = events.last().map_or(after, |event| event.position);
        Ok(DomainEventsAnswer { events, through, head: head.max(through) })
    }
}

fn within(name: &str, value: i64, least: i64, most: i64) -> Field<u64> {
    let fits = (least..=most).contains(&value);
    fits.then(|| value.unsigned_abs()).ok_or_else(|| FieldError {
        reason: format!("The {name} must be between {least} and {most}"),
        rule: "InclusiveBetweenValidator",
        value: Some(Value::from(value)),
    })
}
