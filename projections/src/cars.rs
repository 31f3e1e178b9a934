//! Cars and when they are not available.

mod reads;
mod tables;

use application::{
    cars::{CARS as NAME, cause_name, status_name},
    ports::Recorded,
};
use domain::cars::CarEvent;
use store::{
    db::Value,
    projections::{Changes, ProjectError, Projection},
};

pub use reads::CarTables;
use tables::{CARS as CARS_TABLE, UNAVAILABILITIES};

/// The read model of cars.
pub const CARS: Projection = Projection {
    name: NAME,
    version: tables::VERSION,
    tables: &[&CARS_TABLE, &UNAVAILABILITIES],
    handles: &[
        ("car", "created"),
        ("car", "manufacturer_changed"),
        ("car", "ownership_changed"),
        ("car", "registration_changed"),
        ("car", "unavailability_slot_added"),
        ("car", "unavailability_slot_removed"),
        ("car", "deleted"),
    ],
    project,
};

fn project(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    let id = recorded.stream.id.as_str();
    let at = ("last_persisted_at", recorded.recorded_at.into());
    let version = ("version", recorded.sequence.into());
    match recorded.decode::<CarEvent>()? {
        CarEvent::Created { organization_id, status } => changes.upsert(
            &CARS_TABLE,
            id,
            [
                ("organization_id", organization_id.as_str().into()),
                ("status", status_name(status).into()),
                ("managers", Value::json(&[(); 0])?),
                at,
                version,
            ],
        ),
        CarEvent::ManufacturerChanged { organization_id: _, make, model, year } => changes.set(
            &CARS_TABLE,
            id,
            [("make", make.into()), ("model", model.into()), ("year", year.into()), at, version],
        ),
        CarEvent::OwnershipChanged { organization_id: _, owner, managers } => changes.set(
            &CARS_TABLE,
            id,
            [
                ("owner_id", owner.as_str().into()),
                ("managers", Value::json(&managers)?),
                at,
                version,
            ],
        ),
        CarEvent::RegistrationChanged { organization_id: _, jurisdiction, number, status } => {
            changes.set(
                &CARS_TABLE,
                id,
                [
                    ("jurisdiction", jurisdiction.into()),
                    ("number", number.into()),
                    ("status", status_name(status).into()),
                    at,
                    version,
                ],
            )
        }
        CarEvent::UnavailabilitySlotAdded {
            organization_id,
            unavailability_id,
            from,
            to,
            caused_by_reason,
            caused_by_reference,
        } => {
            changes.upsert(
                &UNAVAILABILITIES,
                unavailability_id.as_str(),
                [
                    ("organization_id", organization_id.as_str().into()),
                    ("car_id", id.into()),
                    ("starts_at", from.into()),
                    ("ends_at", to.into()),
                    ("caused_by", cause_name(caused_by_reason).into()),
                    ("reference", caused_by_reference.into()),
                    ("last_persisted_at", recorded.recorded_at.into()),
                ],
            )?;
            changes.set(&CARS_TABLE, id, [at, version])
        }
        CarEvent::UnavailabilitySlotRemoved { organization_id: _, unavailability_id } => {
            changes.delete(&UNAVAILABILITIES, unavailability_id.as_str());
            changes.set(&CARS_TABLE, id, [at, version])
        }
        CarEvent::Deleted { deleted_by_id: _, is_tombstone: _ } => {
            changes.delete_where(&UNAVAILABILITIES, "car_id", id)?;
            changes.delete(&CARS_TABLE, id);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::Event;

    use super::*;

    #[test]
    fn every_event_of_a_car_is_handled() {
        let known: Vec<_> = CarEvent::CATALOG.iter().map(|e| (e.aggregate, e.name)).collect();
        assert_eq!(CARS.handles, known);
    }
}
