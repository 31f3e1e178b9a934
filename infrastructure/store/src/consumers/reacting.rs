//! Runs one reaction: its effect and its checkpoint are one append.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use application::{
    App, Call, Caller,
    ports::{Append, AppendError, Consumed, DeadLetter, Recorded, StreamId, Wanted, WorkMessage},
    reaction::Reaction,
};
use domain::kernel::{OrganizationId, Timestamp};
use tokio::sync::{mpsc, watch};

use super::{
    Shared,
    batch::{WAITS, letter},
    cursor::{Cursor, Run},
    dividing,
    effect::{self, Failure},
    error::ConsumerError,
    letters, meters,
    place::Place,
    projecting::no_letter,
    requests::{self, Action, Outcome, Request},
    returning::DECLINED,
    sink::report,
    supervise::Supervisor,
};
use crate::backoff::Backoff;

/// Events per page.
const LIVE: usize = 1_000;
/// How often an event is tried.
const TRIES: u32 = 5;
/// How long an event is tried that gets no further.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a reaction that has nothing to do looks whether an operator put it back.
const LOOK: Duration = Duration::from_secs(2);

/// What runs for one reaction.
pub(super) struct Reacting {
    shared: Shared,
    app: App,
    reaction: Reaction,
    part: u16,
    requests: mpsc::Receiver<Request>,
    stop: watch::Receiver<bool>,
    cursor: Cursor,
    place: Place,
    /// Streams that wait behind a dead letter.
    parked: HashSet<StreamId>,
    /// Whether it ran before in this process.
    known: bool,
}

enum Step {
    Stop,
    /// Nothing happened for a while.
    Idle,
    /// The checkpoint should move.
    Save,
    Asked(Request),
    Run(Run),
}

impl Reacting {
    pub fn new(
        shared: Shared,
        app: App,
        reaction: Reaction,
        part: u16,
        requests: mpsc::Receiver<Request>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let cursor = shared.cursor(reaction.name, Wanted { part, handles: reaction.handles });
        let (place, parked, known) = (Place::of(0), HashSet::new(), false);
        Self { shared, app, reaction, part, requests, stop, cursor, place, parked, known }
    }

    /// Runs until it is told to stop; what it began it finishes, unless that takes long.
    pub async fn run(mut self) {
        let mut supervisor = Supervisor::new(self.reaction.name);
        while let Err(error) = self.session().await {
            if supervisor.stops(error, &mut self.stop).await {
                break;
            }
        }
        meters::left(self.reaction.name, self.part);
    }

    async fn session(&mut self) -> Result<(), ConsumerError> {
        self.begin().await?;
        loop {
            match self.step().await? {
                Step::Stop => return self.save().await,
                Step::Save => self.save().await?,
                Step::Asked(request) => self.answer(request).await?,
                Step::Run(run) => self.handle(run).await?,
                Step::Idle => self.look().await?,
            }
        }
    }

    async fn begin(&mut self) -> Result<(), ConsumerError> {
        let name = self.reaction.name;
        self.cursor.restart();
        let checkpoints = dividing::checkpoints(&self.shared.log_db, name).await?;
        let made = checkpoints.len() == usize::from(self.shared.partition.parts());
        // A checkpoint that was there and is gone went with the whole log: what is in it now is new.
        let emptied = self.known && checkpoints.is_empty();
        if !made && !emptied {
            return Err(ConsumerError::Outage("its checkpoints are not made yet".to_owned()));
        }
        self.place = Place::of(checkpoints.get(usize::from(self.part)).copied().unwrap_or(0));
        self.parked = letters::parked(&self.shared.log_db, name).await?;
        self.known = true;
        self.moved(None);
        self.count_letters().await
    }

