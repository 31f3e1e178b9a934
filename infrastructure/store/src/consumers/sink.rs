//! Writes runs of events into one generation of a projection, each together with its checkpoint.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use application::ports::{Clock, DeadLetter, EventLog, Partition, Recorded, StreamId};

use super::{
    batch::{Batch, Folder},
    error::ConsumerError,
    ledger::{self, Line, State, Step},
    letters, meters,
    place::Place,
    write,
};
use crate::{
    backoff::Backoff,
    db::{Db, DbError},
    projections::Projection,
};

/// How often an event is tried.
const TRIES: u32 = 5;
/// How long an event is tried.
const PATIENCE: Duration = Duration::from_secs(10);

/// One generation of a projection, and where it is.
pub(super) struct Sink {
    db: Db,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    pub projection: Projection,
    pub generation: u32,
    /// What the generation was there for when it was picked up.
    pub state: State,
    partition: Partition,
    /// The part that is written; `None` for all of them, which are at the same position then.
    part: Option<u16>,
    pub place: Place,
    /// Under which name its dead letters are kept.
    pub label: String,
    pub folder: Folder,
}

impl Sink {
    /// Picks up a generation, or a part of it, where its checkpoint is.
    pub async fn open(
        db: &Db,
        log: &Arc<dyn EventLog>,
        clock: &Arc<dyn Clock>,
        partition: Partition,
        projection: Projection,
        line: &Line,
        part: Option<u16>,
    ) -> Result<Self, ConsumerError> {
        let label = label(&projection, line.version, line.generation, line.state);
        let parked = letters::parked(db, &label).await?;
        let positions = line.positions.iter();
        let position = match part {
            Some(part) => positions.copied().nth(part.into()).unwrap_or_default(),
            None => line.position(),
        };
        Ok(Self {
            db: db.clone(),
            log: log.clone(),
            clock: clock.clone(),
            projection,
            generation: line.generation,
            state: line.state,
            partition,
            part,
            place: Place::of(position),
            folder: Folder::new(projection, label.clone(), partition, parked),
            label,
        })
    }

    /// Handles a run of events. What fails for good becomes a dead letter; an error means that
    /// nothing more can be done now, and that this sink must be opened again.
    pub async fn apply(&mut self, run: &[Recorded], through: u64) -> Result<(), ConsumerError> {
        let batch = self.folder.fold(run, through, self.clock.now());
        match self.commit(batch).await {
            Err(ConsumerError::Refused(error)) => {
                tracing::warn!(
                    consumer = self.label,
                    %error,
                    "a batch could not be written; its events are written one by one"
                );
                self.apply_singly(run, through).await
            }
            outcome => outcome,
        }
    }

    /// As [`Self::apply`], of what is wanted: if that is nothing, the checkpoint stays where it is for a
    /// while.
    pub async fn follow(&mut self, run: &[Recorded], through: u64) -> Result<(), ConsumerError> {
        if !run.is_empty() {
            return self.apply(run, through).await;
        }
        self.place.at = through;
        if self.place.is_due() { self.save().await } else { Ok(()) }
    }

    /// Moves the checkpoint to where this sink is.
    pub async fn save(&mut self) -> Result<(), ConsumerError> {
        let through = self.place.at;
        if !ledger::advance_alone(&self.db, &self.step(through, 0)).await? {
            return Err(ConsumerError::Superseded);
        }
        self.place.saved(through);
        Ok(())
    }

    /// Handles a run of which some event can't be written, so that only that one is held back.
    pub async fn apply_singly(
        &mut self,
        run: &[Recorded],
        through: u64,
    ) -> Result<(), ConsumerError> {
        self.folder.parked = letters::parked(&self.db, &self.label).await?;
        let from = self.place.at;
        for event in run.iter().filter(|event| event.position > from) {
            let batch =
                self.folder.fold(std::slice::from_ref(event), event.position, self.clock.now());
            match self.commit(batch).await {
                Err(ConsumerError::Refused(error)) => self.insist(event, error).await?,
                outcome => outcome?,
            }
        }
        if self.place.at < through {
            self.place.at = through;
            self.save().await?;
        }
        Ok(())
    }

    /// Writes a batch and its checkpoint in one transaction.
    pub async fn commit(&mut self, batch: Batch) -> Result<(), ConsumerError> {
        let began = Instant::now();
        let step = self.step(batch.through, batch.applied);
        let mut tx = self.db.begin().await?;
        if !ledger::advance(&mut tx, &step).await? {
            return Err(ConsumerError::Superseded);
        }
        write::write(&mut tx, &self.projection, self.generation, batch.segments).await?;
        if let Some(position) = batch.reset {
            letters::remove_before(&mut tx, &self.label, position).await?;
        }
        for letter in &batch.letters {
            letters::add(&mut tx, letter).await?;
        }
        tx.commit().await?;
        self.place.saved(batch.through);
        report(&batch.letters);
        meters::applied(&self.label, batch.applied, began.elapsed());
        if !batch.letters.is_empty() || batch.reset.is_some() {
            self.count_letters().await?;
        }
        Ok(())
    }

