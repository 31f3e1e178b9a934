//! Tables of read models.

use crate::db::Kind;

/// A table of a read model.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Lower case with underscores, unique in the whole product.
    pub name: &'static str,
    /// The primary key: a text column. What has more than one part is joined by the projection.
    pub key: &'static str,
    /// The other columns.
    pub columns: &'static [Column],
    /// Secondary indexes, each a list of columns.
    pub indexes: &'static [&'static [&'static str]],
}

/// A column other than the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Lower case with underscores.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be empty.
    pub nullable: bool,
}

impl Column {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, nullable: false }
    }
    /// Text that is always there.
    #[must_use]
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }
    /// A number that is always there.
    #[must_use]
    pub const fn int(name: &'static str) -> Self {
        Self::new(name, Kind::Int)
    }
    /// True or false.
    #[must_use]
    pub const fn bool(name: &'static str) -> Self {
        Self::new(name, Kind::Bool)
    }
    /// A point in time that is always there.
    #[must_use]
    pub const fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time)
    }
    /// A JSON document that is always there.
    #[must_use]
    pub const fn json(name: &'static str) -> Self {
        Self::new(name, Kind::Json)
    }
    /// The same column, but it may be empty.
    #[must_use]
    pub const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }
}

impl Table {
    /// Where a column stands; the key is not among them.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == column)
    }
    /// The name of the view that serves it.
    #[must_use]
    pub fn view(&self, version: u32) -> String {
        format!("rm_{}_v{version}", self.name)
    }
    /// The name of the table behind the view.
    #[must_use]
    pub fn stored(&self, version: u32, generation: u32) -> String {
        format!("rm_{}_v{version}_g{generation}", self.name)
    }

    pub(super) fn definition(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|c| format!("{} {:?}{}", c.name, c.kind, if c.nullable { "?" } else { "" }))
            .collect();
        let indexes: Vec<String> = self.indexes.iter().map(|i| i.join("+")).collect();
        format!(
            "table {} key {} ({}) indexes ({})",
            self.name,
            self.key,
            columns.join(", "),
            indexes.join(", ")
        )
    }
}
