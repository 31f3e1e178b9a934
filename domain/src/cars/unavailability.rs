//! Why and when a car is not available.

use serde::{Deserialize, Serialize};

use super::{CarError, UnavailabilityId};
use crate::kernel::{TimeSlot, text::is_descriptive_name};

/// The kind of cause, as events name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CauseKind {
    /// Anything else.
    Other,
    /// Somebody booked it.
    Reservation,
    /// It is being serviced.
    Maintenance,
    /// It was taken out of service.
    Offline,
}

/// Why a car is not available; a reservation names what reserved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    kind: CauseKind,
    reference: Option<String>,
}

impl Cause {
    /// Being serviced.
    pub const MAINTENANCE: Self = Self { kind: CauseKind::Maintenance, reference: None };
    /// Out of service.
    pub const OFFLINE: Self = Self { kind: CauseKind::Offline, reference: None };

    /// Reserved by something that has a reference of 1 to 250 characters.
    ///
    /// # Errors
    /// [`CarError::ReferenceRequired`] if there is none.
    pub fn reservation(reference: &str) -> Result<Self, CarError> {
        if is_descriptive_name(reference, 1, 250) {
            Ok(Self { kind: CauseKind::Reservation, reference: Some(reference.to_owned()) })
        } else {
            Err(CarError::ReferenceRequired)
        }
    }
    pub(super) fn stored(kind: CauseKind, reference: Option<String>) -> Self {
        Self { kind, reference }
    }
    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> CauseKind {
        self.kind
    }
    /// What reserved the car.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }
}

/// A period in which a car is not available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unavailability {
    /// Its own id, unique among all cars.
    pub id: UnavailabilityId,
    /// When.
    pub slot: TimeSlot,
    /// Why.
    pub cause: Cause,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_needs_a_reference() {
        assert_eq!(Cause::reservation(""), Err(CarError::ReferenceRequired));
        assert!(Cause::reservation("booking_1").is_ok());
    }
}
