//! SQLite: one JSON document for all rows, opened by `json_each`.

use serde::{Serialize, Serializer, ser::SerializeSeq};
use sqlx::SqliteConnection;

use super::{Keyed, assignments};
use crate::{
    consumers::tables::column_list,
    db::{DbError, Value},
    projections::Table,
};

pub(super) async fn delete(
    connection: &mut SqliteConnection,
    stored: &str,
    column: &str,
    values: &[String],
) -> Result<(), DbError> {
    let sql = format!("DELETE FROM {stored} WHERE {column} IN (SELECT value FROM json_each($1))");
    run(connection, &sql, values).await
}

pub(super) async fn upsert(
    connection: &mut SqliteConnection,
    table: &Table,
    stored: &str,
    rows: &[Keyed],
) -> Result<(), DbError> {
    let all = 0..table.columns.len();
    let columns = column_list(table);
    let conflict = if table.columns.is_empty() {
        "NOTHING".to_owned()
    } else {
        format!("UPDATE SET {}", assignments(table, all.clone(), "excluded"))
    };
    // Without WHERE the parser would take ON for that of a join.
    let sql = format!(
        "INSERT INTO {stored} ({columns}) SELECT {} FROM json_each($1) WHERE true \
         ON CONFLICT ({}) DO {conflict}",
        members(all.len() + 1, |number| format!("value->>{number}")),
        table.key
    );
    run(connection, &sql, &Rows(rows)).await
}

pub(super) async fn update(
    connection: &mut SqliteConnection,
    table: &Table,
    stored: &str,
    columns: &[usize],
    rows: &[Keyed],
) -> Result<(), DbError> {
    let name = |number: usize| match number {
        0 => table.key,
        _ => table.columns[columns[number - 1]].name,
    };
    let sql = format!(
        "UPDATE {stored} AS t SET {} FROM (SELECT {} FROM json_each($1)) AS u \
         WHERE t.{key} = u.{key}",
        assignments(table, columns.iter().copied(), "u"),
        members(columns.len() + 1, |number| format!("value->>{number} AS {}", name(number))),
        key = table.key
    );
    run(connection, &sql, &Rows(rows)).await
}

fn members(count: usize, member: impl Fn(usize) -> String) -> String {
    (0..count).map(member).collect::<Vec<_>>().join(", ")
}

async fn run(
    connection: &mut SqliteConnection,
    sql: &str,
    rows: &(impl Serialize + ?Sized),
) -> Result<(), DbError> {
    let document = serde_json::to_string(rows).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    sqlx::query(sql).bind(document).execute(connection).await?;
    Ok(())
}

struct Rows<'a>(&'a [Keyed]);
struct Cells<'a>(&'a Keyed);
struct Cell<'a>(&'a Value);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Cells))
    }
}

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, values) = self.0;
        let mut seq = serializer.serialize_seq(Some(values.len() + 1))?;
        seq.serialize_element(key)?;
        for value in values {
            seq.serialize_element(&Cell(value))?;
        }
        seq.end()
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null(_) => serializer.serialize_none(),
            // A JSON document is kept as text.
            Value::Text(text) | Value::Json(text) => serializer.serialize_str(text),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Bool(yes) => serializer.serialize_i64(i64::from(*yes)),
            Value::Time(at) => serializer.collect_str(at),
        }
    }
}
