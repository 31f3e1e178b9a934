//! Deletes a car.

use domain::{cars::CarId, kernel::roles::Feature};
use serde::Deserialize;

use crate::{
    App, Call, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Takes a car off the books for good, with everything that is known of it. Only its owner may.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeleteCar {
    /// The car.
    #[schema(required)]
    pub id: Option<String>,
    /// The organization; the caller's default one if absent.
    pub organization_id: Option<String>,
}

impl UseCase for DeleteCar {
    const NAME: &'static str = "cars.delete";
    const POLICY: Policy = Policy::member().with(Feature::TenantPaidTrial);
    type Output = ();

    async fn run(self, app: &App, call: &Call) -> Result<()> {
        let (id,) = parse_all((id("id", self.id.as_deref(), CarId::parse),))?;
        app.cars.change(call, id.as_str(), |car| car.delete(&call.caller.id)).await?;
        Ok(())
    }
}
