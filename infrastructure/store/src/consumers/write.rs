//! Writes folded changes with one statement per table and sort of change, however many rows.

mod postgres;
mod sqlite;

use super::fold::{Pending, Segment};
use crate::{
    db::{DbError, Tx, Value},
    projections::{Projection, Table},
};

/// A row to be written: its key, and the values of the columns that the statement names.
type Keyed = (String, Vec<Value>);

/// Writes the changes of a batch into a generation's tables.
pub(super) async fn write(
    tx: &mut Tx,
    projection: &Projection,
    generation: u32,
    segments: Vec<Segment>,
) -> Result<(), DbError> {
    for segment in segments {
        if segment.clear {
            for table in projection.tables {
                let stored = table.stored(projection.version, generation);
                tx.execute(&format!("DELETE FROM {stored}"), &[]).await?;
            }
        }
        for (table, folded) in segment.tables {
            let stored = table.stored(projection.version, generation);
            remove_where(tx, table, &stored, folded.removals).await?;
            let mut rows: Vec<Keyed> = Vec::with_capacity(folded.rows.len());
            let mut gone = Vec::new();
            let mut patches: Vec<(Vec<usize>, Vec<Keyed>)> = Vec::new();
            for (key, pending) in folded.rows {
                match pending {
                    Pending::Row(row) => rows.push((key, row)),
                    Pending::Gone => gone.push(key),
                    Pending::Patch(patch) => {
                        let (columns, values): (Vec<_>, Vec<_>) = patch.into_iter().unzip();
                        match patches.iter_mut().find(|(set, _)| *set == columns) {
                            Some((_, rows)) => rows.push((key, values)),
                            None => patches.push((columns, vec![(key, values)])),
                        }
                    }
                }
            }
            if !gone.is_empty() {
                delete(tx, &stored, table.key, gone).await?;
            }
            if !rows.is_empty() {
                upsert(tx, table, &stored, rows).await?;
            }
            for (columns, rows) in patches {
                update(tx, table, &stored, &columns, rows).await?;
            }
        }
    }
    Ok(())
}

async fn remove_where(
    tx: &mut Tx,
    table: &'static Table,
    stored: &str,
    removals: Vec<(usize, String)>,
) -> Result<(), DbError> {
    let mut by_column: Vec<(usize, Vec<String>)> = Vec::new();
    for (column, value) in removals {
        match by_column.iter_mut().find(|(known, _)| *known == column) {
            Some((_, values)) => values.push(value),
            None => by_column.push((column, vec![value])),
        }
    }
    for (column, values) in by_column {
        delete(tx, stored, table.columns[column].name, values).await?;
    }
    Ok(())
}

async fn delete(
    tx: &mut Tx,
    stored: &str,
    column: &str,
    values: Vec<String>,
) -> Result<(), DbError> {
    match tx {
        Tx::Postgres(tx) => postgres::delete(tx, stored, column, values).await,
        Tx::Sqlite(tx) => sqlite::delete(tx, stored, column, &values).await,
    }
}

async fn upsert(
    tx: &mut Tx,
    table: &'static Table,
    stored: &str,
    rows: Vec<Keyed>,
) -> Result<(), DbError> {
    match tx {
        Tx::Postgres(tx) => postgres::upsert(tx, table, stored, rows).await,
        Tx::Sqlite(tx) => sqlite::upsert(tx, table, stored, &rows).await,
    }
}

async fn update(
    tx: &mut Tx,
    table: &'static Table,
    stored: &str,
    columns: &[usize],
    rows: Vec<Keyed>,
) -> Result<(), DbError> {
    match tx {
        Tx::Postgres(tx) => postgres::update(tx, table, stored, columns, rows).await,
        Tx::Sqlite(tx) => sqlite::update(tx, table, stored, columns, &rows).await,
    }
}

/// `a = from.a, b = from.b` of some columns.
fn assignments(table: &Table, columns: impl Iterator<Item = usize>, from: &str) -> String {
    let mut list = String::new();
    for at in columns {
        if !list.is_empty() {
            list.push_str(", ");
        }
        let name = table.columns[at].name;
        list.extend([name, " = ", from, ".", name]);
    }
    list
}
