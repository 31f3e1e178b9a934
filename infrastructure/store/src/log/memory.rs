//! The log in memory: for tests, and what the other two are compared with.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use application::ports::{
    Append, AppendError, Appended, ClaimRef, Clock, DeadLetter, EventLog, Lead, LogError, Recorded,
    Snapshot, StoredAnswer, StreamId, Touched, Trail, WorkMessage,
};
use async_trait::async_trait;
use domain::kernel::Timestamp;
use time::Duration;
use tokio::sync::watch;

use super::{check::check, shared};

/// An event log that is gone with its process. Answers as the others do, from a plain and direct
/// reading of the rules, so that the others can be tested against it.
pub struct MemLog {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    head: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// How many positions lie before the first event: more than 0 after a reset.
    forgotten: u64,
    events: Vec<Recorded>,
    streams: HashMap<StreamId, Vec<usize>>,
    claims: HashMap<ClaimRef, StreamId>,
    checkpoints: HashMap<(String, u16), u64>,
    answers: HashMap<(String, String), (StoredAnswer, Timestamp)>,
    snapshots: HashMap<(StreamId, u32), Snapshot>,
    letters: BTreeMap<(String, u64), DeadLetter>,
    work: Vec<WorkMessage>,
}

impl MemLog {
    /// An empty log.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default(), head: watch::Sender::new(0) }
    }

    /// What was parked, by consumer and position.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.state().letters.values().cloned().collect()
    }

    /// The work that was enqueued, oldest first; nothing takes it away.
    #[must_use]
    pub fn work(&self) -> Vec<WorkMessage> {
        self.state().work.clone()
    }

    /// Empties the log and appends `log_reset` at the next position.
    #[cfg(feature = "testing-only")]
    pub fn reset(&self) {
        let mut state = self.state();
        let position = state.head() + 1;
        let event = super::reset::event(position, self.clock.now());
        *state = State { forgotten: position - 1, ..State::default() };
        state.streams.insert(event.stream.clone(), vec![0]);
        state.events.push(event);
        self.head.send_replace(position);
    }

    async fn trail(&self, stream: StreamId, state_version: u32) -> Result<Trail, LogError> {
        let snapshot = self.snapshot(&stream, state_version).await?;
        let after = snapshot.as_ref().map_or(0, |kept| kept.sequence);
        let events = self.load(&stream, after).await?;
        Ok(Trail { stream, snapshot, events })
    }

    /// Every change is checked before it begins, so a panic elsewhere can't leave half of one.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn head(&self) -> u64 {
        self.forgotten + self.events.len() as u64
    }

    fn version(&self, stream: &StreamId) -> u64 {
        self.streams.get(stream).map_or(0, |events| events.len() as u64)
    }

    fn answer(&self, scope: &str, key: &str, now: Timestamp) -> Option<&StoredAnswer> {
        let (answer, expires) = self.answers.get(&(scope.to_owned(), key.to_owned()))?;
        (*expires > now).then_some(answer)
    }

    fn decide(&self, append: &Append, now: Timestamp) -> Result<(), AppendError> {
        if let Some(key) = &append.idempotency
            && let Some(answer) = self.answer(&key.scope, &key.key, now)
        {
            return Err(AppendError::Duplicate(answer.clone()));
        }
        if let Some(consumed) = &append.consumed {
            let checkpoint = (consumed.consumer.clone(), consumed.part);
            let actual = self.checkpoints.get(&checkpoint).copied().unwrap_or(0);
            let letter = |position| self.letters.get(&(consumed.consumer.clone(), position));
            let settles = consumed.settles.is_none_or(|position| {
                letter(position).is_some_and(|letter| letter.part == consumed.part)
            });
            if actual != consumed.from || !settles {
                let consumer = consumed.consumer.clone();
                return Err(AppendError::Superseded { consumer, actual });
            }
        }
        for part in &append.streams {
            let actual = self.version(&part.stream);
            if actual != part.expected {
                let (stream, expected) = (part.stream.clone(), part.expected);
                return Err(AppendError::Conflict { stream, expected, actual });
            }
        }
        for take in &append.take {
            let given_back = append
                .release
                .iter()
                .any(|release| release.claim == take.claim && self.owns(release));
            let owner = self.claims.get(&take.claim);
            if !given_back && owner.is_some_and(|owner| *owner != take.owner) {
                return Err(AppendError::Taken(take.claim.clone()));
            }
        }
        Ok(())
    }

    fn owns(&self, claim: &application::ports::Claim) -> bool {
        self.claims.get(&claim.claim) == Some(&claim.owner)
    }

    fn apply(&mut self, append: Append, metadata: &str, now: Timestamp) -> u64 {
        let first = append.streams.first().map(|part| part.stream.clone());
        for part in append.streams {
            for (sequence, event) in (part.expected + 1..).zip(part.events) {
                let index = self.events.len();
                self.streams.entry(part.stream.clone()).or_default().push(index);
                let metadata = shared::metadata(metadata, &event).into_owned();
                self.events.push(Recorded {
                    position: self.head() + 1,
                    stream: part.stream.clone(),
                    sequence,
                    event_id: event.id,
                    name: event.name.into_owned(),
                    version: event.version,
                    payload: event.payload,
                    metadata,
                    recorded_at: now,
                });
            }
        }
        for release in append.release {
            if self.owns(&release) {
                self.claims.remove(&release.claim);
            }
        }
        self.claims.extend(append.take.into_iter().map(|take| (take.claim, take.owner)));
        if let Some(consumed) = append.consumed {
            if let Some(position) = consumed.settles {
                self.letters.remove(&(consumed.consumer.clone(), position));
            }
            self.checkpoints.insert((consumed.consumer, consumed.part), consumed.to);
        }
        for letter in append.parked {
            self.letters.insert((letter.consumer.clone(), letter.position), letter);
        }
        for message in append.work {
            if self.work.iter().all(|known| known.id != message.id) {
                self.work.push(message);
            }
        }
        let position = self.head();
        if let Some(key) = append.idempotency {
            let fingerprint = key.fingerprint;
            let answer = StoredAnswer { fingerprint, position, stream: first, response: None };
            let expires = now.plus(Duration::HOUR * 24);
            self.answers.insert((key.scope, key.key), (answer, expires));
        }
        position
    }
}

