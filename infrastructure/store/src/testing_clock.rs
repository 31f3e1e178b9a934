//! The clock that tests move: how far it is ahead is stored, so that every host follows.

use application::Result;

use crate::db::{Db, Value};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS testing_clock (
    id integer PRIMARY KEY CHECK (id = 1), ahead bigint NOT NULL)";
const AHEAD: &str = "SELECT ahead FROM testing_clock WHERE id = 1";
const ADVANCE: &str = "INSERT INTO testing_clock (id, ahead) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET ahead = testing_clock.ahead + excluded.ahead";
const RESET: &str = "DELETE FROM testing_clock";

/// How far the clock of a deployment is ahead of the real time.
#[derive(Clone, Debug)]
pub struct TestingClock(Db);

impl TestingClock {
    /// Makes the table, which only testing builds have.
    ///
    /// # Errors
    /// If the database can't be written.
    pub async fn open(db: Db) -> Result<Self> {
        // Of hosts that make it at once, PostgreSQL refuses all but one, which then find it.
        if db.execute(TABLE, &[]).await.is_err() {
            db.execute(TABLE, &[]).await?;
        }
        Ok(Self(db))
    }
    /// Seconds ahead; 0 if it was never moved.
    ///
    /// # Errors
    /// If the database can't be read.
    pub async fn ahead(&self) -> Result<i64> {
        match self.0.fetch_one(AHEAD, &[]).await? {
            Some(row) => Ok(row.int("ahead")?),
            None => Ok(0),
        }
    }
    /// Moves it forward.
    ///
    /// # Errors
    /// If the database can't be written.
    pub async fn advance(&self, seconds: i64) -> Result<()> {
        self.0.execute(ADVANCE, &[Value::Int(seconds)]).await?;
        Ok(())
    }
    /// Sets it back to the real time.
    ///
    /// # Errors
    /// If the database can't be written.
    pub async fn reset(&self) -> Result<()> {
        self.0.execute(RESET, &[]).await?;
        Ok(())
    }
}
