//! What happens to API keys.

use crate::{
    identities::TokenHash,
    kernel::{Timestamp, UserId},
};

crate::events! {
    /// What happens to an API key. Times are UTC; the secret itself is nowhere, and nothing happens
    /// when a key is used.
    pub enum ApiKeyEvent in "identities" for "api_key" {
        /// A user got a key; the first event of every one. `key_token` is the part that it is found
        /// by, which is claimed; `key_hash` is the SHA-256 of the part that proves it.
        private Created = "created" v 1 {
            user_id: UserId, key_token: String, key_hash: TokenHash,
        },
        /// What the key is for, and when it ends; never without `expires_on`.
        private ParametersChanged = "parameters_changed" v 1 {
            #[serde(skip_serializing_if = "Option::is_none")]
            expires_on: Option<Timestamp>,
        } sealed { description: String },
        /// Ended before its time, because its user got another key.
        private Expired = "expired" v 1 { user_id: UserId, expired_on: Timestamp },
        /// Was taken away from its user.
        private Revoked = "revoked" v 1 { user_id: UserId, revoked_on: Timestamp },
        /// Gone for good; the last event of a key.
        private Deleted = "deleted" v 1 { deleted_by_id: UserId, is_tombstone: bool },
    }
}
