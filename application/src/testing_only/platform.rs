//! What a test does to the whole deployment: empty it, move its clock, wait until it is quiet.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    App, Call, Policy, Result, UseCase, error::FieldError, input::parse_all, use_case::Empty,
};

/// The clock can be moved this far at once: ten years.
const FURTHEST: i64 = 10 * 366 * 24 * 60 * 60;
/// How long a drain waits.
const DRAIN: Duration = Duration::from_secs(25);

/// Erases every store
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct DestroyAllRepositories {}

impl UseCase for DestroyAllRepositories {
    const NAME: &'static str = "testing_only.destroy_all_repositories";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, _: &Call) -> Result<Empty> {
        app.testing.destroy().await?;
        Ok(Empty {})
    }
}

/// Moves the clock of all hosts forward
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdvanceClockTestingOnly {
    /// By so many seconds, 1 to 10 years.
    #[schema(required)]
    pub advance_seconds: Option<i64>,
}

impl UseCase for AdvanceClockTestingOnly {
    const NAME: &'static str = "testing_only.advance_clock";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, _: &Call) -> Result<Empty> {
        let within = self.advance_seconds.filter(|seconds| (1..=FURTHEST).contains(seconds));
        let (seconds,) = parse_all((within.ok_or_else(|| FieldError {
            reason: format!("The advanceSeconds must be between 1 and {FURTHEST}"),
            rule: "InclusiveBetweenValidator",
            value: self.advance_seconds.map(Value::from),
        }),))?;
        app.testing.advance_clock(seconds).await?;
        Ok(Empty {})
    }
}

/// Sets the clock of all hosts back to the real time
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ResetClockTestingOnly {}

impl UseCase for ResetClockTestingOnly {
    const NAME: &'static str = "testing_only.reset_clock";
    const POLICY: Policy = Policy::anonymous();
    type Output = ();

    async fn run(self, app: &App, _: &Call) -> Result<()> {
        app.testing.reset_clock().await
    }
}

/// Delivers all pending domain events: waits until all are published and nobody is busy with them
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct DrainAllEventNotifications {}

impl UseCase for DrainAllEventNotifications {
    const NAME: &'static str = "testing_only.drain_event_notifications";
    const POLICY: Policy = Policy::internal();
    type Output = Empty;

    async fn run(self, app: &App, _: &Call) -> Result<Empty> {
        app.testing.drain(DRAIN).await?;
        Ok(Empty {})
    }
}
