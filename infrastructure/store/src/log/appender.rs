//! One task per process that writes for everybody who waits.
//!
//! It takes whatever is queued and, where the database can, writes it in one round trip that checks
//! on the way whether everything is as the appends expect. If not, or if more has to be known, it
//! gets the log's lock, takes what queued meanwhile, looks up in one statement what the batch depends
//! on, decides in memory, writes in one statement, commits. Then it answers each caller. There is no
//! timer: an idle log appends at once.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use application::ports::{Append, AppendError, Clock, StreamId};
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    check::check,
    decide::{Admission, Entry, Facts, Questions, Verdict, Write, decide, outrun, versions},
    engine::{Engine, Fault},
};

/// A batch takes no more appends once it has this many bytes of payload.
const BATCH_BYTES: usize = 8 << 20;
/// Expired idempotency keys are removed after so many new ones, twice as many at most.
const PURGE_EVERY: usize = 500;
/// After a batch that was not as expected, so many are looked up, so that a flood of such appends
/// costs little more than without expectations.
const DOUBTS: u32 = 16;

/// Limits of a log.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// How many appends may wait; more are refused at once.
    pub queue: usize,
    /// How many appends share a transaction at most.
    pub batch: usize,
    /// How long an append waits before it answers that the log is unavailable.
    pub append_wait: Duration,
    /// How long a batch waits for a connection, and for another process to release the log.
    pub lock_wait: Duration,
    /// How long one statement may take.
    pub statement: Duration,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            queue: 10_000,
            batch: 500,
            append_wait: Duration::from_secs(10),
            lock_wait: Duration::from_secs(5),
            statement: Duration::from_secs(10),
        }
    }
}

/// The head of the log as far as this process knows it.
#[derive(Debug)]
pub struct Head(watch::Sender<u64>);

impl Head {
    pub fn new(position: u64) -> Self {
        Self(watch::Sender::new(position))
    }
    pub fn advance(&self, position: u64) {
        self.0.send_if_modified(|head| {
            let ahead = position > *head;
            *head = position.max(*head);
            ahead
        });
    }
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// The queue in front of the task.
pub struct Appender {
    queue: mpsc::Sender<Job>,
    wait: Duration,
    stop: watch::Sender<bool>,
    task: Mutex<JoinSet<()>>,
}

struct Job {
    entry: Entry,
    answer: oneshot::Sender<Verdict>,
}

impl Appender {
    /// Starts the task.
    pub fn start(
        engine: impl Engine,
        clock: Arc<dyn Clock>,
        head: Arc<Head>,
        settings: &LogSettings,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(settings.queue.max(1));
        let stop = watch::Sender::new(false);
        let limit = settings.lock_wait * 2 + settings.statement * 2;
        let writer = Writer {
            engine,
            clock,
            head,
            limit,
            size: settings.batch.max(1),
            jobs,
            waiting: VecDeque::new(),
            new_keys: 0,
            doubts: 0,
        };
        let mut task = JoinSet::new();
        task.spawn(writer.run(stop.subscribe()));
        Self { queue, wait: settings.append_wait, stop, task: Mutex::new(task) }
    }

    /// Queues an append and waits for its answer.
    pub async fn append(&self, append: Append) -> Verdict {
        check(&append)?;
        let metadata = serde_json::to_string(&append.metadata)
            .map_err(|error| AppendError::Malformed(error.to_string()))?;
        let (answer, verdict) = oneshot::channel();
        let job = Job { entry: Entry { append, metadata }, answer };
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => unavailable("too many appends wait"),
            mpsc::error::TrySendError::Closed(_) => unavailable("it was closed"),
        })?;
        match timeout(self.wait, verdict).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) => Err(unavailable("it was closed before the append was answered")),
            Err(_) => Err(unavailable("the append waited too long; it may have been committed")),
        }
    }

    /// Takes no more appends, and returns when those that wait are answered.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        while self.task.lock().await.join_next().await.is_some() {}
    }
}

fn unavailable(why: &str) -> AppendError {
    AppendError::Unavailable(why.to_owned())
}

struct Writer<E> {
    engine: E,
    clock: Arc<dyn Clock>,
    head: Arc<Head>,
    /// A batch that takes longer is given up, whatever it hangs on.
    limit: Duration,
    size: usize,
    jobs: mpsc::Receiver<Job>,
    /// What was queued, in order: mostly empty but for appends that touch what an earlier one does.
    waiting: VecDeque<Job>,
    new_keys: usize,
    /// How many of the next batches are looked up in any case.
    doubts: u32,
}

#[derive(Default)]
struct Batch {
    admission: Admission,
    jobs: Vec<Job>,
    bytes: usize,
}

impl Batch {
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.jobs.iter().map(|job| &job.entry)
    }

    fn answer(self, verdicts: Vec<Verdict>) {
        for (job, verdict) in self.jobs.into_iter().zip(verdicts) {
            // Whoever has stopped waiting learns of it in another way, or not at all.
            drop(job.answer.send(verdict));
        }
    }
}

/// What a batch came to.
struct Done {
    verdicts: Vec<Verdict>,
    head: u64,
    keys: usize,
    versions: HashMap<StreamId, u64>,
}

