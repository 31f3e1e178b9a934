//! From the log to the bus, several pages ahead of what is confirmed.

use std::{pin::Pin, time::Instant};

use application::ports::{Announcement, BusError, News, Recorded};
use futures_util::{StreamExt as _, stream::FuturesOrdered};
use tokio::sync::watch;

use super::{BEAT, Relay, RelayError, lease::Lease, meters, told};
use crate::consumers::is_reset;

/// Events per page.
const PAGE: usize = 500;
/// Pages that were given to the bus and are not confirmed yet, at most.
const AHEAD: usize = 4;

/// A page on its way.
struct Sent {
    through: u64,
    events: usize,
    since: Instant,
}

type Confirming = Pin<Box<dyn Future<Output = Result<Sent, BusError>> + Send>>;

/// One run of publishing, which ends with the first failure.
pub(super) struct Publishing {
    relay: Relay,
    /// What was read and given to the bus.
    position: u64,
    /// What consumers of each part were last told of; nothing is known of those before.
    told: Vec<Option<u64>>,
    confirming: FuturesOrdered<Confirming>,
}

impl Publishing {
    pub fn new(relay: &Relay, position: u64) -> Self {
        let parts = usize::from(relay.partition.parts());
        Self {
            relay: relay.clone(),
            position,
            told: vec![None; parts],
            confirming: FuturesOrdered::new(),
        }
    }

    /// Publishes until it is told to stop and everything is confirmed.
    pub async fn run(
        mut self,
        lease: &mut Lease,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), RelayError> {
        let mut head = self.relay.log.watch();
        let mut polled = Instant::now();
        loop {
            let stopping = *stop.borrow();
            if stopping && self.confirming.is_empty() {
                return Ok(());
            }
            let room = !stopping && self.confirming.len() < AHEAD;
            let behind = *head.borrow_and_update() > self.position || polled.elapsed() >= BEAT;
            if room && behind {
                polled = Instant::now();
                if self.send().await? {
                    continue;
                }
            }
            let due = lease.due().saturating_duration_since(Instant::now());
            tokio::select! {
                Some(confirmed) = self.confirming.next() => self.note(lease, confirmed?).await?,
                () = tokio::time::sleep(due) => lease.show().await?,
                Ok(()) = head.changed(), if room => {}
                () = told(stop), if !stopping => {}
            }
        }
    }

    /// Gives the next page to the bus; `false` if there is none.
    async fn send(&mut self) -> Result<bool, RelayError> {
        let events = self.relay.log.read(self.position, PAGE).await?;
        let Some(through) = events.last().map(|event| event.position) else { return Ok(false) };
        let sent = Sent { through, events: events.len(), since: Instant::now() };
        let announcements = self.announcements(events, through);
        self.position = through;
        let bus = self.relay.bus.clone();
        self.confirming
            .push_back(Box::pin(async move { bus.announce(announcements).await.map(|()| sent) }));
        Ok(true)
    }

    /// A page as the consumers of each part hear it: what happened, and that nothing else did.
    fn announcements(&mut self, events: Vec<Recorded>, through: u64) -> Vec<Announcement> {
        let mut all = Vec::with_capacity(events.len());
        for event in events {
            let position = event.position;
            if is_reset(&event) {
                // It is in every part.
                for part in 0..self.relay.partition.parts() {
                    all.push(self.tell(part, position, News::Event(event.clone())));
                }
            } else {
                let part = self.relay.partition.part(&event.stream);
                all.push(self.tell(part, position, News::Event(event)));
            }
        }
        for part in 0..self.relay.partition.parts() {
            if self.told.get(usize::from(part)) != Some(&Some(through)) {
                all.push(self.tell(part, through, News::Quiet(through)));
            }
        }
        all
    }

    fn tell(&mut self, part: u16, position: u64, news: News) -> Announcement {
        let told = self.told.get_mut(usize::from(part));
        let previous = told.and_then(|told| told.replace(position));
        Announcement { part, previous, news }
    }

    async fn note(&mut self, lease: &mut Lease, sent: Sent) -> Result<(), RelayError> {
        lease.advance(sent.through).await?;
        let behind = self.relay.log.watch().borrow().saturating_sub(sent.through);
        meters::published(sent.through, behind, sent.events, sent.since.elapsed());
        Ok(())
    }
}
