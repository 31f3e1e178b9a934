//! Looking at cars.

use domain::{
    cars::CarId,
    kernel::{TimeSlot, Timestamp, roles::Feature},
};
use serde::{Deserialize, Serialize};

use super::{CARS, CarAnswer, CarsAnswer, UnavailabilityView};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    error::FieldError,
    input::{RawDate, id, parse_all},
    search::{Rows, SearchMetadata, SearchOptions},
};

const MEMBER: Policy = Policy::member().with(Feature::TenantPaidTrial);

/// Looks at one car.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCar {
    /// The car.
    #[schema(required)]
    pub id: Option<String>,
    /// The organization; the caller's default one if absent.
    pub organization_id: Option<String>,
}

impl UseCase for GetCar {
    const NAME: &'static str = "cars.get";
    const POLICY: Policy = MEMBER;
    const READS: &'static [&'static str] = &[CARS];
    type Output = CarAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<CarAnswer> {
        let (id,) = parse_all((id("id", self.id.as_deref(), CarId::parse),))?;
        if let Some((car, version)) = app.car_reads.car(call.tenant()?, &id).await? {
            call.read_version(version);
            return Ok(CarAnswer { car });
        }
        // The read model does not know what never was from what was deleted; the log does.
        app.cars.load(call, id.as_str()).await?;
        Err(Error::not_found())
    }
}

/// Lists the cars of an organization.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchCars {
    /// The organization; the caller's default one if absent.
    pub organization_id: Option<String>,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

impl UseCase for SearchCars {
    const NAME: &'static str = "cars.search";
    const POLICY: Policy = MEMBER;
    const READS: &'static [&'static str] = &[CARS];
    type Output = CarsAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<CarsAnswer> {
        let search = self.options.parse()?;
        let found = app.car_reads.cars(call.tenant()?, &search).await?;
        Ok(CarsAnswer { cars: found.rows, metadata: search.metadata(found.total) })
    }
}

/// Lists the registered cars of an organization that are free during a whole period.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchAvailableCars {
    /// The first instant, UTC; the beginning of time if absent.
    pub from_utc: Option<RawDate>,
    /// The first instant after the period, UTC; the end of time if absent.
    pub to_utc: Option<RawDate>,
    /// The organization; the caller's default one if absent.
    pub organization_id: Option<String>,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

impl UseCase for SearchAvailableCars {
    const NAME: &'static str = "cars.search_available";
    const POLICY: Policy = MEMBER;
    const READS: &'static [&'static str] = &[CARS];
    type Output = CarsAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<CarsAnswer> {
        let from = self.from_utc.as_ref().and_then(RawDate::read).unwrap_or(Timestamp::MIN);
        let to = self.to_utc.as_ref().and_then(RawDate::read).unwrap_or(Timestamp::MAX);
        let during = TimeSlot::new(from, to).map_err(|error| {
            Error::Validation(vec![FieldError {
                reason: error.to_string(),
                rule: "GreaterThanValidator",
                value: self.to_utc.as_ref().map(Into::into),
            }])
        })?;
        let search = self.options.parse()?;
        let found = app.car_reads.available(call.tenant()?, during, &search).await?;
        Ok(CarsAnswer { cars: found.rows, metadata: search.metadata(found.total) })
    }
}

/// Lists when a car is not available.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchCarUnavailabilities {
    /// The car.
    #[schema(required)]
    pub id: Option<String>,
    /// The organization; the caller's default one if absent.
    pub organization_id: Option<String>,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

/// The answer of [`SearchCarUnavailabilities`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct UnavailabilitiesAnswer {
    /// One page.
    #[schema(value_type = Vec<UnavailabilityView>)]
    pub unavailabilities: Rows<UnavailabilityView>,
    /// About the search.
    pub metadata: SearchMetadata,
}

impl UseCase for SearchCarUnavailabilities {
    const NAME: &'static str = "cars.search_unavailabilities";
    const POLICY: Policy = Policy::anonymous().tenanted();
    const READS: &'static [&'static str] = &[CARS];
    type Output = UnavailabilitiesAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<UnavailabilitiesAnswer> {
        let (id,) = parse_all((id("id", self.id.as_deref(), CarId::parse),))?;
        let search = self.options.parse()?;
        let found = app.car_reads.unavailabilities(call.tenant()?, &id, &search).await?;
        Ok(UnavailabilitiesAnswer {
            unavailabilities: found.rows,
            metadata: search.metadata(found.total),
        })
    }
}
