//! What a credential refuses, and how that is answered.

use crate::kernel::{DomainError, ErrorKind};

/// What a credential refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// No password is compared for now.
    #[error("the account is locked out: there were too many wrong passwords")]
    Locked,
    /// The registration must be confirmed first.
    #[error("the account is not verified: its registration was not confirmed yet")]
    NotVerified,
    /// The registration was confirmed before.
    #[error("the registration was confirmed already")]
    AlreadyVerified,
    /// No such token, or not any more.
    #[error("the token is not known")]
    UnknownToken,
    /// The time of the token is over.
    #[error("the token has expired")]
    ExpiredToken,
    /// The new password is the old one.
    #[error("the new password must differ from the old one")]
    SamePassword,
    /// There is nobody to send a token to.
    #[error("the credential has no registration or no password")]
    NotRegistered,
}

impl DomainError for CredentialError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Locked => ErrorKind::Locked,
            Self::NotVerified | Self::AlreadyVerified | Self::ExpiredToken => {
                ErrorKind::Precondition
            }
            Self::UnknownToken => ErrorKind::NotFound,
            Self::SamePassword | Self::NotRegistered => ErrorKind::Rule,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Locked => "account_locked",
            Self::NotVerified => "account_not_verified",
            Self::AlreadyVerified => "registration_already_verified",
            Self::UnknownToken => "unknown_token",
            Self::ExpiredToken => "expired_token",
            Self::SamePassword => "same_password",
            Self::NotRegistered => "not_registered",
        }
    }
}
