//! The event log: one port, three adapters.
//!
//! [`MemLog`] for tests, `PgLog` and `SqliteLog` for use. The latter two share one appender per
//! process, which writes whatever waits in one transaction and answers each caller separately.

mod check;
mod memory;
#[cfg(feature = "testing-only")]
mod reset;

pub use memory::MemLog;
