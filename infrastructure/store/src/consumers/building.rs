//! Fills a generation from the first event on, beside whatever is served.

use std::{ops::Range, sync::Arc};

use application::ports::{Clock, EventLog, Partition, Recorded};
use domain::kernel::Timestamp;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    Shared,
    batch::{Batch, Folder},
    error::ConsumerError,
    ledger::{self, Line, State},
    sink::Sink,
    tables, verify,
};
use crate::{db::Db, projections::Projection};

/// Events per page and transaction.
pub(super) const PAGE: usize = 8_000;

/// A page that was read and folded while the one before was written.
struct Prepared {
    events: Vec<Recorded>,
    batch: Batch,
}

/// Begins another generation: its line and empty tables.
pub(super) async fn begin(
    shared: &Shared,
    projection: &Projection,
    lines: &[Line],
) -> Result<Line, ConsumerError> {
    let generation = lines
        .iter()
        .filter(|line| line.version == projection.version)
        .map(|line| line.generation + 1)
        .max()
        .unwrap_or(1);
    tracing::info!(
        projection = projection.name,
        version = projection.version,
        generation,
        "a projection is being built from the log"
    );
    begin_as(&shared.db, shared.clock.now(), shared.partition, projection, generation).await
}

/// Begins this generation: its line and empty tables.
pub(super) async fn begin_as(
    db: &Db,
    now: Timestamp,
    partition: Partition,
    projection: &Projection,
    generation: u32,
) -> Result<Line, ConsumerError> {
    let line = Line {
        version: projection.version,
        generation,
        state: State::Building,
        definition: projection.definition(),
        positions: vec![0; partition.parts().into()],
        applied: 0,
        updated_at: now,
    };
    let mut tx = db.begin().await?;
    tables::create(&mut tx, projection, generation).await?;
    ledger::add(&mut tx, projection, &line).await?;
    tx.commit().await?;
    Ok(line)
}

/// Fills a generation up to about the head of the log, and makes its indexes.
pub(super) async fn fill(
    shared: Shared,
    projection: Projection,
    line: Line,
) -> Result<Sink, ConsumerError> {
    let mut sink = shared.open(projection, &line, None).await?;
    catch_up(&shared.log, &shared.clock, &mut sink, None).await?;
    tables::index(&shared.db, &projection, sink.generation).await?;
    // Making indexes may have taken a while.
    catch_up(&shared.log, &shared.clock, &mut sink, None).await?;
    Ok(sink)
}

/// Writes page after page until one is not full; the next is read and folded meanwhile.
/// Ends at `until`, if it is given.
pub(super) async fn catch_up(
    log: &Arc<dyn EventLog>,
    clock: &Arc<dyn Clock>,
    sink: &mut Sink,
    until: Option<u64>,
) -> Result<(), ConsumerError> {
    loop {
        let (sender, mut pages) = mpsc::channel(1);
        let mut reader = JoinSet::new();
        let (log, clock) = (log.clone(), clock.clone());
        let (folder, from) = (sink.folder.clone(), sink.place.at);
        reader.spawn(async move {
            read(log.as_ref(), folder, from..until.unwrap_or(u64::MAX), || clock.now(), sender)
                .await
        });
        let mut refused = None;
        while let Some(Prepared { events, batch }) = pages.recv().await {
            match sink.commit(batch).await {
                Err(ConsumerError::Refused(error)) => {
                    tracing::warn!(
                        consumer = sink.label,
                        %error,
                        "a batch could not be written; its events are written one by one"
                    );
                    refused = Some(events);
                    break;
                }
                outcome => outcome?,
            }
        }
        if let Some(events) = refused {
            reader.abort_all();
            let through = events.last().map_or(sink.place.at, |event| event.position);
            sink.apply_singly(&events, through).await?;
            continue;
        }
        return match reader.join_next().await {
            Some(Ok(Ok(folder))) => {
                sink.folder = folder;
                Ok(())
            }
            Some(Ok(Err(error))) => Err(error),
            Some(Err(error)) => Err(ConsumerError::Corrupt(format!("a reader failed: {error}"))),
            None => Ok(()),
        };
    }
}

async fn read(
    log: &dyn EventLog,
    mut folder: Folder,
    span: Range<u64>,
    now: impl Fn() -> Timestamp + Send,
    pages: mpsc::Sender<Prepared>,
) -> Result<Folder, ConsumerError> {
    let mut after = span.start;
    loop {
        let mut events = log.read(after, PAGE).await?;
        events.retain(|event| event.position <= span.end);
        let Some(last) = events.last() else { return Ok(folder) };
        after = last.position;
        let full = events.len() == PAGE;
        let batch = folder.fold(&events, after, now());
        let sent = pages.send(Prepared { events, batch }).await;
        if sent.is_err() || !full {
            return Ok(folder);
        }
    }
}

/// Lets queries read a generation that has caught up, in place of the one before, and drops what
/// nobody reads any more: all in one transaction. If what is served is further, nothing happens,
/// and the answer is `false`: readers must never go back in time.
pub(super) async fn swap(
    shared: &Shared,
    sink: &Sink,
    state: State,
) -> Result<bool, ConsumerError> {
    let projection = &sink.projection;
    let now = shared.clock.now();
    let mut tx = shared.db.begin().await?;
    let built = (projection.version, sink.generation);
    let replaced = |line: &&Line| {
        (line.version, line.generation) != built && line.generation != verify::SCRATCH
    };
    // Once this is written, nobody moves the checkpoints of what is served.
    for line in ledger::read_in(&mut tx, projection.name).await?.iter().filter(replaced) {
        let key = (line.version, line.generation);
        ledger::set_state(&mut tx, projection, key, line.state, now).await?;
    }
    let lines = ledger::read_in(&mut tx, projection.name).await?;
    let own = |line: &&Line| line.version == projection.version && line.state.is_served();
    if lines.iter().filter(own).any(|line| line.furthest() > sink.place.at) {
        return Ok(false);
    }
    if !ledger::advance(&mut tx, &sink.step(sink.place.at, 0)).await? {
        return Err(ConsumerError::Superseded);
    }
    tables::serve(&mut tx, projection, sink.generation).await?;
    ledger::set_state(&mut tx, projection, built, state, now).await?;
    for line in lines.iter().filter(replaced) {
        let other = line.version != projection.version;
        let (version, generation) = (line.version, line.generation);
        if other && line.state.is_served() {
            let key = (version, generation);
            ledger::set_state(&mut tx, projection, key, State::Retired, now).await?;
        } else {
            if other {
                tables::stop_serving(&mut tx, projection, version).await?;
            }
            tables::drop_generation(&mut tx, projection, version, generation).await?;
            ledger::remove(&mut tx, projection, version, generation).await?;
        }
    }
    super::letters::replace(&mut tx, projection.name, &sink.label).await?;
    tx.commit().await?;
    tracing::info!(
        projection = projection.name,
        version = projection.version,
        generation = sink.generation,
        position = sink.place.at,
        "a projection is served from a new generation"
    );
    Ok(true)
}
