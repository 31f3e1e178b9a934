//! Identities: how somebody proves who they are.

pub mod api_key;
pub mod credential;
pub mod events;
pub mod password_policy;
pub mod secrets;
pub mod token_family;

pub use api_key::{ApiKey, ApiKeyError, ApiKeyEvent, ApiKeyId, ApiKeyText, NewApiKey};
pub use credential::{
    Credential, CredentialError, LockOut, NewCredential, NewToken, WrongPasswords,
};
pub use events::{CredentialEvent, Revocation, TokenEvent};
pub use password_policy::{Password, UnfitPassword};
pub use secrets::{OneTimeToken, PasswordHash, TokenHash};
pub use token_family::{Beginning, FamilyError, Issued, TokenFamily};

crate::ids! {
    /// The tokens of one sign-in.
    TokenFamilyId = "authtok",
}
