//! Tells the provider of a usage that its queue delivers.

use serde::Deserialize;

use super::{TENANT, UsageMessage};
use crate::{
    App, Call, Policy, Result, UseCase,
    ports::Usage,
    work::{DeliverMessageResponse, malformed, read},
};

/// What a usage is told to be from that does not say.
const UNKNOWN_REGION: &str = "unknown";

/// Tells the provider of a usage
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct DeliverUsage {
    /// JSON text of the queued message.
    #[schema(required)]
    pub message: Option<String>,
}

impl UseCase for DeliverUsage {
    const NAME: &'static str = "usages.deliver";
    const POLICY: Policy = Policy::internal();
    type Output = DeliverMessageResponse;

    async fn run(self, app: &App, call: &Call) -> Result<DeliverMessageResponse> {
        let (envelope, message) = read::<UsageMessage>(self.message.as_deref())?;
        let present = |text: Option<String>, why| {
            text.filter(|text| !text.trim().is_empty()).ok_or_else(|| malformed(why))
        };
        let for_id = present(message.for_id, "The usage has no ForId")?;
        let event_name = present(message.event_name, "The usage has no EventName")?;
        let given = message.additional.unwrap_or_default().into_iter();
        let mut usage = Usage {
            message_id: envelope.message_id,
            for_id,
            event_name,
            additional: given.filter_map(|(name, text)| Some((name, text?))).collect(),
        };
        let region = envelope.origin_host_region.filter(|region| !region.is_empty());
        let region = region.unwrap_or_else(|| UNKNOWN_REGION.to_owned());
        usage.additional.entry("Region".to_owned()).or_insert(region);
        if let Some(tenant) = &call.tenant {
            usage.additional.entry(TENANT.to_owned()).or_insert_with(|| tenant.to_string());
        }
        app.usages.deliver(&usage).await?;
        Ok(DeliverMessageResponse::SENT)
    }
}
