//! Queries of cars.

use application::{
    Result,
    cars::{CarReads, CarView, ManufacturerView, PersonView, PlateView, UnavailabilityView},
    search::{Found, Search},
};
use async_trait::async_trait;
use domain::{
    cars::CarId,
    kernel::{OrganizationId, TimeSlot},
};
use store::db::{Db, DbError, Row};

use crate::search::{Source, page};

const ONE: &str = "SELECT id, status, make, model, year, jurisdiction, number, owner_id, \
     managers, version FROM rm_cars_v1 WHERE id = $1 AND organization_id = $2";

const CAR_COLUMNS: &str = "c.id AS id, c.status AS status, c.make AS make, c.model AS model, \
     c.year AS year, c.jurisdiction AS jurisdiction, c.number AS number, \
     c.owner_id AS owner_id, c.managers AS managers";

const CAR_FIELDS: &[(&str, &str)] = &[
    ("LastPersistedAtUtc", "c.last_persisted_at"),
    ("Id", "c.id"),
    ("OrganizationId", "c.organization_id"),
    ("Status", "c.status"),
    ("ManufactureMake", "c.make"),
    ("ManufactureModel", "c.model"),
    ("ManufactureYear", "c.year"),
    ("LicenseJurisdiction", "c.jurisdiction"),
    ("LicenseNumber", "c.number"),
    ("VehicleOwnerId", "c.owner_id"),
    ("Manufacturer.Make", "c.make"),
    ("Manufacturer.Model", "c.model"),
    ("Manufacturer.Year", "c.year"),
    ("Plate.Jurisdiction", "c.jurisdiction"),
    ("Plate.Number", "c.number"),
    ("Owner.Id", "c.owner_id"),
];

const ALL: Source<'_> = Source {
    from: "rm_cars_v1 c",
    columns: CAR_COLUMNS,
    filter: "c.organization_id = $1",
    key: "c.id",
    sortable: CAR_FIELDS,
    complete: &[],
};

const AVAILABLE: Source<'_> = Source {
    filter: "c.organization_id = $1 AND c.status = 'Registered' AND NOT EXISTS (\
         SELECT 1 FROM rm_unavailabilities_v1 u \
         WHERE u.car_id = c.id AND u.starts_at < $3 AND u.ends_at > $2)",
    ..ALL
};

const UNAVAILABILITIES: Source<'_> = Source {
    from: "rm_unavailabilities_v1 u",
    columns: "u.id AS id, u.car_id AS car_id, u.caused_by AS caused_by, u.reference AS reference",
    filter: "u.organization_id = $1 AND u.car_id = $2",
    key: "u.id",
    sortable: &[
        ("LastPersistedAtUtc", "u.last_persisted_at"),
        ("Id", "u.id"),
        ("OrganizationId", "u.organization_id"),
        ("CarId", "u.car_id"),
        ("From", "u.starts_at"),
        ("To", "u.ends_at"),
        ("CausedBy", "u.caused_by"),
        ("CausedByReason", "u.caused_by"),
        ("CausedByReference", "u.reference"),
    ],
    complete: &[],
};

/// Answers from the tables of [`super::CARS`].
#[derive(Clone, Debug)]
pub struct CarTables {
    db: Db,
}

impl CarTables {
    /// Over the database of read models.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl CarReads for CarTables {
    async fn car(
        &self,
        organization: &OrganizationId,
        id: &CarId,
    ) -> Result<Option<(CarView, u64)>> {
        let values = [id.as_str().into(), organization.as_str().into()];
        let row = self.db.fetch_one(ONE, &values).await?;
        Ok(row.map(|row| Ok::<_, DbError>((car(&row)?, row.count("version")?))).transpose()?)
    }

    async fn cars(&self, organization: &OrganizationId, search: &Search) -> Result<Found<CarView>> {
        page(&self.db, &ALL, vec![organization.as_str().into()], search, car).await
    }

    async fn available(
        &self,
        organization: &OrganizationId,
        during: TimeSlot,
        search: &Search,
    ) -> Result<Found<CarView>> {
        let values = vec![organization.as_str().into(), during.from().into(), during.to().into()];
        page(&self.db, &AVAILABLE, values, search, car).await
    }

    async fn unavailabilities(
        &self,
        organization: &OrganizationId,
        id: &CarId,
        search: &Search,
    ) -> Result<Found<UnavailabilityView>> {
        let values = vec![organization.as_str().into(), id.as_str().into()];
        page(&self.db, &UNAVAILABILITIES, values, search, unavailability).await
    }
}

fn car(row: &Row) -> Result<CarView, DbError> {
    let manufacturer = match (row.opt_text("make")?, row.opt_text("model")?, row.opt_int("year")?) {
        (Some(make), Some(model), Some(year)) => {
            Some(ManufacturerView { make, model, year: i32::try_from(year).unwrap_or_default() })
        }
        _ => None,
    };
    let plate = match (row.opt_text("jurisdiction")?, row.opt_text("number")?) {
        (Some(jurisdiction), Some(number)) => Some(PlateView { jurisdiction, number }),
        _ => None,
    };
    let managers: Vec<String> = row.json("managers")?;
    Ok(CarView {
        id: row.text("id")?,
        manufacturer,
        plate,
        owner: row.opt_text("owner_id")?.map(|id| PersonView { id }),
        managers: managers.into_iter().map(|id| PersonView { id }).collect(),
        status: row.text("status")?,
    })
}

fn unavailability(row: &Row) -> Result<UnavailabilityView, DbError> {
    Ok(UnavailabilityView {
        id: row.text("id")?,
        car_id: row.text("car_id")?,
        caused_by_reason: row.text("caused_by")?,
        caused_by_reference: row.opt_text("reference")?,
    })
}
