//! Proofs of identity: access tokens, API keys and signatures.

use std::sync::Arc;

use application::{Caller, Result, ports::Authenticator};
use async_trait::async_trait;

use crate::{
    api_keys::ApiKeys,
    first_uses::FirstUses,
    signatures::Signatures,
    standing::Standing,
    tokens::{TokenError, Tokens},
};

/// Checks proofs with the keys and secrets of this deployment.
pub struct LocalAuthenticator {
    tokens: Arc<Tokens>,
    standing: Arc<Standing>,
    first_uses: FirstUses,
    hmac: Signatures,
    inter_host: Signatures,
    keys: Arc<ApiKeys>,
}

impl LocalAuthenticator {
    /// `hmac` is for queues and bus, `inter_host` for other hosts of the product.
    #[must_use]
    pub fn new(
        tokens: Arc<Tokens>,
        standing: Arc<Standing>,
        first_uses: FirstUses,
        hmac: Signatures,
        inter_host: Signatures,
        keys: Arc<ApiKeys>,
    ) -> Self {
        Self { tokens, standing, first_uses, hmac, inter_host, keys }
    }
}

#[async_trait]
impl Authenticator for LocalAuthenticator {
    async fn bearer(&self, token: &str) -> Result<Option<Caller>> {
        let mut verified = self.tokens.verify(token);
        if matches!(verified, Err(TokenError::UnknownKey)) {
            self.tokens.keys().look_for_unknown().await;
            verified = self.tokens.verify(token);
        }
        match verified {
            Ok(verified) => {
                let caller = self.standing.of(&verified).await?;
                if caller.is_some() {
                    self.first_uses.note(&verified).await;
                }
                Ok(caller)
            }
            Err(error) => {
                tracing::debug!(%error, "an access token was refused");
                Ok(None)
            }
        }
    }
    async fn api_key(&self, key: &str) -> Result<Option<Caller>> {
        self.keys.caller(key).await
    }
    fn hmac(&self, body: &[u8], signature: &str) -> bool {
        self.hmac.verify(body, signature)
    }
    fn inter_host(&self, body: &[u8], signature: &str) -> bool {
        self.inter_host.verify(body, signature)
    }
}
