//! Binding and running, once per engine.

use serde_json::value::RawValue;
use sqlx::{
    Arguments, Executor, Postgres, Sqlite, encode::Encode, postgres::PgArguments,
    sqlite::SqliteArguments, types::Json, types::Type,
};
use time::OffsetDateTime;

use super::{DbError, Kind, Row, Value};

pub(super) async fn fetch_postgres<'e, E>(
    on: E,
    sql: &str,
    values: &[Value],
) -> Result<Vec<Row>, DbError>
where
    E: Executor<'e, Database = Postgres>,
{
    let rows = sqlx::query_with(sql, postgres(values)?).fetch_all(on).await?;
    Ok(rows.into_iter().map(Row::Postgres).collect())
}

pub(super) async fn one_postgres<'e, E>(
    on: E,
    sql: &str,
    values: &[Value],
) -> Result<Option<Row>, DbError>
where
    E: Executor<'e, Database = Postgres>,
{
    let row = sqlx::query_with(sql, postgres(values)?).fetch_optional(on).await?;
    Ok(row.map(Row::Postgres))
}

pub(super) async fn execute_postgres<'e, E>(
    on: E,
    sql: &str,
    values: &[Value],
) -> Result<u64, DbError>
where
    E: Executor<'e, Database = Postgres>,
{
    Ok(sqlx::query_with(sql, postgres(values)?).execute(on).await?.rows_affected())
}

pub(super) async fn fetch_sqlite<'e, E>(
    on: E,
    sql: &str,
    values: &[Value],
) -> Result<Vec<Row>, DbError>
where
    E: Executor<'e, Database = Sqlite>,
{
    let rows = sqlx::query_with(sql, sqlite(values)?).fetch_all(on).await?;
    Ok(rows.into_iter().map(Row::Sqlite).collect())
}

pub(super) async fn one_sqlite<'e, E>(
    on: E,
    sql: &str,
    values: &[Value],
) -> Result<Option<Row>, DbError>
where
    E: Executor<'e, Database = Sqlite>,
{
    let row = sqlx::query_with(sql, sqlite(values)?).fetch_optional(on).await?;
    Ok(row.map(Row::Sqlite))
}

pub(super) async fn execute_sqlite<'e, E>(
    on: E,
    sql: &str,
    values: &[Value],
) -> Result<u64, DbError>
where
    E: Executor<'e, Database = Sqlite>,
{
    Ok(sqlx::query_with(sql, sqlite(values)?).execute(on).await?.rows_affected())
}

fn postgres(values: &[Value]) -> Result<PgArguments, DbError> {
    fn add<'q, T>(arguments: &mut PgArguments, value: T) -> Result<(), DbError>
    where
        T: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        arguments.add(value).map_err(unbindable)
    }
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Null(Kind::Text) => add(&mut arguments, None::<&str>)?,
            Value::Null(Kind::Int) => add(&mut arguments, None::<i64>)?,
            Value::Null(Kind::Bool) => add(&mut arguments, None::<bool>)?,
            Value::Null(Kind::Time) => add(&mut arguments, None::<OffsetDateTime>)?,
            Value::Null(Kind::Json) => add(&mut arguments, None::<Json<()>>)?,
            Value::Text(text) => add(&mut arguments, text.as_str())?,
            Value::Int(number) => add(&mut arguments, *number)?,
            Value::Bool(yes) => add(&mut arguments, *yes)?,
            Value::Time(at) => add(&mut arguments, at.get())?,
            Value::Json(text) => {
                let raw: &RawValue =
                    serde_json::from_str(text).map_err(|e| unbindable(e.into()))?;
                add(&mut arguments, Json(raw))?;
            }
        }
    }
    Ok(arguments)
}

fn sqlite<'q>(values: &[Value]) -> Result<SqliteArguments<'q>, DbError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Null(_) => arguments.add(None::<String>),
            Value::Text(text) | Value::Json(text) => arguments.add(text.clone()),
            Value::Int(number) => arguments.add(*number),
            Value::Bool(yes) => arguments.add(*yes),
            Value::Time(at) => arguments.add(at.to_string()),
        }
        .map_err(unbindable)?;
    }
    Ok(arguments)
}

fn unbindable(error: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    DbError::Unexpected(sqlx::Error::Encode(error))
}
