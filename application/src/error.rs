//! Why a use case did not succeed.

use domain::kernel::{DomainError, ErrorKind};
use serde_json::Value;

/// What use cases return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field that failed its validation.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// What is wrong, for the user.
    pub reason: String,
    /// The rule's code, for example `NotEmptyValidator`.
    pub rule: &'static str,
    /// What was sent; `None` for nothing and for secrets.
    pub value: Option<Value>,
}

/// Why a use case did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields that failed, all of them, in the order of the rules. Never empty.
    #[error("validation failed")]
    Validation(Vec<FieldError>),
    /// A refusal that the caller can understand.
    #[error("{message}")]
    Refused {
        /// What sort of refusal.
        kind: ErrorKind,
        /// Stable, `snake_case`.
        code: &'static str,
        /// For the user; `unexplained` when there is nothing to say.
        message: String,
    },
    /// A fault of ours that has a sentence for the caller, which tells nothing of the inside.
    #[error("{0}")]
    Failed(String),
    /// A fault of ours: logged with its causes, shown without them.
    #[error("unexpected: {0}")]
    Unexpected(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A refusal.
    #[must_use]
    pub fn refused(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { kind, code, message: message.into() }
    }
    /// No such thing, or nothing that the caller may know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self::refused(ErrorKind::NotFound, "not_found", "there is nothing with this id")
    }
    /// It was deleted for good.
    #[must_use]
    pub fn deleted() -> Self {
        Self::refused(
            ErrorKind::Deleted,
            "deleted",
            "this was deleted for good and cannot be revived",
        )
    }
    /// Somebody else changed it at the same time, again and again.
    #[must_use]
    pub fn conflict() -> Self {
        Self::refused(
            ErrorKind::Exists,
            "conflict",
            "it was changed by somebody else at the same time",
        )
    }
    /// A part that is needed is down.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::refused(ErrorKind::Unavailable, "unavailable", message)
    }
    /// A fault of ours.
    #[must_use]
    pub fn unexpected(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unexpected(source.into())
    }
    /// What sort of refusal it is; `None` for a fault of ours.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Validation(_) => Some(ErrorKind::Invalid),
            Self::Refused { kind, .. } => Some(*kind),
            Self::Failed(_) | Self::Unexpected(_) => None,
        }
    }
}

impl<E: DomainError> From<E> for Error {
    fn from(error: E) -> Self {
        Self::refused(error.kind(), error.code(), error.to_string())
    }
}
