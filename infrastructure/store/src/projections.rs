//! How a read model is declared: tables, and a pure function from event to changes of rows.

mod changes;
mod table;

use application::ports::Recorded;
use domain::kernel::DecodeError;

pub use changes::{Changes, Op};
pub use table::{Column, Table};

/// A read model: a list entry, like a reaction. The engine makes its tables, feeds it, keeps its
/// checkpoint, and builds it again when it is told to or when the version grows.
#[derive(Clone, Copy, Debug)]
pub struct Projection {
    /// Permanent: it names the checkpoint.
    pub name: &'static str,
    /// Grows whenever tables or changes would come out differently; the engine then builds the new
    /// version from the first event, beside the old one.
    pub version: u32,
    /// What it fills. Table names are unique in the whole product.
    pub tables: &'static [&'static Table],
    /// Aggregate type and event name of everything that it handles.
    pub handles: &'static [(&'static str, &'static str)],
    /// What an event changes. Depends on nothing but the event: no clock, no reads.
    pub project: fn(&Recorded, &mut Changes) -> Result<(), ProjectError>,
}

/// Why an event could not be projected. Trying again would not help.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// It is unknown or corrupt.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A value can't be written as JSON.
    #[error("a value can't be JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The projection names a column that its table lacks, or gives it the wrong kind of value.
    #[error("table {table} takes no such value in column {column}")]
    Column {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

impl Projection {
    /// Whether it wants an event: everything that happens to what it shows. So an event that is
    /// unknown parks, instead of being left out silently.
    #[must_use]
    pub fn wants(&self, event: &Recorded) -> bool {
        self.handles.iter().any(|(kind, _)| *kind == event.stream.kind)
    }
    /// Everything that must not change within a version, as text that can be compared and shown.
    #[must_use]
    pub fn definition(&self) -> String {
        let mut text = String::new();
        for table in self.tables {
            text.push_str(&table.definition());
            text.push('\n');
        }
        let mut handles: Vec<String> =
            self.handles.iter().map(|(kind, name)| format!("{kind}.{name}")).collect();
        handles.sort();
        text.push_str("handles ");
        text.push_str(&handles.join(" "));
        text
    }
}
