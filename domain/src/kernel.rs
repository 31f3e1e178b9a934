//! What every subdomain is built from.

pub mod country;
pub mod email_address;
pub mod error;
pub mod event;
pub mod evolve;
pub mod ids;
pub mod level_set;
pub mod locale;
pub mod person_name;
pub mod phone;
pub mod random_token;
pub mod roles;
pub mod testing;
pub mod text;
pub mod time_slot;
pub mod time_zone;
pub mod timestamp;

pub use email_address::EmailAddress;
pub use error::{DomainError, ErrorKind};
pub use event::{DecodeError, Event, EventSpec, Upcaster, Visibility};
pub use evolve::{Aggregate, Evolve};
pub use ids::{IdToken, OrganizationId, UserId};
pub use level_set::{FeatureSet, RoleSet};
pub use person_name::PersonName;
pub use time_slot::TimeSlot;
pub use timestamp::Timestamp;
