//! What is recorded: log lines and metrics at once, audits and usages as messages on their queues.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use application::{
    Call, Result, audits,
    ports::{
        Append, Audited, Clock, EventLog, Ids, Metadata, Recorder, Severity, UsageProvider,
        WorkMessage,
    },
    usages::{self, UsageMessage},
    work,
};
use async_trait::async_trait;
use domain::kernel::OrganizationId;
use metrics::counter;
use serde_json::{Value, json};
use tokio::sync::watch;

/// How long a usage waits for others at most.
const WAIT: Duration = Duration::from_secs(1);
/// How many bytes of them wait at most.
const MOST: usize = 4 * 1024 * 1024;
/// How many of them one append takes.
const BATCH: usize = 500;
/// How many different measures are told apart: anybody may name one.
const MEASURES: usize = 200;
/// Bytes of the name of a measure.
const LONGEST: usize = 300;

/// Enqueues in the event log, with the call that something belongs to.
pub struct QueueRecorder {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    region: Arc<str>,
    provider: Arc<dyn UsageProvider>,
    waiting: Mutex<Waiting>,
    measures: Mutex<HashSet<String>>,
}

/// Usages on their way to the log.
#[derive(Default)]
struct Waiting {
    messages: VecDeque<WorkMessage>,
    bytes: usize,
}

impl Waiting {
    /// `false` if there is no room.
    fn add(&mut self, message: WorkMessage) -> bool {
        let bytes = self.bytes + message.body.len();
        let fits = bytes <= MOST;
        if fits {
            self.bytes = bytes;
            self.messages.push_back(message);
        }
        fits
    }
    fn take(&mut self) -> Vec<WorkMessage> {
        let batch = self.messages.len().min(BATCH);
        let batch: Vec<_> = self.messages.drain(..batch).collect();
        self.bytes -= batch.iter().map(|message| message.body.len()).sum::<usize>();
        batch
    }
}

impl QueueRecorder {
    /// For a host in a region; `provider` is told of usages later, through their queue.
    #[must_use]
    pub fn new(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        region: Arc<str>,
        provider: Arc<dyn UsageProvider>,
    ) -> Self {
        let (waiting, measures) = (Mutex::default(), Mutex::default());
        Self { log, clock, ids, region, provider, waiting, measures }
    }

    fn compose(
        &self,
        call: &Call,
        event: &str,
        properties: &[(&str, Value)],
    ) -> Option<WorkMessage> {
        let message = UsageMessage::of(call, self.clock.now(), event, properties);
        work::alone(call, &message, &self.region, self.ids.as_ref()).ok()
    }

    fn later(&self, message: Option<WorkMessage>) {
        if !message.is_some_and(|message| lock(&self.waiting).add(message)) {
            counter!("groundwork_usages_dropped_total").increment(1);
        }
    }

    /// The name of a measure; the same for all beyond the first so many, and for long ones.
    fn known(&self, event: &str) -> String {
        let mut known = lock(&self.measures);
        if known.contains(event) || (known.len() < MEASURES && event.len() <= LONGEST) {
            known.insert(event.to_owned());
            event.to_owned()
        } else {
            "other".to_owned()
        }
    }
}

/// Enqueues the usages that wait, again and again, until `stop` turns true.
pub async fn run(recorder: Arc<dyn Recorder>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(WAIT) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        recorder.flush().await;
    }
}

/// What a panic leaves are whole messages.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Recorder for QueueRecorder {
    fn crash(&self, call: &Call, severity: Severity, source: &'static str, error: &str) {
        let severity = severity.name();
        tracing::error!(
            target: "crash",
            severity,
            source,
            error,
            call_id = call.correlation,
            caller_id = %call.caller.id,
            region = %self.region,
            "crashed"
        );
        let labels = [("source", source), ("severity", severity)];
        counter!("groundwork_exceptions_total", &labels).increment(1);
        let measured = usages::measured(&format!("Exceptions: {source}"), &[]);
        if self.provider.is_wanted() {
            self.later(self.compose(call, usages::MEASURED, &measured));
        }
    }

    fn measure(&self, call: &Call, event: &str, properties: &[(&str, Value)]) {
        let shown = properties.iter().filter(|(name, _)| !usages::is_personal(name));
        let shown: serde_json::Map<_, _> =
            shown.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        tracing::info!(
            target: "measure",
            event,
            call_id = call.correlation,
            caller_id = %call.caller.id,
            tenant_id = call.tenant.as_ref().map(OrganizationId::as_str),
            properties = %json!(shown),
            "measured"
        );
        let event = self.known(event);
        counter!("groundwork_measures_total", "event" => event).increment(1);
    }

    fn usage(&self, call: &Call, event: &'static str, properties: &[(&'static str, Value)]) {
        usages::trace(call, event, properties);
        if self.provider.is_wanted() {
            self.later(self.compose(call, event, properties));
        }
    }

    async fn audit(&self, call: &Call, audit: Audited<'_>) -> Result<()> {
        let message = audits::AuditMessage::of(call, &audit);
        let mut work = vec![work::alone(call, &message, &self.region, self.ids.as_ref())?];
        let usage = audits::usage(call, &audit);
        if self.provider.is_wanted() {
            work.extend(self.compose(call, audits::USAGE, &usage));
        }
        let metadata = call.metadata();
        self.log.append(Append { work, metadata, ..Append::default() }).await?;
        audits::trace(call, &audit);
        usages::trace(call, audits::USAGE, &usage);
        Ok(())
    }

    async fn flush(&self) {
        loop {
            let batch = lock(&self.waiting).take();
            if batch.is_empty() {
                return;
            }
            let append =
                Append { work: batch.clone(), metadata: Metadata::default(), ..Append::default() };
            if let Err(error) = self.log.append(append).await {
                tracing::warn!(%error, usages = batch.len(), "usages wait for the log");
                for message in batch {
                    self.later(Some(message));
                }
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> WorkMessage {
        WorkMessage {
            id: String::new(),
            queue: application::ports::WorkQueue::Usages,
            body: "x".repeat(bytes),
            subject: None,
        }
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut waiting = Waiting::default();
        assert_eq!((0..5).filter(|_| waiting.add(message(MOST / 4))).count(), 4);
        assert!(!waiting.add(message(1)));
        assert_eq!(waiting.take().len(), 4);
        assert_eq!(waiting.bytes, 0);
        for _ in 0..=BATCH {
            assert!(waiting.add(message(1)));
        }
        assert_eq!((waiting.take().len(), waiting.take().len()), (BATCH, 1));
    }
}
