//! Who is told what customers use.

use application::{
    Result,
    ports::{Usage, UsageProvider},
};
use async_trait::async_trait;

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
