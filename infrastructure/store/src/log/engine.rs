//! What a database does for the appender.

use std::future::Future;

use application::ports::{AppendError, LogError};
use domain::kernel::Timestamp;

use super::decide::{Facts, Questions, Write};

/// Why a batch failed as a whole.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The database can't be reached or is too slow.
    Unavailable(String),
    /// The database doesn't accept a value; whose, is found by trying one at a time.
    Refused(String),
    /// The database contradicts what was decided.
    Corrupt(String),
}

impl Fault {
    /// What each append of the batch is told.
    pub fn answer(&self) -> AppendError {
        match self.clone() {
            Self::Unavailable(why) => AppendError::Unavailable(why),
            Self::Refused(why) => AppendError::Malformed(why),
            Self::Corrupt(why) => AppendError::Corrupt(why),
        }
    }
}

impl From<Fault> for LogError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unavailable(why) => Self::Unavailable(why),
            Fault::Refused(why) | Fault::Corrupt(why) => Self::Corrupt(why),
        }
    }
}

/// What a database does for a batch. After a fault or a dropped future, `begin` starts afresh.
pub trait Engine: Send + 'static {
    /// Writes at once a batch that was decided on what its appends expect; the position before its
    /// first event. `None` if something may be otherwise: then nothing was written, and it has to be
    /// looked up.
    fn presume(
        &mut self,
        write: &Write<'_>,
    ) -> impl Future<Output = Result<Option<u64>, Fault>> + Send {
        let _ = write;
        async { Ok(None) }
    }
    /// Opens a transaction and waits until no other writer is in one.
    fn begin(&mut self) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Looks up, in that transaction.
    fn facts(&mut self, all: &Questions<'_>) -> impl Future<Output = Result<Facts, Fault>> + Send;
    /// Writes and commits.
    fn commit(&mut self, write: &Write<'_>) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Ends a transaction that wrote nothing, or whatever a fault left.
    fn abandon(&mut self) -> impl Future<Output = ()> + Send;
    /// Removes idempotency keys that have expired.
    fn purge(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}
