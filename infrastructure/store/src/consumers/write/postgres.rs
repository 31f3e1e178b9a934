//! PostgreSQL: one array per column, opened by `unnest`.

use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::Query};
use time::OffsetDateTime;

use super::{Keyed, assignments};
use crate::{
    consumers::tables::column_list,
    db::{DbError, Kind, Value},
    projections::Table,
};

type Statement<'q> = Query<'q, Postgres, PgArguments>;

pub(super) async fn delete(
    connection: &mut PgConnection,
    stored: &str,
    column: &str,
    values: Vec<String>,
) -> Result<(), DbError> {
    let sql = format!("DELETE FROM {stored} WHERE {column} = ANY($1::text[])");
    sqlx::query(&sql).bind(values).execute(connection).await?;
    Ok(())
}

pub(super) async fn upsert(
    connection: &mut PgConnection,
    table: &Table,
    stored: &str,
    rows: Vec<Keyed>,
) -> Result<(), DbError> {
    let all = 0..table.columns.len();
    let (columns, source) = (column_list(table), source(table, all.clone()));
    let conflict = if table.columns.is_empty() {
        "NOTHING".to_owned()
    } else {
        format!("UPDATE SET {}", assignments(table, all.clone(), "excluded"))
    };
    let sql = format!(
        "INSERT INTO {stored} ({columns}) SELECT * FROM {source} ON CONFLICT ({}) DO {conflict}",
        table.key
    );
    bind(sqlx::query(&sql), table, all, rows).execute(connection).await?;
    Ok(())
}

pub(super) async fn update(
    connection: &mut PgConnection,
    table: &Table,
    stored: &str,
    columns: &[usize],
    rows: Vec<Keyed>,
) -> Result<(), DbError> {
    let columns = columns.iter().copied();
    let source = source(table, columns.clone());
    let names: Vec<&str> = columns.clone().map(|at| table.columns[at].name).collect();
    let sql = format!(
        "UPDATE {stored} AS t SET {} FROM {source} AS u ({key}, {names}) WHERE t.{key} = u.{key}",
        assignments(table, columns.clone(), "u"),
        key = table.key,
        names = names.join(", ")
    );
    bind(sqlx::query(&sql), table, columns, rows).execute(connection).await?;
    Ok(())
}

fn source(table: &Table, columns: impl Iterator<Item = usize>) -> String {
    let mut arrays = vec!["$1::text[]".to_owned()];
    for (number, at) in columns.enumerate() {
        let cast = match table.columns[at].kind {
            Kind::Text => "text[]",
            Kind::Int => "bigint[]",
            Kind::Bool => "boolean[]",
            Kind::Time => "timestamptz[]",
            Kind::Json => "text[]::jsonb[]",
        };
        arrays.push(format!("${}::{cast}", number + 2));
    }
    format!("unnest({})", arrays.join(", "))
}

fn bind<'q>(
    statement: Statement<'q>,
    table: &Table,
    columns: impl Iterator<Item = usize>,
    rows: Vec<Keyed>,
) -> Statement<'q> {
    let mut keys = Vec::with_capacity(rows.len());
    let mut values: Vec<std::vec::IntoIter<Value>> = Vec::with_capacity(rows.len());
    for (key, row) in rows {
        keys.push(key);
        values.push(row.into_iter());
    }
    let mut statement = statement.bind(keys);
    for at in columns {
        // Each row gives its next value: the columns are asked for in the order of the rows.
        let column = values.iter_mut().filter_map(Iterator::next);
        statement = match table.columns[at].kind {
            Kind::Text | Kind::Json => statement.bind(column.map(text).collect::<Vec<_>>()),
            Kind::Int => statement.bind(column.map(|v| int(&v)).collect::<Vec<_>>()),
            Kind::Bool => statement.bind(column.map(|v| bool(&v)).collect::<Vec<_>>()),
            Kind::Time => statement.bind(column.map(|v| time(&v)).collect::<Vec<_>>()),
        };
    }
    statement
}

fn text(value: Value) -> Option<String> {
    if let Value::Text(text) | Value::Json(text) = value { Some(text) } else { None }
}

fn int(value: &Value) -> Option<i64> {
    if let Value::Int(number) = value { Some(*number) } else { None }
}

fn bool(value: &Value) -> Option<bool> {
    if let Value::Bool(yes) = value { Some(*yes) } else { None }
}

fn time(value: &Value) -> Option<OffsetDateTime> {
    if let Value::Time(at) = value { Some(at.get()) } else { None }
}
