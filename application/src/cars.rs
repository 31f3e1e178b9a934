//! Cars: views, the read port and the use cases.

use async_trait::async_trait;
use domain::{
    cars::{Car, CarId, events::CarStatus, unavailability::CauseKind},
    kernel::{OrganizationId, TimeSlot},
};
use serde::Serialize;

use crate::{
    Loaded, Result,
    search::{Found, Rows, Search, SearchMetadata},
};

pub mod delete;
pub mod queries;
pub mod register;
pub mod schedule_maintenance;
pub mod slot;
pub mod take_offline;

/// Permanent name of the projection that serves cars.
pub const CARS: &str = "cars";

/// A car as callers see it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Car)]
pub struct CarView {
    /// `car_…`
    pub id: String,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<ManufacturerView>,
    /// Its number plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate: Option<PlateView>,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<PersonView>,
    /// Who looks after it.
    pub managers: Vec<PersonView>,
    /// `Unregistered` or `Registered`.
    pub status: String,
}

/// Who made a car.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = CarManufacturer)]
pub struct ManufacturerView {
    /// For example `Honda`.
    pub make: String,
    /// For example `Civic`.
    pub model: String,
    /// The model year.
    pub year: i32,
}

/// A number plate.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = CarLicensePlate)]
pub struct PlateView {
    /// For example `New Zealand`.
    pub jurisdiction: String,
    /// As written on the plate.
    pub number: String,
}

/// A user that has to do with a car.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = CarPerson)]
pub struct PersonView {
    /// `user_…`
    pub id: String,
}

/// A period in which a car is not available.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Unavailability)]
pub struct UnavailabilityView {
    /// `unavail_…`
    pub id: String,
    /// The car.
    pub car_id: String,
    /// `Other`, `Reservation`, `Maintenance` or `Offline`.
    pub caused_by_reason: String,
    /// What reserved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caused_by_reference: Option<String>,
}

/// The answer of everything that is about one car.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct CarAnswer {
    /// The car after the call.
    pub car: CarView,
}

/// The answer of searches for cars.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct CarsAnswer {
    /// One page.
    #[schema(value_type = Vec<CarView>)]
    pub cars: Rows<CarView>,
    /// About the search.
    pub metadata: SearchMetadata,
}

/// The read models of cars. Every query takes the tenant.
#[async_trait]
pub trait CarReads: Send + Sync {
    /// One car; `None` if there is none in this organization.
    async fn car(
        &self,
        organization: &OrganizationId,
        id: &CarId,
    ) -> Result<Option<(CarView, u64)>>;
    /// All cars of the organization.
    async fn cars(&self, organization: &OrganizationId, search: &Search) -> Result<Found<CarView>>;
    /// Registered cars without an unavailability that intersects the period.
    async fn available(
        &self,
        organization: &OrganizationId,
        during: TimeSlot,
        search: &Search,
    ) -> Result<Found<CarView>>;
    /// When a car is not available; nothing for an unknown car.
    async fn unavailabilities(
        &self,
        organization: &OrganizationId,
        id: &CarId,
        search: &Search,
    ) -> Result<Found<UnavailabilityView>>;
}

/// `Unregistered` or `Registered`, as the wire has it.
#[must_use]
pub fn status_name(status: CarStatus) -> &'static str {
    match status {
        CarStatus::Unregistered => "Unregistered",
        CarStatus::Registered => "Registered",
    }
}

/// `Other`, `Reservation`, `Maintenance` or `Offline`, as the wire has it.
#[must_use]
pub fn cause_name(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::Other => "Other",
        CauseKind::Reservation => "Reservation",
        CauseKind::Maintenance => "Maintenance",
        CauseKind::Offline => "Offline",
    }
}

impl From<&Loaded<Car>> for CarView {
    fn from(car: &Loaded<Car>) -> Self {
        Self {
            id: car.id.clone(),
            manufacturer: car.state.manufacturer().map(|m| ManufacturerView {
                make: m.make().to_owned(),
                model: m.model().to_owned(),
                year: m.year(),
            }),
            plate: car.state.plate().map(|p| PlateView {
                jurisdiction: p.jurisdiction().to_owned(),
                number: p.number().to_owned(),
            }),
            owner: car.state.owner().map(|id| PersonView { id: id.to_string() }),
            managers: car
                .state
                .managers()
                .iter()
                .map(|id| PersonView { id: id.to_string() })
                .collect(),
            status: status_name(car.state.status()).to_owned(),
        }
    }
}

impl From<&Loaded<Car>> for CarAnswer {
    fn from(car: &Loaded<Car>) -> Self {
        Self { car: CarView::from(car) }
    }
}
