//! Tells the provider of every usage that waits.

use serde::Deserialize;

use super::deliver::DeliverUsage;
use crate::{App, Call, Policy, Result, UseCase, ports::WorkQueue, use_case::Empty, work::drain};

/// Tells the provider of all usages that wait on their queue
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct DrainAllUsages {}

impl UseCase for DrainAllUsages {
    const NAME: &'static str = "testing_only.drain_usages";
    const POLICY: Policy = Policy::internal();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        app.recorder.flush().await;
        drain::<DeliverUsage>(app, call, WorkQueue::Usages).await?;
        Ok(Empty {})
    }
}