#[async_trait]
impl EventLog for MemLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        check(&append)?;
        let metadata = serde_json::to_string(&append.metadata)
            .map_err(|error| AppendError::Malformed(error.to_string()))?;
        let now = self.clock.now();
        let mut state = self.state();
        state.decide(&append, now)?;
        let position = state.apply(append, &metadata, now);
        self.head.send_if_modified(|head| std::mem::replace(head, position) != position);
        Ok(Appended { position })
    }

    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<Recorded>, LogError> {
        let state = self.state();
        let events = state.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(events.iter().skip(after).map(|index| state.events[*index].clone()).collect())
    }

    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, LogError> {
        let state = self.state();
        let skip = usize::try_from(after.saturating_sub(state.forgotten)).unwrap_or(usize::MAX);
        Ok(state.events.iter().skip(skip).take(limit).cloned().collect())
    }

    async fn touched(
        &self,
        after: u64,
        through: u64,
        names: &[&str],
    ) -> Result<Vec<Touched>, LogError> {
        let state = self.state();
        let events = state.events.iter();
        let events = events.filter(|event| event.position > after && event.position <= through);
        let found = events.filter(|event| names.contains(&event.name.as_str()));
        let all = found.map(|event| Touched {
            position: event.position,
            stream: event.stream.clone(),
            sequence: event.sequence,
            name: event.name.clone(),
        });
        Ok(all.collect())
    }

    async fn head(&self) -> Result<u64, LogError> {
        Ok(self.state().head())
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    async fn owner(&self, claim: &ClaimRef) -> Result<Option<StreamId>, LogError> {
        Ok(self.state().claims.get(claim).cloned())
    }

    async fn follow(&self, lead: &Lead<'_>) -> Result<Vec<Trail>, LogError> {
        let Some(owner) = self.owner(lead.claim).await? else { return Ok(vec![]) };
        let mut trails = vec![self.trail(owner.clone(), lead.state_version).await?];
        let first = self.load(&owner, 0).await?.into_iter().next();
        let payload =
            first.and_then(|event| serde_json::from_str::<serde_json::Value>(&event.payload).ok());
        if let Some(id) = payload.as_ref().and_then(|payload| payload[lead.member].as_str()) {
            trails.push(self.trail(StreamId::new(lead.kind, id), lead.kind_version).await?);
        }
        trails.retain(|trail| trail.snapshot.is_some() || !trail.events.is_empty());
        Ok(trails)
    }

    async fn checkpoint(&self, consumer: &str, part: u16) -> Result<Option<u64>, LogError> {
        Ok(self.state().checkpoints.get(&(consumer.to_owned(), part)).copied())
    }

    async fn answered(&self, scope: &str, key: &str) -> Result<Option<StoredAnswer>, LogError> {
        let now = self.clock.now();
        Ok(self.state().answer(scope, key, now).cloned())
    }

    async fn keep_answer(&self, scope: &str, key: &str, response: Vec<u8>) -> Result<(), LogError> {
        let mut state = self.state();
        if let Some((answer, _)) = state.answers.get_mut(&(scope.to_owned(), key.to_owned())) {
            answer.response = Some(response);
        }
        Ok(())
    }

    async fn snapshot(
        &self,
        stream: &StreamId,
        state_version: u32,
    ) -> Result<Option<Snapshot>, LogError> {
        Ok(self.state().snapshots.get(&(stream.clone(), state_version)).cloned())
    }

    async fn keep_snapshot(&self, stream: &StreamId, snapshot: Snapshot) -> Result<(), LogError> {
        let mut state = self.state();
        let kept = state.snapshots.entry((stream.clone(), snapshot.state_version));
        let kept = kept.or_insert_with(|| snapshot.clone());
        if kept.sequence < snapshot.sequence {
            *kept = snapshot;
        }
        Ok(())
    }
}
