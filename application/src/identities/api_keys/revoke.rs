//! Takes an API key away from whoever has it.

use std::convert::Infallible;

use domain::{identities::ApiKeyId, kernel::roles::Role};
use serde::Deserialize;

use crate::{
    App, Call, Policy, Result, UseCase,
    input::{id, parse_all},
};

/// Revokes an API key of any user; nothing happens if it was revoked
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct RevokeApiKey {
    /// The key.
    #[schema(required)]
    pub id: Option<String>,
}

impl UseCase for RevokeApiKey {
    const NAME: &'static str = "api_keys.revoke";
    const POLICY: Policy = Policy::token().role(Role::PlatformOperations);
    type Output = ();

    async fn run(self, app: &App, call: &Call) -> Result<()> {
        let (id,) = parse_all((id("id", self.id.as_deref(), ApiKeyId::parse),))?;
        let now = app.clock.now();
        let revoke = |key: &domain::identities::ApiKey| Ok::<_, Infallible>(key.revoke(now));
        app.api_keys.change(call, id.as_str(), revoke).await?;
        Ok(())
    }
}
