//! Lists the caller's API keys.

use domain::kernel::roles::Feature;
use serde::{Deserialize, Serialize};

use super::{API_KEYS, ApiKeyView};
use crate::{
    App, Call, Policy, Result, UseCase,
    search::{Rows, SearchMetadata, SearchOptions},
};

/// Lists the API keys of the caller, those that have ended included
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchApiKeys {
    /// An organization that the caller belongs to; it makes no difference to what is listed.
    pub organization_id: Option<String>,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

/// The answer of [`SearchApiKeys`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ApiKeysAnswer {
    /// One page.
    #[schema(value_type = Vec<ApiKeyView>)]
    pub keys: Rows<ApiKeyView>,
    /// About the search.
    pub metadata: SearchMetadata,
}

impl UseCase for SearchApiKeys {
    const NAME: &'static str = "api_keys.search";
    const POLICY: Policy = Policy::token().with(Feature::PlatformPaidTrial);
    const READS: &'static [&'static str] = &[API_KEYS];
    type Output = ApiKeysAnswer;

    async fn run(self, app: &App, call: &Call) -> Result<ApiKeysAnswer> {
        let search = self.options.parse()?;
        let found = app.api_key_reads.keys(&call.caller.id, &search).await?;
        Ok(ApiKeysAnswer { keys: found.rows, metadata: search.metadata(found.total) })
    }
}
