//! Delivers every audit that waits.

use serde::Deserialize;

use super::deliver::DeliverAudit;
use crate::{App, Call, Policy, Result, UseCase, ports::WorkQueue, use_case::Empty, work::drain};

/// Delivers all audits that wait on their queue
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct DrainAllAudits {}

impl UseCase for DrainAllAudits {
    const NAME: &'static str = "testing_only.drain_audits";
    const POLICY: Policy = Policy::internal();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        drain::<DeliverAudit>(app, call, WorkQueue::Audits).await?;
        Ok(Empty {})
    }
}
