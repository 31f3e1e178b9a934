//! What other systems are told, in the form of `domain_events`: a few events, translated into what
//! stays the same whatever happens to those of the product.

use domain::{
    end_users::{EndUser, EndUserEvent, EndUserIntegrationEvent},
    kernel::{Event, Evolve, UserId, event::full_name},
};

use super::message::{BusEvent, BusEventMetadata, BusMessage};
use crate::{Error, Result, ports::Recorded};

/// Aggregate type and name of what is translated.
const TRANSLATED: &[(&str, &str)] = &[(EndUser::TYPE, "registered")];

/// What other systems are told of an event, if anything: always the same message of the same event.
///
/// # Errors
/// If the event can't be read.
pub fn translation(event: &Recorded) -> Result<Option<BusMessage>> {
    if !TRANSLATED.contains(&(&*event.stream.kind, &event.name)) {
        return Ok(None);
    }
    let user = UserId::parse(&event.stream.id)?;
    let happened = event.decode::<EndUserEvent>().map_err(Error::unexpected)?;
    let told = EndUserIntegrationEvent::translate(user, event.recorded_at, happened);
    told.map(|told| message(event, &told)).transpose()
}

fn message(event: &Recorded, told: &impl Event) -> Result<BusMessage> {
    let of = BusMessage::of(event);
    Ok(BusMessage {
        message_id: format!("integration_events_{}", event.event_id.simple()),
        event: BusEvent {
            event_type: told.name().to_owned(),
            data: serde_json::to_string(told).map_err(Error::unexpected)?,
            metadata: BusEventMetadata { fqn: full_name(told) },
            ..of.event
        },
        ..of
    })
}

#[cfg(test)]
mod tests {
    use domain::kernel::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::ports::StreamId;

    fn event(name: &str, payload: &str) -> Recorded {
        Recorded {
            position: 7,
            stream: StreamId::new("end_user", "user_aaaaaaaaaa"),
            sequence: 2,
            event_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
            name: name.into(),
            version: 1,
            payload: payload.into(),
            metadata: r#"{"correlation":"c"}"#.into(),
            recorded_at: Timestamp::parse("2026-06-15T12:00:00Z").expect("a time"),
        }
    }

    /// As the relay reads it: without what is sealed.
    const REGISTERED: &str = r#"{"classification":"person","access":"enabled","status":"registered","roles":["platform_standard"],"features":["platform_basic_features"],"emailDigest":"d"}"#;

    #[test]
    fn the_form_is_the_contract() {
        let told = translation(&event("registered", REGISTERED)).expect("read").expect("told");
        let mut form = serde_json::to_value(told).expect("JSON");
        let data = form["event"]["data"].take();
        let data: serde_json::Value =
            serde_json::from_str(data.as_str().expect("text")).expect("JSON");
        assert_eq!(data["rootId"], "user_aaaaaaaaaa");
        assert_eq!(data["roles"], serde_json::json!(["platform_standard"]));
        let expected = serde_json::json!({
          "messageId": "integration_events_01900000000070008000000000000001",
          "callId": "c",
          "callerId": "unknown",
          "event": {
            "id": "event_02wndAAHBC95f4Al8rNFlB",
            "rootAggregateType": "end_user",
            "eventType": "person_registered",
            "data": null,
            "metadata": { "fqn": "end_users.person_registered.v1" },
            "streamName": "EndUser_user_aaaaaaaaaa",
            "version": 2,
            "lastPersistedAtUtc": "2026-06-15T12:00:00Z"
          }
        });
        assert_eq!(form, expected);
    }

    #[test]
    fn most_of_what_happens_is_not_told() {
        assert!(matches!(translation(&event("created", "{}")), Ok(None)));
        let car = StreamId::new("car", "car_aaaaaaaaaa");
        let other = Recorded { stream: car, ..event("registered", "{}") };
        assert!(matches!(translation(&other), Ok(None)));
        assert!(translation(&event("registered", "{}")).is_err());
    }
}
