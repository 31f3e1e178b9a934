//! Why a consumer could not go on.

use application::ports::LogError;

use crate::db::DbError;

/// Why a consumer could not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConsumerError {
    /// Its checkpoint moved: another instance runs.
    #[error("another instance moved the checkpoint")]
    Superseded,
    /// It was told to stop, and what it does would take longer.
    #[error("it is time to stop")]
    Stopped,
    /// A database or the log is away; it waits.
    #[error("{0}")]
    Outage(String),
    /// A write that can't succeed as it is.
    #[error(transparent)]
    Refused(DbError),
    /// The log breaks its own rules.
    #[error("{0}")]
    Corrupt(String),
}

impl From<DbError> for ConsumerError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(why) => Self::Outage(why.to_string()),
            DbError::Unexpected(_) => Self::Refused(error),
        }
    }
}

impl From<LogError> for ConsumerError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(why) => Self::Outage(why),
            LogError::Corrupt(why) => Self::Corrupt(why),
        }
    }
}
