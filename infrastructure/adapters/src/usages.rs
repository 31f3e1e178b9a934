//! Who is told what customers use.

mod mixpanel;
mod told;
mod userpilot;

use std::time::Duration;

use application::{
    Error, Result,
    ports::{Usage, UsageProvider},
};
use async_trait::async_trait;
use reqwest::{Client, RequestBuilder, redirect};

pub use mixpanel::{Mixpanel, MixpanelProject};
pub use userpilot::{UserPilot, UserPilotAccount};

/// How long one request may take; four of them are less than whoever delivers the message waits.
const LIMIT: Duration = Duration::from_secs(5);

fn client() -> reqwest::Result<Client> {
    Client::builder().timeout(LIMIT).redirect(redirect::Policy::none()).build()
}

/// Sends a request to a provider. Whatever they refuse, it was no fault of who used something, so
/// that it is told as a fault of ours; without their words, which may be personal.
async fn accepted(provider: &str, request: RequestBuilder) -> Result<()> {
    let answer = request.send().await;
    let answer = answer.map_err(|_| Error::unexpected(format!("{provider} can't be reached")))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(Error::unexpected(format!("{provider} answered {}", status.as_u16())))
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

#[async_trait]
impl UsageProvider for Nobody {
    fn is_wanted(&self) -> bool {
        false
    }
    async fn deliver(&self, _: &Usage) -> Result<()> {
        Ok(())
    }
}

/// The log lines, for whoever collects those.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogLines;

#[async_trait]
impl UsageProvider for LogLines {
    fn is_wanted(&self) -> bool {
        true
    }
    async fn deliver(&self, usage: &Usage) -> Result<()> {
        let shown: serde_json::Map<_, _> = usage
            .additional
            .iter()
            .filter(|(name, _)| !application::usages::is_personal(name))
            .map(|(name, text)| (name.clone(), text.as_str().into()))
            .collect();
        tracing::info!(
            target: "usage",
            event = usage.event_name,
            for_id = usage.for_id,
            properties = %serde_json::Value::Object(shown),
            "a usage was delivered"
        );
        Ok(())
    }
}

/// Remembers what it was told, for tests.
#[cfg(feature = "testing-only")]
#[derive(Default)]
pub struct Remembered(std::sync::Mutex<std::collections::VecDeque<Usage>>);

/// How many usages are remembered: the last ones.
#[cfg(feature = "testing-only")]
const REMEMBERED: usize = 10_000;

#[cfg(feature = "testing-only")]
impl Remembered {
    fn all(&self) -> std::sync::MutexGuard<'_, std::collections::VecDeque<Usage>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
    /// What it was told, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Usage> {
        self.all().iter().cloned().collect()
    }
    /// Forgets everything.
    pub fn clear(&self) {
        self.all().clear();
    }
}

#[cfg(feature = "testing-only")]
#[async_trait]
impl UsageProvider for Remembered {
    fn is_wanted(&self) -> bool {
        true
    }
    async fn deliver(&self, usage: &Usage) -> Result<()> {
        let mut all = self.all();
        if all.len() == REMEMBERED {
            all.pop_front();
        }
        all.push_back(usage.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
