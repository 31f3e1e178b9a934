//! Reports of testing builds, whose provider sends none.

use serde::Deserialize;

use super::reports::Report;
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{RawDate, parse_all, text},
    use_case::Empty,
};

/// Reports that an e-mail arrived
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmEmailDelivered {
    /// Which one.
    #[schema(required)]
    pub receipt_id: Option<String>,
    /// When, UTC; now if absent.
    pub delivered_at_utc: Option<RawDate>,
}

/// Reports that an e-mail will never arrive
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmEmailDeliveryFailed {
    /// Which one.
    #[schema(required)]
    pub receipt_id: Option<String>,
    /// When, UTC; now if absent.
    pub failed_at_utc: Option<RawDate>,
    /// Why; `none` if absent.
    pub reason: Option<String>,
}

impl UseCase for ConfirmEmailDelivered {
    const NAME: &'static str = "testing_only.confirm_email_delivered";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        confirm(app, call, self.receipt_id, self.delivered_at_utc, Report::Delivered).await
    }
}

impl UseCase for ConfirmEmailDeliveryFailed {
    const NAME: &'static str = "testing_only.confirm_email_delivery_failed";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let reason = self.reason.filter(|reason| !reason.is_empty());
        let report = Report::Failed(reason.unwrap_or_else(|| "none".to_owned()));
        confirm(app, call, self.receipt_id, self.failed_at_utc, report).await
    }
}

async fn confirm(
    app: &App,
    call: &Call,
    receipt_id: Option<String>,
    at: Option<RawDate>,
    report: Report,
) -> Result<Empty> {
    let (receipt_id,) = parse_all((text("receiptId", receipt_id.as_deref(), |_| true),))?;
    let at = at.as_ref().and_then(RawDate::read).unwrap_or_else(|| app.clock.now());
    app.email_reported(call, receipt_id, at, &report).await?;
    Ok(Empty {})
}
