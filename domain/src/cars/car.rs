//! The car: its rules.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::{
    Cause, LicensePlate, Manufacturer, Unavailability, UnavailabilityId,
    events::{CarEvent, CarStatus},
};
use crate::kernel::{
    Aggregate, DomainError, ErrorKind, Evolve, OrganizationId, TimeSlot, Timestamp, UserId,
};

/// How long before its start a maintenance must be scheduled.
pub const MAINTENANCE_NOTICE: Duration = Duration::hours(24);

/// A car as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Car {
    organization: Option<OrganizationId>,
    status: CarStatus,
    manufacturer: Option<Manufacturer>,
    owner: Option<UserId>,
    managers: Vec<UserId>,
    plate: Option<LicensePlate>,
    unavailabilities: Vec<Unavailability>,
    deleted: bool,
}

/// What a car refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarError {
    /// Not one of the known makes.
    #[error("the make of the car is not supported")]
    UnknownMake,
    /// Not one of the known models.
    #[error("the model of the car is not supported")]
    UnknownModel,
    /// Before the first car on the books or too far ahead.
    #[error("the year of manufacture is out of range")]
    YearOutOfRange,
    /// Not one of the known jurisdictions.
    #[error("the jurisdiction of the plate is not supported")]
    UnknownJurisdiction,
    /// Not a number that a plate can have.
    #[error("the number of the plate is malformed")]
    MalformedPlate,
    /// A reservation without what reserved it.
    #[error("a reservation needs a reference")]
    ReferenceRequired,
    /// Manufacturer, owner or plate is missing.
    #[error("the car is not registered yet")]
    NotRegistered,
    /// Only its owner may delete a car.
    #[error("only the owner of the car may do this")]
    NotOwner,
    /// The period began already.
    #[error("the period must start in the future")]
    StartsInPast,
    /// Less than a day ahead.
    #[error("maintenance must be scheduled more than 24 hours ahead")]
    NoticeTooShort,
    /// Another unavailability intersects the period.
    #[error("the car is not available in this period")]
    NotAvailable,
}

impl DomainError for CarError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownMake
            | Self::UnknownModel
            | Self::YearOutOfRange
            | Self::UnknownJurisdiction
            | Self::MalformedPlate
            | Self::ReferenceRequired => ErrorKind::Invalid,
            Self::NotRegistered
            | Self::NotOwner
            | Self::StartsInPast
            | Self::NoticeTooShort
            | Self::NotAvailable => ErrorKind::Rule,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownMake => "car_unknown_make",
            Self::UnknownModel => "car_unknown_model",
            Self::YearOutOfRange => "car_year_out_of_range",
            Self::UnknownJurisdiction => "car_unknown_jurisdiction",
            Self::MalformedPlate => "car_malformed_plate",
            Self::ReferenceRequired => "car_reference_required",
            Self::NotRegistered => "car_not_registered",
            Self::NotOwner => "car_not_owner",
            Self::StartsInPast => "car_starts_in_past",
            Self::NoticeTooShort => "car_notice_too_short",
            Self::NotAvailable => "car_not_available",
        }
    }
}

impl Car {
    /// Puts a new car on the books: owned and managed by its owner, with manufacturer and plate.
    #[must_use]
    pub fn register(
        organization: &OrganizationId,
        owner: &UserId,
        manufacturer: Manufacturer,
        plate: LicensePlate,
    ) -> Vec<CarEvent> {
        let organization_id = organization.clone();
        vec![
            CarEvent::Created {
                organization_id: organization_id.clone(),
                status: CarStatus::Unregistered,
            },
            CarEvent::ManufacturerChanged {
                organization_id: organization_id.clone(),
                make: manufacturer.make,
                model: manufacturer.model,
                year: manufacturer.year,
            },
            CarEvent::OwnershipChanged {
                organization_id: organization_id.clone(),
                owner: owner.clone(),
                managers: vec![owner.clone()],
            },
            CarEvent::RegistrationChanged {
                organization_id,
                jurisdiction: plate.jurisdiction,
                number: plate.number,
                status: CarStatus::Registered,
            },
        ]
    }

    /// Takes the car off the books, for good.
    ///
    /// # Errors
    /// [`CarError::NotOwner`] unless its owner does it.
    pub fn delete(&self, by: &UserId) -> Result<Vec<CarEvent>, CarError> {
        if self.owner.as_ref() != Some(by) {
            return Err(CarError::NotOwner);
        }
        Ok(vec![CarEvent::Deleted { deleted_by_id: by.clone(), is_tombstone: true }])
    }

    /// Plans a service, more than [`MAINTENANCE_NOTICE`] ahead.
    ///
    /// # Errors
    /// [`CarError::NoticeTooShort`], [`CarError::NotRegistered`] or [`CarError::NotAvailable`].
    pub fn schedule_maintenance(
        &self,
        id: UnavailabilityId,
        slot: TimeSlot,
        now: Timestamp,
    ) -> Result<Vec<CarEvent>, CarError> {
        if slot.from() <= now.plus(MAINTENANCE_NOTICE) {
            return Err(CarError::NoticeTooShort);
        }
        self.add_unavailability(id, slot, &Cause::MAINTENANCE)
    }

