//! Whether the host answers at all.

use serde::{Deserialize, Serialize};

use crate::{App, Call, Policy, Result, UseCase};

/// What the API host calls itself.
const NAME: &str = "ApiHost1";

/// Tells that the host answers; whether its parts work is told by `/health/ready`
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct HealthCheck {}

/// The answer of [`HealthCheck`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct HealthCheckResponse {
    /// The host.
    pub name: String,
    /// Always `OK`.
    pub status: String,
}

impl HealthCheckResponse {
    /// What every host says that answers.
    #[must_use]
    pub fn ok() -> Self {
        Self { name: NAME.into(), status: "OK".into() }
    }
}

impl UseCase for HealthCheck {
    const NAME: &'static str = "health.check";
    const POLICY: Policy = Policy::anonymous();
    type Output = HealthCheckResponse;

    async fn run(self, _: &App, _: &Call) -> Result<HealthCheckResponse> {
        Ok(HealthCheckResponse::ok())
    }
}
