//! Audits of bad proofs, at a bounded rate.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use application::{
    Call,
    audits::budget::Budget,
    ports::{Audited, Recorder},
};

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
