//! Audits of bad proofs, at a bounded rate: anybody can send those as fast as the network carries
//! them, and each audit is a row that is kept for ever.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use application::{
    Call,
    ports::{Audited, Recorder},
};

/// Audits of one kind that are kept at once.
const BURST: u64 = 20;
/// How long it takes until one more is kept: 8,640 a day of one kind and process at most.
const EVERY: Duration = Duration::from_secs(10);

/// Which proof was bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// An API key.
    ApiKey,
    /// `X-HMAC-Signature`.
    Signature,
    /// `X-InterHost-Signature`.
    HostSignature,
}

impl Refused {
    fn code(self) -> &'static str {
        match self {
            Self::ApiKey => "APIKeyAuthentication.Failed.InvalidAPIKey",
            Self::Signature => "HMACAuthentication.Failed.InvalidSignature",
            Self::HostSignature => "PrivateInterHostAuthentication.Failed.InvalidSignature",
        }
    }
    fn template(self) -> &'static str {
        match self {
            Self::ApiKey => "An API key was refused, {0} since the audit before this",
            Self::Signature => {
                "A signature of a request was refused, {0} since the audit before this"
            }
            Self::HostSignature => {
                "A signature of another host was refused, {0} since the audit before this"
            }
        }
    }
}

/// Keeps the first audits of a burst, then one now and then, which tells how many it stands for.
#[derive(Debug, Default)]
pub struct Refusals {
    kinds: [Mutex<Budget>; 3],
}

#[derive(Debug)]
struct Budget {
    left: u64,
    /// When the last one was added to `left`.
    at: Option<Instant>,
    /// Refusals since the last audit.
    uncounted: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: BURST, at: None, uncounted: 0 }
    }
}

impl Budget {
    /// How many refusals an audit now stands for; `None` if there must be none.
    fn spend(&mut self, now: Instant) -> Option<u64> {
        let at = *self.at.get_or_insert(now);
        let gained = now.saturating_duration_since(at).as_secs() / EVERY.as_secs();
        if gained > 0 {
            self.left = (self.left + gained).min(BURST);
            self.at = Some(now);
        }
        self.uncounted += 1;
        self.left = self.left.checked_sub(1)?;
        Some(std::mem::take(&mut self.uncounted))
    }
}

impl Refusals {
    fn budget(&self, kind: Refused) -> MutexGuard<'_, Budget> {
        let [key, signature, host] = &self.kinds;
        let budget = match kind {
            Refused::ApiKey => key,
            Refused::Signature => signature,
            Refused::HostSignature => host,
        };
        // What a panic leaves is still a number.
        budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Audits a refusal if its turn has come. The request is refused whether that succeeds or not.
    pub async fn audit(&self, recorder: &dyn Recorder, call: &Call, kind: Refused) {
        let code = kind.code();
        metrics::counter!("groundwork_http_refused_proofs_total", "code" => code).increment(1);
        let Some(count) = self.budget(kind).spend(Instant::now()) else { return };
        let count = count.to_string();
        let template = kind.template();
        let audit = Audited { code, against: None, template, arguments: &[&count] };
        if let Err(error) = recorder.audit(call, audit).await {
            tracing::error!(code, count, %error, "refused proofs could not be audited");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_kept_as_a_burst_and_then_counted() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let kept = (0..100_000).filter(|_| budget.spend(start) == Some(1)).count();
        assert_eq!(kept, 20);
        assert_eq!(budget.spend(start + EVERY / 2), None);
        let missed = 100_000 - 20 + 1;
        assert_eq!(budget.spend(start + EVERY), Some(missed + 1), "it stands for all that passed");
        assert_eq!(budget.spend(start + EVERY), None);
    }

    #[test]
    fn quiet_gives_the_burst_back() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        while budget.spend(start).is_some() {}
        let later = start + EVERY * 1000;
        assert_eq!((0..100).filter(|_| budget.spend(later).is_some()).count(), 20);
    }
}
