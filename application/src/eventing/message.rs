//! The form that a domain event has on the bus and for outside consumers.

use std::borrow::Cow;

use domain::{
    catalog,
    kernel::{EventSpec, IdToken},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    ports::{Recorded, StreamId},
    wire_time::WireTime,
};

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
    /// `event_…`, made from the event's id.
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
    pub last_persisted_at_utc: Option<WireTime>,
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
                id: IdToken::from_bits(event.event_id.as_u128()).with_prefix("event"),
                root_aggregate_type: event.stream.kind.clone().into_owned(),
                event_type: event.name.clone(),
                data: event.payload.clone(),
                metadata: BusEventMetadata { fqn: full_name(event) },
                stream_name: format!("{}_{}", entity(&event.stream.kind), event.stream.id),
                version: event.sequence,
                last_persisted_at_utc: Some(event.recorded_at.into()),
            },
        }
    }
}

/// Why a text is no message of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The queued message was not valid JSON for its type: a domain event")]
pub struct Malformed;

impl BusMessage {
    /// Reads a message, whatever the case of its names.
    ///
    /// # Errors
    /// [`Malformed`] if it is no JSON, or members are missing.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        let value: Value = serde_json::from_str(text).map_err(|_| Malformed)?;
        serde_json::from_value(fold(value)).map_err(|_| Malformed)
    }

    /// The id of the event.
    #[must_use]
    pub fn event_id(&self) -> Option<Uuid> {
        Uuid::try_parse(self.message_id.strip_prefix("domain_events_")?).ok()
    }

    /// The stream of the event.
    #[must_use]
    pub fn stream(&self) -> Option<StreamId> {
        let kind = &self.event.root_aggregate_type;
        let id = self.event.stream_name.strip_prefix(&entity(kind))?.strip_prefix('_')?;
        Some(StreamId { kind: Cow::Owned(kind.clone()), id: id.to_owned() })
    }

    /// Whether this is what the log says of the event, in every member. Spaces in the payload and
    /// the order of its members don't count, since engines store them in their own way.
    #[must_use]
    pub fn is_about(&self, event: &Recorded) -> bool {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
        let mut genuine = Self::of(event);
        if parsed(&self.event.data) == parsed(&genuine.event.data) {
            genuine.event.data.clone_from(&self.event.data);
        }
        *self == genuine
    }
}

/// Names begin in lower case.
fn fold(value: Value) -> Value {
    const NAMES: &[&str] = &[
        "messageId",
        "callId",
        "callerId",
        "tenantId",
        "event",
        "id",
        "rootAggregateType",
        "eventType",
        "data",
        "metadata",
        "fqn",
        "streamName",
        "version",
        "lastPersistedAtUtc",
    ];
    let Value::Object(members) = value else { return value };
    let member = |(name, value): (String, Value)| {
        let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(&name));
        known.map(|known| ((*known).to_owned(), fold(value)))
    };
    Value::Object(members.into_iter().filter_map(member).collect())
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

#[cfg(test)]
mod tests {
    use domain::kernel::Timestamp;

    use super::*;

    fn event() -> Recorded {
        Recorded {
            position: 7,
            stream: StreamId::new("car", "car_aaaaaaaaaaaaaaaaaaaaaa"),
            sequence: 3,
            event_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
            name: "registration_changed".into(),
            version: 1,
            payload: r#"{"number":"ABC 123"}"#.into(),
            metadata: r#"{"tenant":"org_aaaaaaaaaaaaaaaaaaaaaa","correlation":"c"}"#.into(),
            recorded_at: Timestamp::parse("2026-06-15T12:00:00Z").expect("a time"),
        }
    }

    #[test]
    fn the_form_is_the_contract() {
        let form = serde_json::to_value(BusMessage::of(&event())).expect("JSON");
        let expected = serde_json::json!({
          "messageId": "domain_events_01900000000070008000000000000001",
          "callId": "c",
          "callerId": "unknown",
          "tenantId": "org_aaaaaaaaaaaaaaaaaaaaaa",
          "event": {
            "id": "event_02wndAAHBC95f4Al8rNFlB",
            "rootAggregateType": "car",
            "eventType": "registration_changed",
            "data": "{\"number\":\"ABC 123\"}",
            "metadata": {
              "fqn": "cars.registration_changed.v1"
            },
            "streamName": "Car_car_aaaaaaaaaaaaaaaaaaaaaa",
            "version": 3,
            "lastPersistedAtUtc": "2026-06-15T12:00:00Z"
          }
        });
        assert_eq!(form, expected);
    }

    #[test]
    fn it_is_read_whatever_the_case_of_names() {
        let message = BusMessage::of(&event());
        let text = serde_json::to_string(&message).expect("JSON");
        let pascal = text
            .replace("\"messageId\"", "\"MessageId\"")
            .replace("\"event\"", "\"EVENT\"")
            .replace("\"streamName\"", "\"StreamName\"");
        assert_eq!(BusMessage::read(&pascal), Ok(message.clone()));
        // Other products tell where it was sent from.
        let region = text.replacen('{', r#"{"originHostRegion":"aregion","#, 1);
        assert_eq!(BusMessage::read(&region), Ok(message));
        assert_eq!(BusMessage::read("{}"), Err(Malformed));
        assert_eq!(BusMessage::read("no JSON"), Err(Malformed));
    }

    #[test]
    fn a_message_that_says_something_else_is_not_about_the_event() {
        let event = event();
        let message = BusMessage::of(&event);
        assert!(message.is_about(&event));
        assert_eq!(message.stream(), Some(event.stream.clone()));
        let spaced =
            message.clone().changed(|it| it.event.data = r#"{"number": "ABC 123"}"#.into());
        assert!(spaced.is_about(&event));
        let forgeries: &[fn(&mut BusMessage)] = &[
            |it| it.message_id = format!("domain_events_{}", Uuid::nil().simple()),
            |it| it.call_id.push('x'),
            |it| it.caller_id.push('x'),
            |it| it.tenant_id = Some("org_bbbbbbbbbbbbbbbbbbbbbb".into()),
            |it| it.tenant_id = None,
            |it| it.event.id.push('x'),
            |it| it.event.root_aggregate_type.push('x'),
            |it| it.event.event_type.push('x'),
            |it| it.event.data = r#"{"number":"XYZ 789"}"#.into(),
            |it| it.event.data = "no JSON".into(),
            |it| it.event.metadata.fqn.push('x'),
            |it| it.event.stream_name.push('x'),
            |it| it.event.version += 1,
            |it| {
                it.event.last_persisted_at_utc =
                    Timestamp::parse("2026-06-15T12:00:01Z").ok().map(Into::into);
            },
            |it| it.event.last_persisted_at_utc = None,
        ];
        for (number, forge) in forgeries.iter().enumerate() {
            assert!(!message.clone().changed(forge).is_about(&event), "forgery {number}");
        }
    }

    impl BusMessage {
        fn changed(mut self, change: impl FnOnce(&mut Self)) -> Self {
            change(&mut self);
            self
        }
    }
}
