//! Tells what somebody used.

use serde::Deserialize;

use super::{Additional, additional};
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{parse_all, text},
    use_case::Empty,
};

/// Tells what somebody used
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordUse {
    /// What it is called.
    #[schema(required)]
    pub event_name: Option<String>,
    /// More about it.
    #[schema(value_type = Option<Object>)]
    pub additional: Option<Additional>,
}

impl UseCase for RecordUse {
    const NAME: &'static str = "recording.usage";
    const POLICY: Policy = Policy::internal();
    type Output = Empty;

    async fn run(self, app: &App, call: &Call) -> Result<Empty> {
        let (event, properties) = parse_all((
            text("eventName", self.event_name.as_deref(), |_| true),
            additional(self.additional.as_ref()),
        ))?;
        app.usage(call, event, &properties)?;
        Ok(Empty {})
    }
}
