//! The table `projections`: which generations there are, and how far each is.

use domain::kernel::Timestamp;

use crate::{
    db::{Db, DbError, Row, Tx, Value},
    projections::Projection,
};

const READ: &str = "SELECT version, generation, state, definition, position, applied, updated_at \
     FROM projections WHERE name = $1 ORDER BY version, generation, part";
const ADD: &str = "INSERT INTO projections \
     (name, version, generation, part, state, definition, position, applied, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const ADVANCE: &str = "UPDATE projections \
     SET position = $7, updated_at = $9, \
     applied = applied + CASE WHEN CAST($6 AS bigint) < 0 AND part > 0 THEN 0 ELSE $8 END \
     WHERE name = $1 AND version = $2 AND generation = $3 AND position = $4 AND state = $5 \
     AND (CAST($6 AS bigint) < 0 OR part = $6)";
/// What is lost with a lost power supply is the rows together with their checkpoint, and the log
/// has it all: a write of read models need not wait for the disk.
const ADVANCE_POSTGRES: &str = "UPDATE projections \
     SET position = $7, updated_at = $9, \
     applied = applied + CASE WHEN CAST($6 AS bigint) < 0 AND part > 0 THEN 0 ELSE $8 END \
     WHERE name = $1 AND version = $2 AND generation = $3 AND position = $4 AND state = $5 \
     AND (CAST($6 AS bigint) < 0 OR part = $6) \
     RETURNING set_config('synchronous_commit', 'off', true)";
const STATE: &str = "UPDATE projections SET state = $4, updated_at = $5 \
     WHERE name = $1 AND version = $2 AND generation = $3";
const REMOVE: &str = "DELETE FROM projections WHERE name = $1 AND version = $2 AND generation = $3";

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
    /// The last position that was handled of each part.
    pub positions: Vec<u64>,
    pub applied: u64,
    pub updated_at: Timestamp,
}

impl Line {
    /// Every part is here or further.
    pub fn position(&self) -> u64 {
        self.positions.iter().copied().min().unwrap_or_default()
    }
    /// No part is further.
    pub fn furthest(&self) -> u64 {
        self.positions.iter().copied().max().unwrap_or_default()
    }
}

/// Which checkpoint moves, and from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    pub projection: &'a Projection,
    pub generation: u32,
    /// What the generation has to be there for.
    pub state: State,
    /// `None` for all parts at once, which are at the same position then.
    pub part: Option<u16>,
    /// How many parts there are.
    pub parts: u16,
    pub from: u64,
    pub to: u64,
    /// How many events changed something.
    pub applied: u64,
    pub now: Timestamp,
}

impl Step<'_> {
    fn values(&self) -> [Value; 9] {
        let [name, version, generation] =
            key(self.projection, self.projection.version, self.generation);
        [
            name,
            version,
            generation,
            self.from.into(),
            self.state.name().into(),
            self.part.map_or(-1, i64::from).into(),
            self.to.into(),
            self.applied.into(),
            self.now.into(),
        ]
    }
    /// How many rows move.
    fn rows(&self) -> u64 {
        if self.part.is_some() { 1 } else { self.parts.into() }
    }
}

/// All generations of a projection, oldest first.
pub(super) async fn read(db: &Db, name: &str) -> Result<Vec<Line>, DbError> {
    lines(&db.fetch(READ, &[name.into()]).await?)
}

/// All generations of a projection as a transaction sees them, oldest first.
pub(super) async fn read_in(tx: &mut Tx, name: &str) -> Result<Vec<Line>, DbError> {
    lines(&tx.fetch(READ, &[name.into()]).await?)
}

/// Rows are ordered by part within a generation.
fn lines(rows: &[Row]) -> Result<Vec<Line>, DbError> {
    let mut lines: Vec<Line> = vec![];
    for row in rows {
        let (version, generation) = (number(row, "version")?, number(row, "generation")?);
        let (position, applied) = (row.count("position")?, row.count("applied")?);
        let updated_at = row.time("updated_at")?;
        match lines.last_mut() {
            Some(line) if (line.version, line.generation) == (version, generation) => {
                line.positions.push(position);
                line.applied += applied;
                line.updated_at = line.updated_at.max(updated_at);
            }
            _ => lines.push(Line {
                version,
                generation,
                state: State::read(&row.text("state")?)?,
                definition: row.text("definition")?,
                positions: vec![position],
                applied,
                updated_at,
            }),
        }
    }
    Ok(lines)
}

fn number(row: &Row, column: &str) -> Result<u32, DbError> {
    u32::try_from(row.int(column)?).map_err(|error| {
        DbError::Unexpected(sqlx::Error::ColumnDecode {
            index: column.to_owned(),
            source: error.into(),
        })
    })
}

/// Notes a generation with its checkpoints.
pub(super) async fn add(tx: &mut Tx, projection: &Projection, line: &Line) -> Result<(), DbError> {
    for (part, position) in (0_u64..).zip(&line.positions) {
        let [name, version, generation] = key(projection, line.version, line.generation);
        // What was applied is counted once, whatever it is divided into.
        let applied = if part == 0 { line.applied } else { 0 };
        let values = [
            name,
            version,
            generation,
            part.into(),
            line.state.name().into(),
            line.definition.as_str().into(),
            (*position).into(),
            applied.into(),
            line.updated_at.into(),
        ];
        tx.execute(ADD, &values).await?;
    }
    Ok(())
}

/// Moves a checkpoint; `false` if it is not where and what it should be: another instance runs, or
/// the generation was paused or replaced.
pub(super) async fn advance(tx: &mut Tx, step: &Step<'_>) -> Result<bool, DbError> {
    let sql = if matches!(tx, Tx::Postgres(_)) { ADVANCE_POSTGRES } else { ADVANCE };
    Ok(tx.execute(sql, &step.values()).await? == step.rows())
}

/// As [`advance`], with nothing else: one row needs no transaction around it.
pub(super) async fn advance_alone(db: &Db, step: &Step<'_>) -> Result<bool, DbError> {
    if step.rows() > 1 {
        let mut tx = db.begin().await?;
        let advanced = advance(&mut tx, step).await?;
        if advanced {
            tx.commit().await?;
        }
        return Ok(advanced);
    }
    let sql = if matches!(db, Db::Postgres { .. }) { ADVANCE_POSTGRES } else { ADVANCE };
    Ok(db.execute(sql, &step.values()).await? == 1)
}

/// Changes what a generation is there for. Nobody moves its checkpoints until the transaction ends.
pub(super) async fn set_state(
    tx: &mut Tx,
    projection: &Projection,
    line: (u32, u32),
    state: State,
    now: Timestamp,
) -> Result<(), DbError> {
    let [name, version, generation] = key(projection, line.0, line.1);
    tx.execute(STATE, &[name, version, generation, state.name().into(), now.into()]).await?;
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

fn key(projection: &Projection, version: u32, generation: u32) -> [Value; 3] {
    [projection.name.into(), version.into(), generation.into()]
}
