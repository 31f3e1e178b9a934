//! Organizations, which are what tenants are.

pub mod events;
pub mod founding;
pub mod organization;

pub use events::{OrganizationEvent, SettingType};
pub use founding::{NAME_MAX, NewOrganization, Setting, is_name};
pub use organization::{Invited, Organization, OrganizationError};
