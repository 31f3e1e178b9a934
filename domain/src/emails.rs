//! E-mails: what was sent to whom, and what became of it.

pub mod delivery;
pub mod events;

pub use delivery::{EmailDelivery, EmailDeliveryError, NewEmail, NewEmailDelivery};
pub use events::{ContentType, EmailDeliveryEvent};

crate::ids! {
    /// A delivery of an e-mail.
    EmailDeliveryId = "emaildelivery",
}