    /// Takes the car out of service for a period that has not begun.
    ///
    /// # Errors
    /// [`CarError::StartsInPast`], [`CarError::NotRegistered`] or [`CarError::NotAvailable`].
    pub fn take_offline(
        &self,
        id: UnavailabilityId,
        slot: TimeSlot,
        now: Timestamp,
    ) -> Result<Vec<CarEvent>, CarError> {
        if slot.from() <= now {
            return Err(CarError::StartsInPast);
        }
        self.add_unavailability(id, slot, &Cause::OFFLINE)
    }

    /// Reserves the car for whatever has the reference.
    ///
    /// # Errors
    /// [`CarError::StartsInPast`], [`CarError::ReferenceRequired`], [`CarError::NotRegistered`] or
    /// [`CarError::NotAvailable`].
    pub fn reserve(
        &self,
        id: UnavailabilityId,
        slot: TimeSlot,
        reference: &str,
        now: Timestamp,
    ) -> Result<Vec<CarEvent>, CarError> {
        if slot.from() <= now {
            return Err(CarError::StartsInPast);
        }
        self.add_unavailability(id, slot, &Cause::reservation(reference)?)
    }

    /// Makes the car available again in exactly this period; nothing happens if no unavailability
    /// has it.
    #[must_use]
    pub fn release(&self, slot: TimeSlot) -> Vec<CarEvent> {
        let taken = self.unavailabilities.iter().find(|taken| taken.slot == slot);
        let removed = taken.zip(self.organization.as_ref()).map(|(taken, organization)| {
            CarEvent::UnavailabilitySlotRemoved {
                organization_id: organization.clone(),
                unavailability_id: taken.id.clone(),
            }
        });
        removed.into_iter().collect()
    }

    fn add_unavailability(
        &self,
        id: UnavailabilityId,
        slot: TimeSlot,
        cause: &Cause,
    ) -> Result<Vec<CarEvent>, CarError> {
        let organization = self.organization.clone().ok_or(CarError::NotRegistered)?;
        if self.manufacturer.is_none() || self.owner.is_none() || self.plate.is_none() {
            return Err(CarError::NotRegistered);
        }
        if self.unavailabilities.iter().any(|taken| taken.slot.intersects(slot)) {
            return Err(CarError::NotAvailable);
        }
        Ok(vec![CarEvent::UnavailabilitySlotAdded {
            organization_id: organization,
            unavailability_id: id,
            from: slot.from(),
            to: slot.to(),
            caused_by_reason: cause.kind(),
            caused_by_reference: cause.reference().map(str::to_owned),
        }])
    }

    /// Whether it has everything it needs.
    #[must_use]
    pub fn status(&self) -> CarStatus {
        self.status
    }
    /// Who made it.
    #[must_use]
    pub fn manufacturer(&self) -> Option<&Manufacturer> {
        self.manufacturer.as_ref()
    }
    /// Who owns it.
    #[must_use]
    pub fn owner(&self) -> Option<&UserId> {
        self.owner.as_ref()
    }
    /// Who looks after it.
    #[must_use]
    pub fn managers(&self) -> &[UserId] {
        &self.managers
    }
    /// Its number plate.
    #[must_use]
    pub fn plate(&self) -> Option<&LicensePlate> {
        self.plate.as_ref()
    }
    /// When it is not available.
    #[must_use]
    pub fn unavailabilities(&self) -> &[Unavailability] {
        &self.unavailabilities
    }
}

impl Evolve for Car {
    const TYPE: &'static str = "car";
    type Event = CarEvent;

    fn evolve(&mut self, event: &CarEvent) {
        match event.clone() {
            CarEvent::Created { organization_id, status } => {
                self.organization = Some(organization_id);
                self.status = status;
            }
            CarEvent::ManufacturerChanged { make, model, year, .. } => {
                self.manufacturer = Some(Manufacturer { make, model, year });
            }
            CarEvent::OwnershipChanged { owner, managers, .. } => {
                self.owner = Some(owner);
                self.managers = managers;
            }
            CarEvent::RegistrationChanged { jurisdiction, number, status, .. } => {
                self.plate = Some(LicensePlate { jurisdiction, number });
                self.status = status;
            }
            CarEvent::UnavailabilitySlotAdded {
                unavailability_id,
                from,
                to,
                caused_by_reason,
                caused_by_reference,
                ..
            } => {
                if let Ok(slot) = TimeSlot::new(from, to) {
                    let cause = Cause::stored(caused_by_reason, caused_by_reference);
                    self.unavailabilities.push(Unavailability {
                        id: unavailability_id,
                        slot,
                        cause,
                    });
                }
            }
            CarEvent::UnavailabilitySlotRemoved { unavailability_id, .. } => {
                self.unavailabilities.retain(|slot| slot.id != unavailability_id);
            }
            CarEvent::Deleted { .. } => self.deleted = true,
        }
    }
}

impl Aggregate for Car {
    const STATE_VERSION: u32 = 1;

    fn tenant(&self) -> Option<&OrganizationId> {
        self.organization.as_ref()
    }
    fn is_deleted(&self) -> bool {
        self.deleted
    }
}

#[cfg(test)]
mod tests;
