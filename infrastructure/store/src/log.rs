//! The event log: one port, three adapters.
//!
//! [`MemLog`] for tests, [`PgLog`] and [`SqliteLog`] for use. The latter two share one appender per
//! process, which writes whatever waits in one transaction and answers each caller separately.

mod appender;
mod check;
mod decide;
mod dense;
mod engine;
mod leads;
mod memory;
mod postgres;
#[cfg(feature = "testing-only")]
mod reset;
mod shared;
mod sqlite;
mod verify;

pub use appender::LogSettings;
pub use memory::MemLog;
pub use postgres::PgLog;
pub use sqlite::SqliteLog;
