//! From events to one transaction's worth of changes: pure.

use std::collections::HashSet;

use application::ports::{DeadLetter, Partition, Recorded, StreamId};
use domain::kernel::{DecodeError, Timestamp};

use super::fold::{Fold, Segment};
use crate::projections::{Changes, ProjectError, Projection};

/// What a run of events does to one generation of a projection.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub segments: Vec<Segment>,
    pub letters: Vec<DeadLetter>,
    /// How many events changed something.
    pub applied: u64,
    /// Where the checkpoint goes.
    pub through: u64,
    /// Where the log began anew, if it did in this run.
    pub reset: Option<u64>,
}

/// Folds events for one consumer; knows which streams wait behind a dead letter.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    projection: Projection,
    label: String,
    partition: Partition,
    pub parked: HashSet<StreamId>,
}

impl Folder {
    pub fn new(
        projection: Projection,
        label: String,
        partition: Partition,
        parked: HashSet<StreamId>,
    ) -> Self {
        Self { projection, label, partition, parked }
    }

    /// What a run of events does. Streams that it parks stay parked for the next run.
    pub fn fold(&mut self, events: &[Recorded], through: u64, now: Timestamp) -> Batch {
        let mut batch = Batch { through, ..Batch::default() };
        let mut fold = Fold::default();
        let mut changes = Changes::default();
        for event in events {
            if event.is_reset() {
                fold.clear();
                batch.letters.clear();
                self.parked.clear();
                batch.reset = Some(event.position);
            }
            if !self.projection.wants(event) {
                continue;
            }
            if self.parked.contains(&event.stream) {
                batch.letters.push(self.letter(event, WAITS, 0, now));
                continue;
            }
            match (self.projection.project)(event, &mut changes) {
                Ok(()) => {
                    changes.drain().for_each(|op| fold.add(op));
                    batch.applied += 1;
                }
                Err(error) => {
                    drop(changes.drain());
                    batch.letters.push(self.letter(event, &describe(&error), 1, now));
                    self.parked.insert(event.stream.clone());
                }
            }
        }
        batch.segments = fold.finish();
        batch
    }

    /// Gives up on an event that could not be written.
    pub fn give_up(
        &mut self,
        event: &Recorded,
        error: &str,
        attempts: u32,
        now: Timestamp,
    ) -> Batch {
        self.parked.insert(event.stream.clone());
        Batch {
            letters: vec![self.letter(event, error, attempts, now)],
            through: event.position,
            ..Batch::default()
        }
    }

    fn letter(&self, event: &Recorded, error: &str, attempts: u32, now: Timestamp) -> DeadLetter {
        let part = self.partition.part(&event.stream);
        letter(&self.label, part, event, error, attempts, now)
    }
}

/// The error of an event that waits behind another.
pub(super) const WAITS: &str = "waits behind an earlier event of its stream";

pub(super) fn letter(
    consumer: &str,
    part: u16,
    event: &Recorded,
    error: &str,
    attempts: u32,
    now: Timestamp,
) -> DeadLetter {
    DeadLetter {
        consumer: consumer.to_owned(),
        part,
        position: event.position,
        stream: event.stream.clone(),
        event: event.name.clone(),
        error: error.to_owned(),
        attempts,
        parked_at: now,
    }
}

/// An error as a dead letter may have it: a JSON decoder's own words can quote the payload.
pub(super) fn describe(error: &ProjectError) -> String {
    match error {
        ProjectError::Decode(error) => describe_decode(error),
        ProjectError::Json(_) | ProjectError::Column { .. } => error.to_string(),
    }
}

pub(super) fn describe_decode(error: &DecodeError) -> String {
    match error {
        DecodeError::Unknown { .. } => error.to_string(),
        DecodeError::Corrupt { name, version, source } => format!(
            "event '{name}' v{version} is corrupt: {:?} error at line {}, column {} of the payload",
            source.classify(),
            source.line(),
            source.column()
        ),
    }
}