    /// Moving this sink's checkpoint.
    pub fn step(&self, to: u64, applied: u64) -> Step<'_> {
        Step {
            projection: &self.projection,
            generation: self.generation,
            state: self.state,
            part: self.part,
            parts: self.partition.parts(),
            from: self.place.saved,
            to,
            applied,
            now: self.clock.now(),
        }
    }

    /// Handles the dead letters of a stream again, in order, and ends at the first that fails.
    ///
    /// Returns how many were settled, and why it ended early.
    pub async fn replay(
        &mut self,
        stream: &StreamId,
    ) -> Result<(usize, Option<String>), ConsumerError> {
        let mut settled = 0;
        let mut failure = None;
        for letter in letters::of_stream(&self.db, &self.label, stream).await? {
            failure = self.replay_one(&letter).await?;
            if failure.is_some() {
                break;
            }
            settled += 1;
        }
        self.refresh_parked().await?;
        Ok((settled, failure))
    }

    /// Forgets a dead letter; its event stays without effect.
    pub async fn discard(&mut self, position: u64) -> Result<bool, ConsumerError> {
        let mut tx = self.db.begin().await?;
        let found = letters::remove(&mut tx, &self.label, position).await?;
        tx.commit().await?;
        self.refresh_parked().await?;
        Ok(found)
    }

    async fn replay_one(&mut self, letter: &DeadLetter) -> Result<Option<String>, ConsumerError> {
        let found = self.log.read(letter.position - 1, 1).await?;
        let Some(event) = found.first().filter(|event| event.position == letter.position) else {
            return Ok(Some("the event is not in the log any more".to_owned()));
        };
        let now = self.clock.now();
        let mut alone =
            Folder::new(self.projection, self.label.clone(), self.partition, HashSet::new());
        let batch = alone.fold(std::slice::from_ref(event), self.place.at, now);
        if let Some(failed) = batch.letters.into_iter().next() {
            let again = DeadLetter { attempts: letter.attempts + 1, ..failed };
            let mut tx = self.db.begin().await?;
            letters::add(&mut tx, &again).await?;
            tx.commit().await?;
            return Ok(Some(again.error));
        }
        let step = self.step(self.place.at, batch.applied);
        let mut tx = self.db.begin().await?;
        if !ledger::advance(&mut tx, &step).await? {
            return Err(ConsumerError::Superseded);
        }
        match write::write(&mut tx, &self.projection, self.generation, batch.segments).await {
            Ok(()) => {}
            Err(error) if error.is_outage() => return Err(error.into()),
            Err(error) => return Ok(Some(error.to_string())),
        }
        if !letters::remove(&mut tx, &self.label, letter.position).await? {
            return Err(ConsumerError::Superseded);
        }
        tx.commit().await?;
        self.place.saved(self.place.at);
        Ok(None)
    }

    /// Tries an event that could not be written a few times more, then gives up on it.
    async fn insist(&mut self, event: &Recorded, first: DbError) -> Result<(), ConsumerError> {
        let began = Instant::now();
        let mut backoff = Backoff::EVENT;
        let mut error = first;
        let mut attempts = 1;
        while attempts < TRIES && began.elapsed() < PATIENCE {
            meters::retried(&self.label);
            tokio::time::sleep(backoff.next()).await;
            attempts += 1;
            let batch =
                self.folder.fold(std::slice::from_ref(event), event.position, self.clock.now());
            match self.commit(batch).await {
                Err(ConsumerError::Refused(again)) => error = again,
                outcome => return outcome,
            }
        }
        let now = self.clock.now();
        let batch = self.folder.give_up(event, &error.to_string(), attempts, now);
        self.commit(batch).await
    }

    async fn refresh_parked(&mut self) -> Result<(), ConsumerError> {
        self.folder.parked = letters::parked(&self.db, &self.label).await?;
        self.count_letters().await
    }

    async fn count_letters(&self) -> Result<(), ConsumerError> {
        meters::letters(&self.label, letters::count(&self.db, &self.label).await?);
        Ok(())
    }
}

/// Under which name a generation's dead letters are kept: one that is being built has its own, so
/// that those of the one that is served stay as they are.
pub(super) fn label(
    projection: &Projection,
    version: u32,
    generation: u32,
    state: State,
) -> String {
    if state == State::Building {
        format!("{}@{version}.{generation}", projection.name)
    } else {
        projection.name.to_owned()
    }
}

/// Makes dead letters visible; those that merely wait are told of with the first.
pub(super) fn report(letters: &[DeadLetter]) {
    for letter in letters.iter().filter(|letter| letter.attempts > 0) {
        tracing::error!(
            consumer = letter.consumer,
            position = letter.position,
            stream = %letter.stream,
            event = letter.event,
            error = letter.error,
            "an event could not be handled; it and all later ones of its stream wait as dead letters"
        );
    }
}
