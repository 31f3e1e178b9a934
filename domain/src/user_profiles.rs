//! User profiles: what people tell of themselves, one profile per user.

pub mod address;
pub mod events;
pub mod user_profile;

pub use address::Address;
pub use events::UserProfileEvent;
pub use user_profile::{Details, NewProfile, UserProfile, UserProfileError};

crate::ids! {
    /// The profile of a user.
    ProfileId = "profile",
}
