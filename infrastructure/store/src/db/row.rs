//! Reading rows.

use domain::kernel::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::{
    Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow, types::Json,
};
use time::OffsetDateTime;

use super::DbError;

/// A row; columns are named as the query names them.
pub enum Row {
    /// Of PostgreSQL.
    Postgres(PgRow),
    /// Of SQLite.
    Sqlite(SqliteRow),
}

impl Row {
    /// Text that is always there.
    ///
    /// # Errors
    /// [`DbError::Unexpected`] for a missing column, another kind, or nothing.
    pub fn text(&self, column: &str) -> Result<String, DbError> {
        self.get(column)
    }
    /// Text, if any.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, DbError> {
        self.get(column)
    }
    /// A number that is always there.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn int(&self, column: &str) -> Result<i64, DbError> {
        self.get(column)
    }
    /// A number, if any.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, DbError> {
        self.get(column)
    }
    /// A position, version or count, which is never negative.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn count(&self, column: &str) -> Result<u64, DbError> {
        u64::try_from(self.int(column)?).map_err(|error| undecodable(column, error.into()))
    }
    /// True or false.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn bool(&self, column: &str) -> Result<bool, DbError> {
        self.get(column)
    }
    /// A point in time that is always there.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn time(&self, column: &str) -> Result<Timestamp, DbError> {
        self.opt_time(column)?.ok_or_else(|| undecodable(column, "there is no time".into()))
    }
    /// A point in time, if any.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, DbError> {
        match self {
            Self::Postgres(row) => {
                Ok(row.try_get::<Option<OffsetDateTime>, _>(column)?.map(Timestamp::new))
            }
            Self::Sqlite(row) => row
                .try_get::<Option<String>, _>(column)?
                .map(|text| Timestamp::parse(&text).map_err(|e| undecodable(column, e.into())))
                .transpose(),
        }
    }
    /// A JSON document.
    ///
    /// # Errors
    /// As [`Self::text`]; also if the document has another shape.
    pub fn json<T: DeserializeOwned + 'static>(&self, column: &str) -> Result<T, DbError> {
        match self {
            Self::Postgres(row) => Ok(row.try_get::<Json<T>, _>(column)?.0),
            Self::Sqlite(row) => serde_json::from_str(&row.try_get::<String, _>(column)?)
                .map_err(|error| undecodable(column, error.into())),
        }
    }

    fn get<T>(&self, column: &str) -> Result<T, DbError>
    where
        T: for<'r> Decode<'r, Postgres>
            + Type<Postgres>
            + for<'r> Decode<'r, Sqlite>
            + Type<Sqlite>,
    {
        Ok(match self {
            Self::Postgres(row) => row.try_get(column)?,
            Self::Sqlite(row) => row.try_get(column)?,
        })
    }
}

fn undecodable(column: &str, source: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    DbError::Unexpected(sqlx::Error::ColumnDecode { index: column.to_owned(), source })
}
