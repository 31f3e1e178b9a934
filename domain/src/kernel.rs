//! What every subdomain is built from.

pub mod error;
pub mod event;
pub mod evolve;
pub mod ids;
pub mod roles;
pub mod testing;
pub mod text;
pub mod time_slot;
pub mod timestamp;

pub use error::{DomainError, ErrorKind};
pub use event::{DecodeError, Event, EventSpec, Upcaster, Visibility};
pub use evolve::{Aggregate, Evolve};
pub use ids::{IdToken, OrganizationId, UserId};
pub use time_slot::TimeSlot;
pub use timestamp::Timestamp;
