//! State is what its events made of it.

use serde::{Serialize, de::DeserializeOwned};

use super::{Event, OrganizationId};

/// State that is rebuilt by applying events in order.
pub trait Evolve: Default + Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The aggregate type: names its streams, permanent.
    const TYPE: &'static str;
    /// What can happen to it.
    type Event: Event;
    /// Applies a fact. Never fails, never judges.
    fn evolve(&mut self, event: &Self::Event);
}

/// An aggregate that commands load, decide on and append to.
pub trait Aggregate: Evolve + Serialize + DeserializeOwned {
    /// Grows whenever the serialized state changes shape, so that old snapshots are ignored.
    const STATE_VERSION: u32;
    /// The organization that it belongs to; `None` for what belongs to the platform.
    fn tenant(&self) -> Option<&OrganizationId>;
    /// Whether its last event was a tombstone.
    fn is_deleted(&self) -> bool;
    /// Whose key encrypts what the events of the aggregate with this id say in `sealed` fields,
    /// judged once they are applied; `None` leaves them readable.
    fn subject(&self, id: &str) -> Option<String> {
        let _ = id;
        None
    }
    /// As [`Self::subject`], for one of its events: of somebody else than the others are about.
    fn subject_of(&self, id: &str, event: &Self::Event) -> Option<String> {
        let _ = event;
        self.subject(id)
    }
}
