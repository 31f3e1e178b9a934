//! Takes a car out of service for a period, so that it can't be reserved.

use domain::{
    cars::{CarId, UnavailabilityId},
    kernel::{ErrorKind, roles::Feature},
};
use serde::Deserialize;

use super::{CarAnswer, slot::parse_with_slot};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    input::{RawDate, id},
};

/// Takes a car out of service for a period, so that it can't be reserved.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TakeCarOffline {
    /// The car.
    #[schema(required)]
    pub id: Option<String>,
    /// The first instant, UTC; in the future.
    #[schema(required)]
    pub from_utc: Option<RawDate>,
    /// The first instant after the period, UTC.
    #[schema(required)]
    pub to_utc: Option<RawDate>,
    /// The organization; the caller's default one if absent.
    pub organization_id: Option<String>,
}

impl UseCase for TakeCarOffline {
    const NAME: &'static str = "cars.take_offline";
    const POLICY: Policy = Policy::member().with(Feature::TenantPaidTrial);
    type Output = CarAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<CarAnswer> {
        let now = app.clock.now();
        let id = id("id", self.id.as_deref(), CarId::parse);
        let (id, slot) = parse_with_slot(id, self.from_utc.as_ref(), self.to_utc.as_ref(), now)?;
        let unavailability = UnavailabilityId::new(app.ids.token());
        let decide = |car: &domain::cars::Car| car.take_offline(unavailability.clone(), slot, now);
        let car = app.cars.change(call, id.as_str(), decide).await.map_err(deleted_is_not_found)?;
        Ok(CarAnswer::from(&car))
    }
}

/// Offline is the one operation that does not tell a deleted car from an unknown one.
fn deleted_is_not_found(error: Error) -> Error {
    if error.kind() == Some(ErrorKind::Deleted) { Error::not_found() } else { error }
}
