//! What consumers measure.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

/// How far a consumer is, and how far behind the log.
#[expect(clippy::cast_precision_loss, reason = "gauges are floats; positions fit 52 bits")]
pub(super) fn position(consumer: &str, part: u16, position: u64, behind: u64, seconds: f64) {
    let labels = [("consumer", consumer.to_owned()), ("part", part.to_string())];
    gauge!("groundwork_consumer_position", &labels).set(position as f64);
    gauge!("groundwork_consumer_lag_positions", &labels).set(behind as f64);
    gauge!("groundwork_consumer_lag_seconds", &labels).set(seconds);
}

/// Another process feeds it from now on. Prometheus takes no notice of what is no number, so that the
/// smallest lag of all processes is that of the one that feeds.
pub(super) fn left(consumer: &str, part: u16) {
    let labels = [("consumer", consumer.to_owned()), ("part", part.to_string())];
    gauge!("groundwork_consumer_position", &labels).set(f64::NAN);
    gauge!("groundwork_consumer_lag_positions", &labels).set(f64::NAN);
    gauge!("groundwork_consumer_lag_seconds", &labels).set(f64::NAN);
}

/// Events that had an effect, and how long writing it took.
pub(super) fn applied(consumer: &str, events: u64, took: Duration) {
    let consumer = consumer.to_owned();
    counter!("groundwork_consumer_applied_total", "consumer" => consumer.clone()).increment(events);
    histogram!("groundwork_consumer_apply_seconds", "consumer" => consumer).record(took);
}

/// An event was tried again.
pub(super) fn retried(consumer: &str) {
    counter!("groundwork_consumer_retries_total", "consumer" => consumer.to_owned()).increment(1);
}

/// Events that wait for an operator.
#[expect(clippy::cast_precision_loss, reason = "gauges are floats; counts fit 52 bits")]
pub(super) fn letters(consumer: &str, count: u64) {
    gauge!("groundwork_dead_letters", "consumer" => consumer.to_owned()).set(count as f64);
}
