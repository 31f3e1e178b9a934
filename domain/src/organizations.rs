//! Organizations, which are what tenants are.

pub mod events;
pub mod organization;

pub use events::OrganizationEvent;
pub use organization::{NewOrganization, Organization};
