//! Cars: what an organization lends out, and when each of them is not available.

pub mod car;
pub mod events;
pub mod manufacturer;
pub mod plate;
pub mod unavailability;

pub use car::{Car, CarError};
pub use events::CarEvent;
pub use manufacturer::Manufacturer;
pub use plate::LicensePlate;
pub use unavailability::{Cause, Unavailability};

crate::ids! {
    /// A car.
    CarId = "car",
    /// A period in which a car is not available.
    UnavailabilityId = "unavail",
}
