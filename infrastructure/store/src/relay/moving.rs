//! From the table of work to the queues of the broker.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use super::{Relay, RelayError, meters};
use crate::{backoff::Backoff, work::Outbox};

/// Messages that are moved at once.
const MOST: u32 = 200;
/// How long work gathers once there are events.
const GATHER: Duration = Duration::from_millis(20);
/// How often is looked for work that no event announces.
const LOOK: Duration = Duration::from_millis(200);
/// How often is looked for work that the broker has lost.
const COUNT: Duration = Duration::from_secs(5);

/// Moves work for ever, while the broker takes it; events wait for nothing that happens here. What a
/// relay has marked before it was killed and not moved is missed later; what two of them move is taken
/// once.
pub(super) async fn run(relay: &Relay) -> Result<(), RelayError> {
    let mut backoff = Backoff::OUTAGE;
    loop {
        let begun = Instant::now();
        let Err(error) = go_on(relay).await;
        let RelayError::Bus(error) = error else { return Err(error) };
        tracing::warn!(%error, "work is not told to the broker");
        if begun.elapsed() > COUNT {
            backoff.reset();
        }
        tokio::time::sleep(backoff.next()).await;
    }
}

async fn go_on(relay: &Relay) -> Result<Infallible, RelayError> {
    let outbox = Outbox::new(relay.db.clone(), relay.clock.clone());
    let mut head = relay.log.watch();
    let mut counted: Option<Instant> = None;
    loop {
        head.mark_unchanged();
        if counted.is_none_or(|counted| counted.elapsed() >= COUNT) {
            miss(relay, &outbox).await?;
            counted = Some(Instant::now());
        }
        let lot = outbox.lot(MOST).await?;
        if lot.work.is_empty() {
            // Most work comes with an event, and few events bring work.
            let _ = tokio::time::timeout(LOOK, head.changed()).await;
            tokio::time::sleep(GATHER).await;
            continue;
        }
        if let Err(error) = relay.bus.enqueue(lot.work.clone()).await {
            outbox.back(&lot).await?;
            return Err(error.into());
        }
        meters::moved(lot.work.len());
    }
}

/// Moves again what should be on the broker and is not: somebody deleted the queue, or a taker died
/// with what it was told.
async fn miss(relay: &Relay, outbox: &Outbox) -> Result<(), RelayError> {
    let mut held = vec![];
    for (queue, _) in outbox.carried().await? {
        held.push((queue, relay.bus.holds(queue).await?));
    }
    if held.is_empty() {
        return Ok(());
    }
    // Counted after the broker, so that what is taken meanwhile is not missed.
    for (queue, carried) in outbox.carried().await? {
        let Some((_, held)) = held.iter().find(|(of, _)| *of == queue) else { continue };
        let missed = carried.saturating_sub(*held);
        if missed > 0 {
            let name = queue.name();
            tracing::warn!(queue = name, missed, "work is moved again, which the broker lost");
            outbox.missed(queue, missed).await?;
            meters::missed(queue, missed);
        }
    }
    Ok(())
}
