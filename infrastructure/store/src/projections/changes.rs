//! What events change in read models.

use super::{ProjectError, Table};
use crate::db::Value;

/// One change of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Writes a whole row; columns in the table's order.
    Upsert {
        /// Which table.
        table: &'static Table,
        /// Which row.
        key: String,
        /// Every column.
        row: Vec<Value>,
    },
    /// Changes some columns of a row; nothing if there is no such row.
    Set {
        /// Which table.
        table: &'static Table,
        /// Which row.
        key: String,
        /// Columns by their place in the table.
        columns: Vec<(usize, Value)>,
    },
    /// Removes a row.
    Delete {
        /// Which table.
        table: &'static Table,
        /// Which row.
        key: String,
    },
    /// Removes every row that has this text in a column; an index should serve it.
    DeleteWhere {
        /// Which table.
        table: &'static Table,
        /// The column by its place in the table.
        column: usize,
        /// The text.
        value: String,
    },
}

/// Collects what one event changes, in order.
#[derive(Debug, Default)]
pub struct Changes {
    ops: Vec<Op>,
}

impl Changes {
    /// Writes a whole row, over whatever was there. Columns that are not given are empty.
    ///
    /// # Errors
    /// [`ProjectError::Column`] for a column that the table lacks, a value of another kind, or
    /// nothing where the column is never empty.
    pub fn upsert<const N: usize>(
        &mut self,
        table: &'static Table,
        key: impl Into<String>,
        values: [(&'static str, Value); N],
    ) -> Result<(), ProjectError> {
        let mut row: Vec<Value> = table.columns.iter().map(|c| Value::Null(c.kind)).collect();
        for (column, value) in values {
            let at = place(table, column, &value)?;
            row[at] = value;
        }
        let empty = table
            .columns
            .iter()
            .zip(&row)
            .find(|(column, value)| !column.nullable && matches!(value, Value::Null(_)));
        if let Some((column, _)) = empty {
            return Err(ProjectError::Column { table: table.name, column: column.name });
        }
        self.ops.push(Op::Upsert { table, key: key.into(), row });
        Ok(())
    }
    /// Changes some columns of a row; nothing if there is no such row.
    ///
    /// # Errors
    /// As [`Self::upsert`].
    pub fn set<const N: usize>(
        &mut self,
        table: &'static Table,
        key: impl Into<String>,
        values: [(&'static str, Value); N],
    ) -> Result<(), ProjectError> {
        let mut columns = Vec::with_capacity(N);
        for (column, value) in values {
            columns.push((place(table, column, &value)?, value));
        }
        columns.sort_by_key(|(at, _)| *at);
        self.ops.push(Op::Set { table, key: key.into(), columns });
        Ok(())
    }
    /// Removes a row; nothing if there is no such row.
    pub fn delete(&mut self, table: &'static Table, key: impl Into<String>) {
        self.ops.push(Op::Delete { table, key: key.into() });
    }
    /// Removes every row that has this text in a column, which an index should serve.
    ///
    /// # Errors
    /// As [`Self::upsert`].
    pub fn delete_where(
        &mut self,
        table: &'static Table,
        column: &'static str,
        value: impl Into<String>,
    ) -> Result<(), ProjectError> {
        let value = Value::Text(value.into());
        let at = place(table, column, &value)?;
        let Value::Text(value) = value else { return Ok(()) };
        self.ops.push(Op::DeleteWhere { table, column: at, value });
        Ok(())
    }
    /// Takes what was collected so far.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Op> {
        self.ops.drain(..)
    }
}

fn place(table: &'static Table, name: &'static str, value: &Value) -> Result<usize, ProjectError> {
    let refused = ProjectError::Column { table: table.name, column: name };
    let Some(at) = table.position(name) else { return Err(refused) };
    let column = &table.columns[at];
    let empty = matches!(value, Value::Null(_));
    if value.kind() == column.kind && (column.nullable || !empty) { Ok(at) } else { Err(refused) }
}
