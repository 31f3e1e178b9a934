//! Whether read models are what the log makes of them.

use std::sync::Arc;

use application::ports::{Clock, EventLog, Partition, Recorded};

use super::{
    building::{self, PAGE},
    error::ConsumerError,
    ledger::{self, Line},
    letters,
    sink::{Sink, label},
    tables, write,
};
use crate::{
    db::{Db, DbError, Tx},
    projections::{Projection, Table},
};

/// The generation that is made to be compared; engines leave it alone.
pub(super) const SCRATCH: u32 = 0;
/// Rows that are named per table and direction.
const NAMED: usize = 10;

/// Compares what is served with what the log makes of it now.
pub(super) async fn compare(
    db: &Db,
    log: Arc<dyn EventLog>,
    clock: &Arc<dyn Clock>,
    projection: &Projection,
) -> Result<Vec<String>, ConsumerError> {
    let Some(served) = served(ledger::read(db, projection.name).await?, projection) else {
        return Ok(vec![format!("projection '{}' is not served", projection.name)]);
    };
    remove_scratch(db, projection).await?;
    let partition = partition(&served);
    let line = building::begin_as(db, clock.now(), partition, projection, SCRATCH).await?;
    let found = build_and_compare(db, log, clock, projection, &line, served.position()).await;
    remove_scratch(db, projection).await?;
    found
}

async fn build_and_compare(
    db: &Db,
    log: Arc<dyn EventLog>,
    clock: &Arc<dyn Clock>,
    projection: &Projection,
    line: &Line,
    until: u64,
) -> Result<Vec<String>, ConsumerError> {
    let mut scratch = Sink::open(db, &log, clock, partition(line), *projection, line, None).await?;
    building::catch_up(&log, clock, &mut scratch, Some(until)).await?;
    let mut tx = db.begin().await?;
    if matches!(tx, Tx::Postgres(_)) {
        // All that follows sees one moment, while the engine goes on.
        tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", &[]).await?;
    }
    let lines = ledger::read_in(&mut tx, projection.name).await?;
    let Some(served) = served(lines, projection) else {
        return Err(ConsumerError::Superseded);
    };
    follow(&mut tx, log.as_ref(), clock, &mut scratch, &served).await?;
    let mut differences = Vec::new();
    for table in projection.tables {
        let stored = table.stored(projection.version, served.generation);
        let fresh = table.stored(projection.version, SCRATCH);
        let name = table.name;
        for row in surplus(&mut tx, table, &stored, &fresh).await? {
            differences.push(format!("{name}: row '{row}' is not what the log makes of it"));
        }
        for row in surplus(&mut tx, table, &fresh, &stored).await? {
            differences.push(format!("{name}: row '{row}' is missing, or not what it should be"));
        }
    }
    // Dropped, not committed: what was added in it goes with the rest.
    Ok(differences)
}

/// Brings the scratch tables to where the served ones are in this transaction's view.
async fn follow(
    tx: &mut Tx,
    log: &dyn EventLog,
    clock: &Arc<dyn Clock>,
    scratch: &mut Sink,
    served: &Line,
) -> Result<(), ConsumerError> {
    let parts = partition(served);
    let handled = |event: &Recorded| {
        let part = usize::from(parts.part(&event.stream));
        served.positions.get(part).is_some_and(|position| event.position <= *position)
    };
    let mut position = scratch.place.at;
    while position < served.furthest() {
        let mut events = log.read(position, PAGE).await?;
        let Some(last) = events.last() else { return Ok(()) };
        position = last.position;
        events.retain(handled);
        let batch = scratch.folder.fold(&events, position, clock.now());
        write::write(tx, &scratch.projection, SCRATCH, batch.segments).await?;
    }
    Ok(())
}

/// Keys of rows that are in one table and not, with the same columns, in the other.
async fn surplus(
    tx: &mut Tx,
    table: &Table,
    left: &str,
    right: &str,
) -> Result<Vec<String>, DbError> {
    let columns = tables::column_list(table);
    let sql = format!(
        "SELECT {key} AS differs FROM (SELECT {columns} FROM {left} EXCEPT \
         SELECT {columns} FROM {right}) AS surplus ORDER BY {key} LIMIT {NAMED}",
        key = table.key
    );
    tx.fetch(&sql, &[]).await?.iter().map(|row| row.text("differs")).collect()
}

async fn remove_scratch(db: &Db, projection: &Projection) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    tables::drop_generation(&mut tx, projection, projection.version, SCRATCH).await?;
    ledger::remove(&mut tx, projection, projection.version, SCRATCH).await?;
    let name = label(projection, projection.version, SCRATCH, ledger::State::Building);
    letters::remove_all(&mut tx, &name).await?;
    tx.commit().await
}

/// How a generation's checkpoints divide the log.
fn partition(line: &Line) -> Partition {
    u16::try_from(line.positions.len()).ok().and_then(Partition::new).unwrap_or(Partition::ONE)
}

fn served(lines: Vec<Line>, projection: &Projection) -> Option<Line> {
    lines.into_iter().find(|line| line.version == projection.version && line.state.is_served())
}
