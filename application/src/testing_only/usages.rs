//! What the usage provider of testing builds was told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{App, Call, Policy, Result, UseCase};

/// Lists the usages that the provider was told of, the oldest first
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ListUsagesTestingOnly {}

/// A usage as the provider was told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageView {
    /// Who used it.
    pub for_id: String,
    /// What it was.
    pub event_name: String,
    /// More about it.
    pub additional: BTreeMap<String, String>,
}

/// See [`ListUsagesTestingOnly`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ListUsagesTestingOnlyResponse {
    /// All of them, as far as they are kept.
    pub usages: Vec<UsageView>,
}

impl UseCase for ListUsagesTestingOnly {
    const NAME: &'static str = "testing_only.list_usages";
    const POLICY: Policy = Policy::anonymous();
    type Output = ListUsagesTestingOnlyResponse;

    async fn run(self, app: &App, _: &Call) -> Result<ListUsagesTestingOnlyResponse> {
        let told = app.testing.usages().into_iter();
        let view = |usage: crate::ports::Usage| UsageView {
            for_id: usage.for_id,
            event_name: usage.event_name,
            additional: usage.additional,
        };
        Ok(ListUsagesTestingOnlyResponse { usages: told.map(view).collect() })
    }
}
