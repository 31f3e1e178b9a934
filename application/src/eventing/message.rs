//! The form that a domain event has on the bus and for outside consumers.

use domain::{catalog, kernel::EventSpec};
use serde::{Deserialize, Serialize};

use crate::ports::Recorded;

/// A domain event, as `domain_events` carries it. Written in camelCase, read whatever the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BusMessage {
    /// `domain_events_` and the event's id as 32 hex digits.
    pub message_id: String,
    /// Joins everything that one request caused.
    pub call_id: String,
    /// Who did it.
    pub caller_id: String,
    /// The organization that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// What happened.
    pub event: BusEvent,
}

/// See [`BusMessage`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BusEvent {
    /// The event's id (UUID, version 7), as 32 hex digits.
    pub id: String,
    /// The aggregate type, for example `car`.
    pub root_aggregate_type: String,
    /// The event's name, for example `registration_changed`.
    pub event_type: String,
    /// JSON text of the payload, without what is sealed.
    pub data: String,
    /// How to decode it.
    pub metadata: BusEventMetadata,
    /// `<Entity>_<id of the aggregate>`, for example `Car_car_…`.
    pub stream_name: String,
    /// Which event of its stream it is, from 1.
    pub version: u64,
    /// When it was stored, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_persisted_at_utc: Option<String>,
}

/// See [`BusEvent`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BusEventMetadata {
    /// `<context>.<event>.v<version>`: the event's full name, and the beginning of its routing key.
    pub fqn: String,
}

impl BusMessage {
    /// The message of an event.
    #[must_use]
    pub fn of(event: &Recorded) -> Self {
        let metadata = event.metadata();
        let id = event.event_id.simple().to_string();
        Self {
            message_id: format!("domain_events_{id}"),
            call_id: metadata.correlation.unwrap_or_else(|| "uncorrelated".to_owned()),
            caller_id: metadata.actor.unwrap_or_else(|| "unknown".to_owned()),
            tenant_id: metadata.tenant,
            event: BusEvent {
                id,
                root_aggregate_type: event.stream.kind.clone().into_owned(),
                event_type: event.name.clone(),
                data: event.payload.clone(),
                metadata: BusEventMetadata { fqn: full_name(event) },
                stream_name: format!("{}_{}", entity(&event.stream.kind), event.stream.id),
                version: event.sequence,
                last_persisted_at_utc: Some(event.recorded_at.to_string()),
            },
        }
    }
}

/// `<context>.<event>.v<version>`. What no contract declares has its aggregate type for a context.
#[must_use]
pub fn full_name(event: &Recorded) -> String {
    let context = spec(event).map_or(&*event.stream.kind, |spec| spec.context);
    format!("{context}.{}.v{}", event.name, event.version)
}

fn spec(event: &Recorded) -> Option<&'static EventSpec> {
    let contract = catalog::ALL.iter().find(|one| one.aggregate == event.stream.kind)?;
    contract.events.iter().find(|spec| spec.name == event.name)
}

/// `car_model` is `CarModel`.
fn entity(kind: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    kind.split('_').filter_map(capitalized).collect()
}
