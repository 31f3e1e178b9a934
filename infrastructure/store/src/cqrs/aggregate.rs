//! Makes anything that evolves an aggregate of cqrs-es.

use std::{fmt, sync::Arc};

use cqrs_es::{
    Aggregate, DomainEvent,
    event_sink::EventSink,
    persist::{EventUpcaster, SerializedEvent},
};
use domain::kernel::{DomainError, Event, Evolve};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::{Value, json};

/// A state as an aggregate of cqrs-es.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Root<D>(pub D);

/// A decision as a command of cqrs-es: a call of one of the state's methods.
pub struct Decide<D: Evolve>(Decision<D>);

type Decision<D> = Box<dyn FnOnce(&D) -> Result<Vec<<D as Evolve>::Event>, Refused> + Send>;

impl<D: Evolve> Decide<D> {
    /// Takes the decision.
    pub fn by<E: DomainError>(
        decide: impl FnOnce(&D) -> Result<Vec<D::Event>, E> + Send + 'static,
    ) -> Self {
        Self(Box::new(move |state| decide(state).map_err(|error| Refused(Arc::new(error)))))
    }
}

/// Why a decision was refused: the error of the domain.
#[derive(Clone, Debug)]
pub struct Refused(pub Arc<dyn DomainError>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Refused {}

impl<D: Evolve> Aggregate for Root<D> {
    const TYPE: &'static str = D::TYPE;
    type Command = Decide<D>;
    type Event = Fact<D::Event>;
    type Error = Refused;
    /// Decisions are pure: whatever they need comes with the command.
    type Services = ();

    async fn handle(
        &mut self,
        Decide(decide): Decide<D>,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refused> {
        for event in decide(&self.0)? {
            sink.write(Fact(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, Fact(event): Fact<D::Event>) {
        self.0.evolve(&event);
    }
}

const NO_SNAPSHOTS: &str = "snapshots of cqrs-es apply events twice; use an event store";

impl<D> Serialize for Root<D> {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom(NO_SNAPSHOTS))
    }
}

impl<'de, D> Deserialize<'de> for Root<D> {
    fn deserialize<T: Deserializer<'de>>(_: T) -> Result<Self, T::Error> {
        Err(de::Error::custom(NO_SNAPSHOTS))
    }
}

/// An event as cqrs-es has it. It is written as its bare payload; to read it back, its name and
/// version have to be put beside the payload, which [`upcasters`] do.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact<E>(pub E);

impl<E: Event> DomainEvent for Fact<E> {
    fn event_type(&self) -> String {
        self.0.name().to_owned()
    }
    fn event_version(&self) -> String {
        self.0.version().to_string()
    }
}

impl<E: Event> Serialize for Fact<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// What [`upcasters`] make of a stored event.
#[derive(Deserialize)]
struct Tagged {
    name: String,
    version: u16,
    payload: Value,
}

impl<'de, E: Event> Deserialize<'de> for Fact<E> {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        let Tagged { name, version, payload } = Tagged::deserialize(deserializer)?;
        E::decode(&name, version, &payload.to_string()).map(Fact).map_err(de::Error::custom)
    }
}

/// What an event store of cqrs-es needs to read our events, old ones included. Pass them to
/// `PersistedEventStore::with_upcasters`.
#[must_use]
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    vec![Box::new(Tag)]
}

struct Tag;

impl EventUpcaster for Tag {
    fn can_upcast(&self, _: &str, event_version: &str) -> bool {
        event_version.parse::<u16>().is_ok()
    }
    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        let version = event.event_version.parse::<u16>().unwrap_or_default();
        let payload = event.payload.take();
        event.payload = json!({ "name": event.event_type, "version": version, "payload": payload });
        event
    }
}
