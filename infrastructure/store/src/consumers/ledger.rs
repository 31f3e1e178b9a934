//! The table `projections`: which generations there are, and how far each is.

use domain::kernel::Timestamp;

use super::PART;
use crate::{
    db::{Db, DbError, Row, Tx, Value},
    projections::Projection,
};

const READ: &str = "SELECT version, generation, state, definition, position, applied, updated_at \
     FROM projections WHERE name = $1 AND part = $2 ORDER BY version, generation";
const ADD: &str = "INSERT INTO projections \
     (name, version, generation, part, state, definition, position, applied, updated_at) \
     VALUES ($1, $2, $3, $4, 'building', $5, 0, 0, $6)";
const ADVANCE: &str = "UPDATE projections \
     SET position = $6, applied = applied + $7, updated_at = $8 \
     WHERE name = $1 AND version = $2 AND generation = $3 AND part = $4 AND position = $5";
/// What is lost with a lost power supply is the rows together with their checkpoint, and the log
/// has it all: a write of read models need not wait for the disk.
const ADVANCE_POSTGRES: &str = "UPDATE projections \
     SET position = $6, applied = applied + $7, updated_at = $8 \
     WHERE name = $1 AND version = $2 AND generation = $3 AND part = $4 AND position = $5 \
     RETURNING set_config('synchronous_commit', 'off', true)";
const STATE: &str = "UPDATE projections SET state = $5, updated_at = $6 \
     WHERE name = $1 AND version = $2 AND generation = $3 AND part = $4";
const REMOVE: &str = "DELETE FROM projections \
     WHERE name = $1 AND version = $2 AND generation = $3 AND part = $4";

/// Every statement of this file that both engines know.
pub(super) const STATEMENTS: &[&str] = &[READ, ADD, ADVANCE, STATE, REMOVE];

/// What a generation is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being filled and not served yet.
    Building,
    /// It is served and fed.
    Active,
    /// It is served but not fed.
    Paused,
    /// Another version replaced it; hosts of the version before may still read it.
    Retired,
}

impl State {
    /// As the table has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Retired => "retired",
        }
    }
    pub(super) fn read(name: &str) -> Result<Self, DbError> {
        [Self::Building, Self::Active, Self::Paused, Self::Retired]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| {
                DbError::Unexpected(sqlx::Error::Decode(
                    format!("'{name}' is no state of a projection").into(),
                ))
            })
    }
    /// Whether queries read it.
    #[must_use]
    pub fn is_served(self) -> bool {
        matches!(self, Self::Active | Self::Paused)
    }
}

/// A generation of a version of a projection.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub version: u32,
    pub generation: u32,
    pub state: State,
    pub definition: String,
    pub position: u64,
    pub applied: u64,
    pub updated_at: Timestamp,
}

/// Which checkpoint moves, and from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    pub projection: &'a Projection,
    pub generation: u32,
    pub from: u64,
    pub to: u64,
    /// How many events changed something.
    pub applied: u64,
    pub now: Timestamp,
}

/// All generations of a projection, oldest first.
pub(super) async fn read(db: &Db, name: &str) -> Result<Vec<Line>, DbError> {
    let rows = db.fetch(READ, &[name.into(), PART.into()]).await?;
    rows.iter().map(line).collect()
}

/// All generations of a projection as a transaction sees them, oldest first.
pub(super) async fn read_in(tx: &mut Tx, name: &str) -> Result<Vec<Line>, DbError> {
    let rows = tx.fetch(READ, &[name.into(), PART.into()]).await?;
    rows.iter().map(line).collect()
}

fn line(row: &Row) -> Result<Line, DbError> {
    Ok(Line {
        version: number(row, "version")?,
        generation: number(row, "generation")?,
        state: State::read(&row.text("state")?)?,
        definition: row.text("definition")?,
        position: row.count("position")?,
        applied: row.count("applied")?,
        updated_at: row.time("updated_at")?,
    })
}

fn number(row: &Row, column: &str) -> Result<u32, DbError> {
    u32::try_from(row.int(column)?).map_err(|error| {
        DbError::Unexpected(sqlx::Error::ColumnDecode {
            index: column.to_owned(),
            source: error.into(),
        })
    })
}

/// Notes a new generation, which is to be built.
pub(super) async fn add(
    tx: &mut Tx,
    projection: &Projection,
    generation: u32,
    now: Timestamp,
) -> Result<(), DbError> {
    let [name, version, generation, part] = key(projection, projection.version, generation);
    let values = [name, version, generation, part, projection.definition().into(), now.into()];
    tx.execute(ADD, &values).await?;
    Ok(())
}

/// Moves a checkpoint; `false` if it is not where it should be: another instance runs.
pub(super) async fn advance(tx: &mut Tx, step: &Step<'_>) -> Result<bool, DbError> {
    let [name, version, generation, part] =
        key(step.projection, step.projection.version, step.generation);
    let values = [
        name,
        version,
        generation,
        part,
        step.from.into(),
        step.to.into(),
        step.applied.into(),
        step.now.into(),
    ];
    let sql = if matches!(tx, Tx::Postgres(_)) { ADVANCE_POSTGRES } else { ADVANCE };
    Ok(tx.execute(sql, &values).await? == 1)
}

/// Changes what a generation is there for.
pub(super) async fn set_state(
    tx: &mut Tx,
    projection: &Projection,
    line: (u32, u32),
    state: State,
    now: Timestamp,
) -> Result<(), DbError> {
    let [name, version, generation, part] = key(projection, line.0, line.1);
    let values = [name, version, generation, part, state.name().into(), now.into()];
    tx.execute(STATE, &values).await?;
    Ok(())
}

/// Forgets a generation.
pub(super) async fn remove(
    tx: &mut Tx,
    projection: &Projection,
    version: u32,
    generation: u32,
) -> Result<(), DbError> {
    tx.execute(REMOVE, &key(projection, version, generation)).await?;
    Ok(())
}

fn key(projection: &Projection, version: u32, generation: u32) -> [Value; 4] {
    [projection.name.into(), version.into(), generation.into(), PART.into()]
}
