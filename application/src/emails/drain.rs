//! Sends every e-mail that waits.

use serde::Deserialize;

use super::send::SendEmail;
use crate::{App, Call, Policy, Result, UseCase, ports::WorkQueue, use_case::Empty, work::drain};

/// Sends all e-mails that wait on their queue
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct DrainAllEmails {}

impl UseCase for DrainAllEmails {
    const NAME: &'static str = "testing_only.drain_emails";
    const POLICY: Policy = Policy::internal();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        drain::<SendEmail>(app, call, WorkQueue::Emails).await?;
        Ok(Empty {})
    }
}