    async fn step(&mut self) -> Result<Step, ConsumerError> {
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => Ok(Step::Stop),
            Some(request) = self.requests.recv() => Ok(Step::Asked(request)),
            run = self.cursor.next(self.place.at, LIVE) => Ok(Step::Run(run?)),
            () = self.place.due() => Ok(Step::Save),
            () = tokio::time::sleep(LOOK) => Ok(Step::Idle),
        }
    }

    /// Begins again if its checkpoint was put back. A busy one notices by itself: it can't move it.
    async fn look(&mut self) -> Result<(), ConsumerError> {
        let stored = self.shared.log.checkpoint(self.reaction.name, self.part).await?;
        if stored.is_some_and(|stored| stored < self.place.saved) {
            self.begin().await
        } else {
            Ok(())
        }
    }

    async fn handle(&mut self, run: Run) -> Result<(), ConsumerError> {
        for event in &run.events {
            if event.is_reset() {
                self.parked.clear();
            }
            let wanted = self
                .reaction
                .handles
                .iter()
                .any(|(kind, name)| *name == event.name && *kind == event.stream.kind);
            if !wanted {
                continue;
            }
            if self.parked.contains(&event.stream) {
                self.park(event, WAITS, 0).await?;
            } else {
                self.react(event).await?;
            }
            // A long page must not keep the host from stopping.
            if *self.stop.borrow() {
                return Ok(());
            }
        }
        self.place.at = self.place.at.max(run.through);
        if self.place.is_due() {
            self.save().await?;
        }
        self.cursor.handled(self.place.at).await?;
        self.moved(run.at);
        Ok(())
    }

    /// Brings about the effect of one event, or gives up on it.
    async fn react(&mut self, event: &Recorded) -> Result<(), ConsumerError> {
        let began = Instant::now();
        let (mut since, mut backoff, mut attempts) = (began, Backoff::EVENT, 0);
        loop {
            attempts += 1;
            let consumed = self.consumed(event.position, None);
            let Err(failure) = self.attempt(event, consumed).await? else {
                self.place.saved(event.position);
                meters::applied(self.reaction.name, 1, began.elapsed());
                return Ok(());
            };
            if failure.got_on {
                (backoff, attempts) = (Backoff::EVENT, 1);
            }
            if failure.looked {
                since = Instant::now();
            }
            // One try may have taken all of the time by itself.
            let late = attempts > 1 && since.elapsed() > PATIENCE;
            let hopeless = failure.is_final || attempts >= TRIES || late;
            if hopeless {
                return self.park(event, &failure.text, attempts).await;
            }
            meters::retried(self.reaction.name);
            tracing::warn!(
                consumer = self.reaction.name,
                position = event.position,
                attempts,
                error = failure.text,
                "an event could not be handled; trying again"
            );
            tokio::time::sleep(backoff.next()).await;
        }
    }

    /// One try. The outer error means that nothing can be done now, the inner that this event fails.
    async fn attempt(
        &self,
        event: &Recorded,
        consumed: Consumed,
    ) -> Result<Result<(), Failure>, ConsumerError> {
        let call = Self::call(event);
        call.consume(consumed);
        let effect = (self.reaction.react)(&self.app, &call, event);
        let Err(failure) = effect::finish(&call, effect, self.stop.clone()).await? else {
            if let Some(consumed) = call.consumed() {
                self.append(consumed, vec![], call.work()).await?;
            }
            return Ok(Ok(()));
        };
        // The effect may have been committed all the same, here or by another instance.
        let stored = self.shared.log.checkpoint(self.reaction.name, self.part).await?;
        if stored.unwrap_or(0) != self.place.saved {
            return Err(ConsumerError::Superseded);
        }
        Ok(Err(failure))
    }

    fn call(event: &Recorded) -> Call {
        let metadata = event.metadata();
        let id = event.event_id.to_string();
        let mut call =
            Call::new(Caller::maintenance(), metadata.correlation.unwrap_or_else(|| id.clone()));
        call.tenant = metadata.tenant.and_then(|tenant| OrganizationId::parse(&tenant).ok());
        call.causation = Some(id);
        call.traceparent = metadata.traceparent;
        call
    }

    fn consumed(&self, to: u64, settles: Option<u64>) -> Consumed {
        let consumer = self.reaction.name.to_owned();
        Consumed { consumer, part: self.part, from: self.place.saved, to, settles }
    }

    /// Moves the checkpoint, if it is behind.
    async fn save(&mut self) -> Result<(), ConsumerError> {
        let to = self.place.at;
        if self.place.is_ahead() {
            self.append(self.consumed(to, None), vec![], vec![]).await?;
            self.place.saved(to);
        }
        Ok(())
    }

    async fn park(
        &mut self,
        event: &Recorded,
        error: &str,
        attempts: u32,
    ) -> Result<(), ConsumerError> {
        let now = self.shared.clock.now();
        let letters = vec![letter(self.reaction.name, self.part, event, error, attempts, now)];
        self.append(self.consumed(event.position, None), letters.clone(), vec![]).await?;
        report(&letters);
        self.place.saved(event.position);
        self.parked.insert(event.stream.clone());
        self.count_letters().await
    }

    async fn append(
        &self,
        consumed: Consumed,
        parked: Vec<DeadLetter>,
        work: Vec<WorkMessage>,
    ) -> Result<(), ConsumerError> {
        let append = Append { consumed: Some(consumed), parked, work, ..Append::default() };
        match self.shared.log.append(append).await {
            Ok(_) => Ok(()),
            Err(AppendError::Superseded { .. }) => Err(ConsumerError::Superseded),
            Err(AppendError::Unavailable(why)) => Err(ConsumerError::Outage(why)),
            Err(error) => Err(ConsumerError::Corrupt(error.to_string())),
        }
    }

    async fn answer(&mut self, request: Request) -> Result<(), ConsumerError> {
        let outcome = match request.action {
            Action::Replay(position) => self.replay(position).await?,
            Action::Discard(position) => self.discard(position).await?,
            Action::Rebuild | Action::Again(_) | Action::Pause | Action::Resume => {
                Err(DECLINED.to_owned())
            }
        };
        Ok(requests::answer(&self.shared.db, &request.id, &outcome).await?)
    }

    /// Handles the dead letters of a stream again, in order, and ends at the first that fails.
    async fn replay(&mut self, position: u64) -> Result<Outcome, ConsumerError> {
        self.save().await?;
        let (db, name) = (&self.shared.log_db, self.reaction.name);
        let Some(first) = letters::one(db, name, position).await? else {
            return Ok(Err(no_letter(position)));
        };
        let mut settled = 0;
        for letter in letters::of_stream(db, name, &first.stream).await? {
            if let Some(why) = self.replay_one(&letter).await? {
                return Ok(Err(format!("{settled} replayed, then one failed: {why}")));
            }
            settled += 1;
        }
        self.parked = letters::parked(db, name).await?;
        self.count_letters().await?;
        Ok(Ok(format!("{settled} of {} replayed", first.stream)))
    }

    async fn replay_one(&self, letter: &DeadLetter) -> Result<Option<String>, ConsumerError> {
        let found = self.shared.log.read(letter.position - 1, 1).await?;
        let Some(event) = found.first().filter(|event| event.position == letter.position) else {
            return Ok(Some("the event is not in the log any more".to_owned()));
        };
        let consumed = self.consumed(self.place.at, Some(letter.position));
        let Err(failure) = self.attempt(event, consumed).await? else { return Ok(None) };
        let (db, name) = (&self.shared.log_db, self.reaction.name);
        if letters::one(db, name, letter.position).await?.is_none() {
            // It failed after its effect, which took the letter away.
            return Ok(None);
        }
        let again = DeadLetter {
            attempts: letter.attempts + 1,
            error: failure.text,
            parked_at: self.shared.clock.now(),
            ..letter.clone()
        };
        let mut tx = db.begin().await?;
        letters::add(&mut tx, &again).await?;
        tx.commit().await?;
        Ok(Some(again.error))
    }

    async fn discard(&mut self, position: u64) -> Result<Outcome, ConsumerError> {
        let mut tx = self.shared.log_db.begin().await?;
        let found = letters::remove(&mut tx, self.reaction.name, position).await?;
        tx.commit().await?;
        self.parked = letters::parked(&self.shared.log_db, self.reaction.name).await?;
        self.count_letters().await?;
        Ok(found.then(|| "discarded".to_owned()).ok_or_else(|| no_letter(position)))
    }

    async fn count_letters(&self) -> Result<(), ConsumerError> {
        let name = self.reaction.name;
        meters::letters(name, letters::count(&self.shared.log_db, name).await?);
        Ok(())
    }

    fn moved(&self, at: Option<Timestamp>) {
        let name = self.reaction.name;
        self.shared.progress.reacted(name, self.part, self.place.at);
        self.shared.measure(name, self.part, self.place.at, at);
    }
}
