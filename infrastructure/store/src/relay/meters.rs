//! What the relay measures.

use std::time::Duration;

use application::ports::WorkQueue;
use metrics::{counter, gauge, histogram};

/// Whether this process is the relay.
pub(super) fn leads(leads: bool) {
    gauge!("groundwork_relay_leads").set(if leads { 1.0 } else { 0.0 });
}

/// Work that was moved to the broker.
pub(super) fn moved(messages: usize) {
    counter!("groundwork_relay_moved_total").increment(messages as u64);
}

/// Work that the broker had lost.
pub(super) fn missed(queue: WorkQueue, messages: u64) {
    counter!("groundwork_relay_missed_total", "queue" => queue.name()).increment(messages);
}

/// How far the relay is, and how far behind the log.
#[expect(clippy::cast_precision_loss, reason = "gauges are floats; positions fit 52 bits")]
pub(super) fn standing(position: u64, head: u64) {
    gauge!("groundwork_relay_position").set(position as f64);
    gauge!("groundwork_relay_lag_positions").set(head.saturating_sub(position) as f64);
}

/// What the broker confirmed.
pub(super) fn published(events: usize, took: Duration) {
    counter!("groundwork_relay_published_total").increment(events as u64);
    histogram!("groundwork_relay_confirm_seconds").record(took);
}