impl<E: Engine> Writer<E> {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut stopping = false;
        loop {
            if self.waiting.is_empty() {
                let job = tokio::select! {
                    job = self.jobs.recv() => job,
                    _ = stop.wait_for(|stop| *stop), if !stopping => {
                        stopping = true;
                        self.jobs.close();
                        continue;
                    }
                };
                let Some(job) = job else { return };
                self.waiting.push_back(job);
            }
            let mut batch = Batch::default();
            self.fill(&mut batch);
            if !batch.jobs.is_empty() {
                self.write(batch).await;
            }
        }
    }

    /// Moves what may join the batch into it; the rest keeps its order.
    fn fill(&mut self, batch: &mut Batch) {
        while self.waiting.len() < self.size
            && let Ok(job) = self.jobs.try_recv()
        {
            self.waiting.push_back(job);
        }
        for _ in 0..self.waiting.len() {
            let Some(job) = self.waiting.pop_front() else { break };
            if job.answer.is_closed() {
                continue; // nobody waits any more: not writing it is the clearer outcome
            }
            let room = batch.jobs.len() < self.size && batch.bytes < BATCH_BYTES;
            if batch.admission.admit(&job.entry.append) && room {
                batch.bytes += job.entry.bytes();
                batch.jobs.push(job);
            } else {
                self.waiting.push_back(job);
            }
        }
    }

    async fn write(&mut self, mut batch: Batch) {
        match self.attempt(&mut batch, true).await {
            Ok(done) => self.finish(batch, done).await,
            Err(Fault::Refused(_)) if batch.jobs.len() > 1 => {
                // One of them holds what the database doesn't take; the others must not suffer.
                for job in batch.jobs {
                    let mut alone = Batch { jobs: vec![job], ..Batch::default() };
                    match self.attempt(&mut alone, false).await {
                        Ok(done) => self.finish(alone, done).await,
                        Err(fault) => fail(alone, &fault),
                    }
                }
            }
            Err(fault) => fail(batch, &fault),
        }
    }

    async fn attempt(&mut self, batch: &mut Batch, grow: bool) -> Result<Done, Fault> {
        let outcome = match timeout(self.limit, self.transaction(batch, grow)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Fault::Unavailable(
                "the database did not answer in time; the append may have been committed".into(),
            )),
        };
        if outcome.is_err() {
            self.engine.abandon().await;
        }
        outcome
    }

    async fn transaction(&mut self, batch: &mut Batch, grow: bool) -> Result<Done, Fault> {
        if let Some(done) = self.as_expected(batch).await? {
            return Ok(done);
        }
        self.engine.begin().await?;
        if grow {
            self.fill(batch);
        }
        let now = self.clock.now();
        let questions = Questions::about(batch.entries(), now);
        let facts = self.engine.facts(&questions).await?;
        let (verdicts, write) = decide(batch.entries(), &facts, now)
            .map_err(|error| Fault::Corrupt(error.to_string()))?;
        if write.is_empty() {
            self.engine.abandon().await;
        } else {
            self.engine.commit(&write).await?;
        }
        Ok(self.done(verdicts, &facts, &questions, &write))
    }

    /// Without a look, if the database finds everything as the appends of the batch expect.
    async fn as_expected(&mut self, batch: &Batch) -> Result<Option<Done>, Fault> {
        if self.doubts > 0 {
            self.doubts -= 1;
            return Ok(None);
        }
        let Some(mut facts) = Facts::expected(batch.entries()) else { return Ok(None) };
        let now = self.clock.now();
        let (mut verdicts, mut write) = decide(batch.entries(), &facts, now)
            .map_err(|error| Fault::Corrupt(error.to_string()))?;
        let Some(head) = self.engine.presume(&write).await? else {
            self.doubts = DOUBTS;
            return Ok(None);
        };
        for appended in verdicts.iter_mut().flatten() {
            appended.position += head;
        }
        (facts.head, write.head) = (head, head);
        let questions = Questions::about(batch.entries(), now);
        Ok(Some(self.done(verdicts, &facts, &questions, &write)))
    }

    fn done(
        &self,
        verdicts: Vec<Verdict>,
        facts: &Facts,
        questions: &Questions<'_>,
        write: &Write<'_>,
    ) -> Done {
        let versions = if self.waiting.is_empty() {
            HashMap::new()
        } else {
            versions(questions, facts, write)
        };
        Done { verdicts, head: write.next_head(), keys: write.keys.len(), versions }
    }

    async fn finish(&mut self, batch: Batch, done: Done) {
        self.head.advance(done.head);
        let size = u32::try_from(batch.jobs.len()).unwrap_or(u32::MAX);
        metrics::histogram!("groundwork_log_batch_appends").record(size);
        batch.answer(done.verdicts);
        for _ in 0..self.waiting.len() {
            let Some(job) = self.waiting.pop_front() else { break };
            match outrun(&job.entry.append, &done.versions) {
                Some(error) => drop(job.answer.send(Err(error))),
                None => self.waiting.push_back(job),
            }
        }
        self.new_keys += done.keys;
        if self.new_keys >= PURGE_EVERY {
            self.purge().await;
        }
    }

    async fn purge(&mut self) {
        let limit = u32::try_from(self.new_keys * 2).unwrap_or(u32::MAX);
        self.new_keys = 0;
        let purge = timeout(self.limit, self.engine.purge(self.clock.now(), limit));
        if !matches!(purge.await, Ok(Ok(()))) {
            tracing::warn!(
                "expired idempotency keys could not be removed; it is tried again later"
            );
            self.engine.abandon().await;
        }
    }
}

fn fail(batch: Batch, fault: &Fault) {
    tracing::warn!(appends = batch.jobs.len(), ?fault, "a batch of appends failed");
    let verdicts = batch.jobs.iter().map(|_| Err(fault.answer())).collect();
    batch.answer(verdicts);
}

#[cfg(test)]
mod tests;
