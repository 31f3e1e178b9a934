//! What PostgreSQL's errors mean to the log.

use application::ports::LogError;

use crate::log::engine::Fault;

/// Sorts an error by what can be done about it.
pub fn fault(error: &sqlx::Error) -> Fault {
    use sqlx::Error as E;
    match error {
        E::Database(database) => {
            let (code, text) = (database.code().unwrap_or_default(), database.message());
            match code.get(..2) {
                // Connection, transaction, resources (disk full), operator, system; locks.
                Some("08" | "25" | "40" | "53" | "55" | "57" | "58") => {
                    Fault::Unavailable(format!("{text} ({code})"))
                }
                // A value that can't be stored, or is too large.
                Some("22" | "54") => Fault::Refused(format!("{text} ({code})")),
                _ => Fault::Corrupt(format!("{text} ({code})")),
            }
        }
        E::ColumnDecode { .. }
        | E::Decode(_)
        | E::ColumnIndexOutOfBounds { .. }
        | E::RowNotFound => Fault::Corrupt(error.to_string()),
        E::PoolTimedOut => Fault::Unavailable("no database connection became free in time".into()),
        other => Fault::Unavailable(other.to_string()),
    }
}

/// For what reads.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` calls")]
pub fn unreadable(error: sqlx::Error) -> LogError {
    fault(&error).into()
}
