//! Deletes an API key of the caller.

use domain::{
    identities::{ApiKeyError, ApiKeyId},
    kernel::roles::Feature,
};
use serde::Deserialize;

use super::freeing;
use crate::{
    App, Call, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Deletes an API key of the caller, for good
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct DeleteApiKey {
    /// The key.
    #[schema(required)]
    pub id: Option<String>,
}

impl UseCase for DeleteApiKey {
    const NAME: &'static str = "api_keys.delete";
    const POLICY: Policy = Policy::token().with(Feature::PlatformPaidTrial);
    type Output = ();

    async fn run(self, app: &App, call: &Call) -> Result<()> {
        let (id,) = parse_all((id("id", self.id.as_deref(), ApiKeyId::parse),))?;
        let user = &call.caller.id;
        app.api_keys
            .change(call, id.as_str(), |key| Ok::<_, ApiKeyError>(freeing(key, key.delete(user)?)))
            .await?;
        // What is left of it leads to nobody.
        if let Err(error) = app.api_key_uses.forget(&id).await {
            tracing::warn!(key = %id, %error, "the last use of a deleted API key is still noted");
        }
        Ok(())
    }
}
