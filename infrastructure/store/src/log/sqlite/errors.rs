//! What SQLite's errors mean to the log.

use application::ports::LogError;

use crate::log::engine::Fault;

/// Sorts an error by what can be done about it.
pub fn fault(error: &sqlx::Error) -> Fault {
    use sqlx::Error as E;
    match error {
        E::Database(database) => {
            let code = database.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
            let text = database.message();
            // The extended code's low byte is the primary one.
            match code & 0xff {
                5 | 6 => Fault::Unavailable(format!("another writer holds the file ({code})")),
                7 => Fault::Unavailable(format!("out of memory ({code})")),
                8 => Fault::Unavailable(format!("the file or its folder is read-only ({code})")),
                10 => Fault::Unavailable(format!(
                    "the file can't be read or written: {text} ({code})"
                )),
                13 => Fault::Unavailable(format!("the disk is full ({code})")),
                14 => Fault::Unavailable(format!("the file can't be opened ({code})")),
                18 => Fault::Refused(format!("{text} ({code})")),
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
