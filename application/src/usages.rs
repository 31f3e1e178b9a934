//! Usages: what customers use, for whoever wants to know.

use std::collections::BTreeMap;

use domain::kernel::{OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{App, Call, Result, ports::WorkQueue, work::Message};

pub mod deliver;
#[cfg(feature = "testing-only")]
pub mod drain;

/// What part of the product the usages of these hosts are of.
const COMPONENT: &str = "API";
/// When something was used: it may be told of much later, and again.
pub const TIMESTAMP: &str = "Timestamp";
/// The organization that something was used in.
const TENANT: &str = "TenantId";
/// Properties that say who somebody is: never in log lines, and encrypted while they wait.
const PERSONAL: &[&str] = &[
    "Name",
    "EmailAddress",
    "AvatarUrl",
    "Ip",
    "IpAddress",
    "UserAgent",
    "Referrer",
    "ReferredBy",
];

/// What the queue of usages carries.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UsageMessage {
    /// Who used it; without it the message is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_id: Option<String>,
    /// What was used; without it the message is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_name: Option<String>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional: Option<BTreeMap<String, Option<String>>>,
    /// Whose key encrypts it while it waits.
    #[serde(skip)]
    pub sealed_for: Option<String>,
}

impl Message for UsageMessage {
    const QUEUE: WorkQueue = WorkQueue::Usages;
    fn subject(&self) -> Option<String> {
        self.sealed_for.clone()
    }
}

impl UsageMessage {
    /// Of something that was used in a call, at this time.
    #[must_use]
    pub fn of(call: &Call, at: Timestamp, event: &str, properties: &[(&str, Value)]) -> Self {
        let mut additional = BTreeMap::new();
        additional.insert(TIMESTAMP.to_owned(), Some(at.to_string()));
        additional.insert("Component".to_owned(), Some(COMPONENT.to_owned()));
        additional.insert("CallId".to_owned(), Some(call.correlation.clone()));
        if let Some(tenant) = &call.tenant {
            additional.insert(TENANT.to_owned(), Some(tenant.to_string()));
        }
        for (name, value) in properties {
            if let Some(text) = text_of(value) {
                additional.insert((*name).to_owned(), Some(text));
            }
        }
        let personal = properties.iter().any(|(name, _)| is_personal(name));
        let sealed_for = personal.then(|| subject(call, &additional));
        Self {
            for_id: Some(call.caller.id.to_string()),
            event_name: Some(event.to_owned()),
            additional: Some(additional),
            sealed_for,
        }
    }
}

/// Whom the properties are about: whoever they name, else the caller.
fn subject(call: &Call, properties: &BTreeMap<String, Option<String>>) -> String {
    let named = ["UserIdOverride", "ResourceId", "Id", "UserId"].into_iter().find_map(|name| {
        properties.get(name)?.as_deref().filter(|id| id.starts_with("user_")).map(str::to_owned)
    });
    named.unwrap_or_else(|| call.caller.id.to_string())
}

/// Whether a property says who somebody is.
#[must_use]
pub fn is_personal(property: &str) -> bool {
    PERSONAL.iter().any(|personal| personal.eq_ignore_ascii_case(property))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The usage that goes with every measure.
pub const MEASURED: &str = "Measured";

/// Its properties.
#[must_use]
pub fn measured<'a>(event: &str, properties: &[(&'a str, Value)]) -> Vec<(&'a str, Value)> {
    let metric = ("Metric", Value::from(event.to_lowercase()));
    properties.iter().cloned().chain([metric]).collect()
}

impl App {
    /// Counts something, and tells of it as [`Self::usage`] does.
    ///
    /// # Errors
    /// As [`Self::enqueue`].
    pub fn measure(&self, call: &Call, event: &str, properties: &[(&str, Value)]) -> Result<()> {
        self.recorder.measure(call, event, properties);
        self.usage(call, MEASURED, &measured(event, properties))
    }

    /// Tells what the call used: with its next append, all or nothing, as [`Self::enqueue`] has
    /// it. Nothing is queued where nobody wants to know.
    ///
    /// # Errors
    /// As [`Self::enqueue`].
    pub fn usage(&self, call: &Call, event: &str, properties: &[(&str, Value)]) -> Result<()> {
        trace(call, event, properties);
        if self.usages.is_wanted() {
            self.enqueue(call, &UsageMessage::of(call, self.clock.now(), event, properties))?;
        }
        Ok(())
    }
}

/// The log line of a usage, without what is personal.
pub fn trace(call: &Call, event: &str, properties: &[(&str, Value)]) {
    if !tracing::enabled!(target: "usage", tracing::Level::INFO) {
        return;
    }
    let shown = properties.iter().filter(|(name, _)| !is_personal(name));
    let shown: serde_json::Map<String, Value> =
        shown.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    tracing::info!(
        target: "usage",
        event,
        call_id = call.correlation,
        caller_id = %call.caller.id,
        tenant_id = call.tenant.as_ref().map(OrganizationId::as_str),
        properties = %serde_json::Value::Object(shown),
        "used"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_is_sealed_for_whoever_it_names() {
        let call = Call::new(crate::Caller::maintenance(), "a test".to_owned());
        let subject = |name: &str, id: &str| {
            let properties = [(name, Value::from(id)), ("EmailAddress", Value::from("a@b.org"))];
            UsageMessage::of(&call, Timestamp::MIN, "User Guest Invited", &properties).sealed_for
        };
        for name in ["UserIdOverride", "ResourceId", "Id", "UserId"] {
            assert_eq!(subject(name, "user_aaaaaaaaaa").as_deref(), Some("user_aaaaaaaaaa"));
        }
        let caller = call.caller.id.to_string();
        assert_eq!(subject("Id", "org_aaaaaaaaaa"), Some(caller));
    }

    #[test]
    fn a_usage_tells_when_it_was_unless_it_says_so_itself() {
        let call = Call::new(crate::Caller::maintenance(), "a test".to_owned());
        let at = |properties: &[(&str, Value)]| {
            let usage = UsageMessage::of(&call, Timestamp::MIN, "Page Seen", properties);
            usage.additional.and_then(|mut all| all.remove(TIMESTAMP)).flatten()
        };
        assert_eq!(at(&[]), Some(Timestamp::MIN.to_string()));
        let own = at(&[("Timestamp", Value::from("2026-01-01T00:00:00Z"))]);
        assert_eq!(own.as_deref(), Some("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_personal_is_so_in_every_letter_case() {
        for name in PERSONAL {
            assert!(is_personal(name) && is_personal(&name.to_lowercase()), "{name}");
        }
        assert!(!is_personal("Route"));
    }
}
