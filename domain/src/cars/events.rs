//! What happens to cars.

use serde::{Deserialize, Serialize};

use super::{UnavailabilityId, unavailability::CauseKind};
use crate::kernel::{OrganizationId, Timestamp, UserId};

/// Whether a car has everything that it needs to be lent out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CarStatus {
    /// Manufacturer, owner or plate is missing.
    #[default]
    Unregistered,
    /// Ready to be lent out.
    Registered,
}

crate::events! {
    /// What happens to a car.
    pub enum CarEvent in "cars" for "car" {
        /// Put on the books of an organization; the first event of every car.
        public Created = "created" v 1 { organization_id: OrganizationId, status: CarStatus },
        /// Make, model and model year became known.
        private ManufacturerChanged = "manufacturer_changed" v 1 {
            organization_id: OrganizationId, make: String, model: String, year: i32,
        },
        /// Somebody else owns it; the managers are listed completely.
        private OwnershipChanged = "ownership_changed" v 1 {
            organization_id: OrganizationId, owner: UserId, managers: Vec<UserId>,
        },
        /// Got a number plate.
        public RegistrationChanged = "registration_changed" v 1 {
            organization_id: OrganizationId, jurisdiction: String, number: String, status: CarStatus,
        },
        /// Not available from `from` (included) to `to` (excluded), UTC.
        public UnavailabilitySlotAdded = "unavailability_slot_added" v 1 {
            organization_id: OrganizationId, unavailability_id: UnavailabilityId,
            from: Timestamp, to: Timestamp, caused_by_reason: CauseKind,
            #[serde(skip_serializing_if = "Option::is_none")]
            caused_by_reference: Option<String>,
        },
        /// Available again in the period of that unavailability.
        public UnavailabilitySlotRemoved = "unavailability_slot_removed" v 1 {
            organization_id: OrganizationId, unavailability_id: UnavailabilityId,
        },
        /// Gone for good, with all its unavailabilities; the last event of a car.
        public Deleted = "deleted" v 1 { deleted_by_id: UserId, is_tombstone: bool },
    }
}
