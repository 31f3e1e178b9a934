//! From the table of work to the queues of the broker.

use std::time::Duration;

use super::{Relay, RelayError, meters};
use crate::work::Outbox;

/// Messages that are moved at once.
const MOST: u32 = 200;
/// How long work gathers once there are events.
const GATHER: Duration = Duration::from_millis(20);
/// How often is looked for work that no event announces.
const LOOK: Duration = Duration::from_millis(200);

/// Moves work for ever. What is confirmed and not forgotten yet is moved twice.
pub(super) async fn run(relay: &Relay) -> Result<(), RelayError> {
    let outbox = Outbox::new(relay.db.clone());
    let mut head = relay.log.watch();
    loop {
        head.mark_unchanged();
        let pending = outbox.pending(MOST).await?;
        if pending.is_empty() {
            // Most work comes with an event, and few events bring work.
            let _ = tokio::time::timeout(LOOK, head.changed()).await;
            tokio::time::sleep(GATHER).await;
            continue;
        }
        let ids: Vec<String> = pending.iter().map(|message| message.id.clone()).collect();
        relay.bus.enqueue(pending).await?;
        outbox.sent(&ids).await?;
        meters::moved(ids.len());
    }
}
