//! From the log to the bus, several pages ahead of what is confirmed.

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use application::ports::{Announcement, BusError, News, Recorded};
use futures_util::{StreamExt as _, future::poll_immediate, stream::FuturesOrdered};
use tokio::sync::watch;

use super::{BEAT, Relay, RelayError, lease::Lease, meters, told};

/// Events per page.
const PAGE: usize = 500;
/// Pages that were given to the bus and are not confirmed yet, at most.
const AHEAD: usize = 4;
/// How long what is confirmed may not be noted.
const SAVE: Duration = Duration::from_millis(100);

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
    /// Every event up to here was confirmed.
    confirmed: u64,
    /// When that was last noted in the database.
    saved: Instant,
}

impl Publishing {
    pub fn new(relay: &Relay, position: u64) -> Self {
        let parts = usize::from(relay.partition.parts());
        Self {
            relay: relay.clone(),
            position,
            told: vec![None; parts],
            confirming: FuturesOrdered::new(),
            confirmed: position,
            saved: Instant::now(),
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
                return self.save(lease).await;
            }
            let end = *head.borrow_and_update();
            // Less than a page waits for the confirm of what is on its way, and grows meanwhile: the
            // broker makes each lot durable, which takes the disk away from appends.
            let full = end >= self.position + PAGE as u64;
            let ahead = if full { AHEAD } else { 1 };
            let room = !stopping && self.confirming.len() < ahead;
            let behind = end > self.position || polled.elapsed() >= BEAT;
            if room && behind {
                polled = Instant::now();
                if self.send().await? {
                    // The first look puts it on its way, before anything else is waited for.
                    if let Some(Some(confirmed)) = poll_immediate(self.confirming.next()).await {
                        self.note(&confirmed?);
                    }
                    continue;
                }
            }
            let now = Instant::now();
            let save_in = self.save_due(lease).saturating_duration_since(now);
            tokio::select! {
                Some(confirmed) = self.confirming.next() => self.note(&confirmed?),
                () = tokio::time::sleep(save_in) => self.save(lease).await?,
                () = tokio::time::sleep(lease.due().saturating_duration_since(now)) => {
                    lease.show().await?;
                    if !stopping && self.confirming.is_empty() {
                        self.assure();
                    }
                }
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
        self.give(announcements, sent);
        Ok(true)
    }

    /// Tells the consumers of every part that the bus is there, and how far they should be.
    fn assure(&mut self) {
        let through = self.position;
        let announcements = (0..self.relay.partition.parts())
            .map(|part| self.tell(part, through, News::Quiet(through)))
            .collect();
        self.give(announcements, Sent { through, events: 0, since: Instant::now() });
    }

    fn give(&mut self, announcements: Vec<Announcement>, sent: Sent) {
        let bus = self.relay.bus.clone();
        self.confirming
            .push_back(Box::pin(async move { bus.announce(announcements).await.map(|()| sent) }));
    }

    /// A page as the consumers of each part hear it: what happened, and that nothing else did.
    fn announcements(&mut self, events: Vec<Recorded>, through: u64) -> Vec<Announcement> {
        let mut all = Vec::with_capacity(events.len());
        for event in events {
            let position = event.position;
            if event.is_reset() {
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

    fn note(&mut self, sent: &Sent) {
        self.confirmed = sent.through;
        meters::published(sent.events, sent.since.elapsed());
    }

    /// When what is confirmed has to be noted in the database: not after every page, since what is
    /// lost with this note is only published once more.
    fn save_due(&self, lease: &Lease) -> Instant {
        if self.confirmed > lease.position { self.saved + SAVE } else { lease.due() + BEAT }
    }

    async fn save(&mut self, lease: &mut Lease) -> Result<(), RelayError> {
        if self.confirmed > lease.position {
            lease.advance(self.confirmed).await?;
        }
        self.saved = Instant::now();
        Ok(())
    }
}
