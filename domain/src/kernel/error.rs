//! How a broken rule is named, without a word about HTTP.

/// What sort of refusal an error is; decides how every host answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A value that is not acceptable by itself.
    Invalid,
    /// A rule of the aggregate forbids the change.
    Rule,
    /// Nobody is known to be calling.
    Unauthenticated,
    /// A payment or plan is missing.
    PaymentRequired,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// It existed and was deleted for good.
    Deleted,
    /// The state does not allow this operation.
    Precondition,
    /// It exists already, or somebody changed it at the same time.
    Exists,
    /// The version that the caller named is not the current one.
    VersionMismatch,
    /// The same idempotency key came with another request.
    KeyReused,
    /// It is locked for now.
    Locked,
    /// The caller asks too often.
    TooManyRequests,
    /// A part that is needed is down or too far behind; the same call may succeed later.
    Unavailable,
}

/// An error of an aggregate or value: its text is for the user, its code for programs.
pub trait DomainError: std::error::Error + Send + Sync + 'static {
    /// What sort of refusal this is.
    fn kind(&self) -> ErrorKind;
    /// A stable `snake_case` name that clients may compare with.
    fn code(&self) -> &'static str;
}

/// For decisions that refuse nothing.
impl DomainError for std::convert::Infallible {
    fn kind(&self) -> ErrorKind {
        match *self {}
    }
    fn code(&self) -> &'static str {
        match *self {}
    }
}
