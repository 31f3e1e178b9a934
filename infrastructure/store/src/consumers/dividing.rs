//! The checkpoints of reactions: one for each part, made before anybody moves them.

use application::{
    ports::Partition,
    reaction::{Reaction, Start},
};

use super::{Parts, error::ConsumerError};
use crate::db::{Db, DbError, Tx};

const READ: &str = "SELECT CAST(part AS bigint) AS part, position FROM checkpoints \
     WHERE consumer = $1 ORDER BY part";
const ADD: &str = "INSERT INTO checkpoints (consumer, part, position) VALUES ($1, $2, $3) \
     ON CONFLICT (consumer, part) DO NOTHING";
const BACK: &str = "UPDATE checkpoints SET position = $2 WHERE consumer = $1 AND position > $2";
const REMOVE: &str = "DELETE FROM checkpoints WHERE consumer = $1";
const LETTERS: &str = "SELECT position, aggregate_type, aggregate_id FROM dead_letters \
     WHERE consumer = $1";
const LETTER: &str = "UPDATE dead_letters SET part = $3 WHERE consumer = $1 AND position = $2";

/// Every statement of this file.
pub(super) const STATEMENTS: &[&str] = &[READ, ADD, BACK, REMOVE, LETTERS, LETTER];

/// The checkpoint of each part of a reaction.
pub(super) async fn checkpoints(db: &Db, reaction: &str) -> Result<Vec<u64>, DbError> {
    let rows = db.fetch(READ, &[reaction.into()]).await?;
    rows.iter().map(|row| row.count("position")).collect()
}

/// The position that every part has come to; `None` if there are no checkpoints yet.
pub(super) async fn furthest_done(tx: &mut Tx, reaction: &str) -> Result<Option<u64>, DbError> {
    let mut least = None;
    for row in tx.fetch(READ, &[reaction.into()]).await? {
        let position = row.count("position")?;
        least = Some(least.map_or(position, |least: u64| least.min(position)));
    }
    Ok(least)
}

/// Puts every part that is further back to a position.
pub(super) async fn put_back(tx: &mut Tx, reaction: &str, to: u64) -> Result<(), DbError> {
    tx.execute(BACK, &[reaction.into(), to.into()]).await?;
    Ok(())
}

/// Makes the checkpoints of a reaction, or divides them as the deployment is set to. One that is
/// new begins where it says, unless everything was lost with the log while this process ran.
pub(super) async fn divide(
    parts: &Parts,
    reaction: &Reaction,
    was_there: bool,
) -> Result<(), ConsumerError> {
    let count = usize::from(parts.partition.parts());
    let found = checkpoints(&parts.log_db, reaction.name).await?;
    let position = match (found.first(), reaction.start) {
        _ if found.len() == count => return Ok(()),
        (Some(first), _) if found.iter().all(|position| position == first) => *first,
        (Some(_), _) => {
            return Err(ConsumerError::Corrupt(format!(
                "it is divided into {} parts, which are not equally far: set GROUNDWORK_PARTS to \
                 {0}, let it catch up while nothing is appended, then change the number",
                found.len()
            )));
        }
        (None, Start::Now) if !was_there => parts.log.head().await?,
        (None, Start::Now | Start::Origin) => 0,
    };
    let mut tx = parts.log_db.begin().await?;
    tx.execute(REMOVE, &[reaction.name.into()]).await?;
    for part in 0..parts.partition.parts() {
        tx.execute(ADD, &[reaction.name.into(), part.into(), position.into()]).await?;
    }
    divide_letters(&mut tx, reaction.name, parts.partition).await?;
    tx.commit().await?;
    Ok(())
}

async fn divide_letters(tx: &mut Tx, name: &str, partition: Partition) -> Result<(), DbError> {
    for row in tx.fetch(LETTERS, &[name.into()]).await? {
        let stream = super::letters::stream(&row)?;
        let part = partition.part(&stream);
        tx.execute(LETTER, &[name.into(), row.count("position")?.into(), part.into()]).await?;
    }
    Ok(())
}
