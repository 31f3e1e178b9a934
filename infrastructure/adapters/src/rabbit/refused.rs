//! What is recorded of messages that are not ours.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use application::{
    Call, Caller,
    audits::budget::Budget,
    ports::{Audited, Recorder},
};
use lapin::{message::Delivery, types::ShortString};
use metrics::counter;

use super::{feed::Group, wire::Refusal};

/// Counts, logs and audits what is refused; audits at a bounded rate.
pub(super) struct Refused {
    group: Group,
    recorder: Arc<dyn Recorder>,
    budget: Mutex<Budget>,
}

impl Refused {
    pub fn new(group: Group, recorder: Arc<dyn Recorder>) -> Self {
        // A count that begins with one is no increase to whoever watches: it has to be there before.
        for refusal in Refusal::ALL {
            count(group, *refusal, 0);
        }
        Self { group, recorder, budget: Mutex::default() }
    }

    /// The message changes nothing, whether it can be audited or not.
    pub async fn record(&self, delivery: &Delivery, refusal: Refusal) {
        count(self.group, refusal, 1);
        let (group, reason) = (self.group.name(), refusal.reason());
        let id = delivery.properties.message_id().as_ref().map_or("", ShortString::as_str);
        let (exchange, key) = (delivery.exchange.as_str(), delivery.routing_key.as_str());
        tracing::warn!(group, reason, id, exchange, key, "a message of the bus was refused");
        if !refusal.is_foreign() {
            return;
        }
        // What a panic leaves is still a number.
        let allowed =
            self.budget.lock().unwrap_or_else(PoisonError::into_inner).spend(Instant::now());
        let Some(since) = allowed else { return };
        let since = since.to_string();
        let audited = Audited {
            code: "EventBus.Failed.InvalidMessage",
            against: None,
            template: "A message of the bus was refused, {0} since the audit before this: {1}, id \
                       '{2}', exchange '{3}', key '{4}'",
            arguments: &[&since, reason, id, exchange, key],
        };
        let call = Call::new(Caller::maintenance(), "uncorrelated".to_owned());
        if let Err(error) = self.recorder.audit(&call, audited).await {
            tracing::error!(reason, %error, "a refused message could not be audited");
        }
    }
}

fn count(group: Group, refusal: Refusal, by: u64) {
    let (group, reason) = (group.name(), refusal.reason());
    counter!("groundwork_bus_refused_total", "queue" => group, "reason" => reason).increment(by);
}
