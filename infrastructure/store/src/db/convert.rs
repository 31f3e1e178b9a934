//! Queries with what is bound to them, once per engine.

use serde_json::value::RawValue;
use sqlx::{
    Arguments, Postgres, Sqlite, encode::Encode, postgres::PgArguments, query::Query,
    sqlite::SqliteArguments, types::Json, types::Type,
};
use time::OffsetDateTime;

use super::{DbError, Kind, Value};

/// A query of PostgreSQL.
pub(super) fn postgres<'q>(
    sql: &'q str,
    values: &[Value],
) -> Result<Query<'q, Postgres, PgArguments>, DbError> {
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
    Ok(sqlx::query_with(sql, arguments))
}

/// A query of SQLite.
pub(super) fn sqlite<'q>(
    sql: &'q str,
    values: &[Value],
) -> Result<Query<'q, Sqlite, SqliteArguments<'q>>, DbError> {
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
    Ok(sqlx::query_with(sql, arguments))
}

fn unbindable(error: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    DbError::Unexpected(sqlx::Error::Encode(error))
}
