//! Usages for Mixpanel.

use std::sync::Arc;

use application::{
    Result,
    ports::{Clock, Usage, UsageProvider},
};
use async_trait::async_trait;
use reqwest::Client;
use serde_json::{Map, Value, json};

use super::{
    accepted, client,
    told::{Agent, Told},
};
use crate::secret::Secret;

/// The longest id of an event.
const LONGEST_ID: usize = 36;
/// What stands for nobody, and is refused as a user's id.
const RESERVED: [&str; 17] = [
    "anonymous",
    "anon",
    "nil",
    "none",
    "null",
    "n/a",
    "na",
    "undefined",
    "unknown",
    "true",
    "false",
    "0",
    "-1",
    "[]",
    "{}",
    "00000000-0000-0000-0000-000000000000",
    "",
];

/// A project at Mixpanel.
#[derive(Clone)]
pub struct MixpanelProject {
    /// For example `https://api.mixpanel.com`.
    pub base_url: String,
    /// Which project.
    pub id: String,
    /// Proves that we may.
    pub token: Secret,
}

/// Tells Mixpanel.
pub struct Mixpanel {
    client: Client,
    project: MixpanelProject,
    clock: Arc<dyn Clock>,
}

impl Mixpanel {
    /// For this project.
    ///
    /// # Errors
    /// If there can be no client.
    pub fn new(project: MixpanelProject, clock: Arc<dyn Clock>) -> reqwest::Result<Self> {
        Ok(Self { client: client()?, project, clock })
    }

    async fn post(&self, path: &str, body: &Value) -> Result<()> {
        let MixpanelProject { base_url, id: _, token } = &self.project;
        let url = format!("{}/{path}", base_url.trim_end_matches('/'));
        let request = self.client.post(url).basic_auth(token.expose(), Some("")).json(body);
        accepted("Mixpanel", request).await
    }
}

/// Empty for whoever is not known.
fn distinct_id<'a>(told: &Told<'a>) -> &'a str {
    let user = told.user();
    if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(user)) { "" } else { user }
}

fn profile(told: &Told<'_>) -> Map<String, Value> {
    let person = told.person();
    let mut set = Map::new();
    for (name, text) in [
        ("$name", person.name),
        ("$email", person.email),
        ("$timezone", person.timezone),
        ("$country_code", person.country_code),
        ("$avatar", person.avatar),
    ] {
        if let Some(text) = text {
            set.insert(name.to_owned(), text.into());
        }
    }
    // We send the e-mails.
    set.insert("$unsubscribed".to_owned(), true.into());
    set
}

/// What makes an event the same when it is told again: the message's own, for a call may have several
/// events of one name.
fn insert_id(told: &Told<'_>) -> String {
    let message = told.usage.message_id.as_deref().map(|id| id.trim_start_matches("usages_"));
    let id = message.or_else(|| told.get("CallId")).unwrap_or_default();
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(LONGEST_ID).collect()
}

fn event(told: &Told<'_>) -> Map<String, Value> {
    let agent = Agent::read(told.get("UserAgent"));
    let mut all = Map::new();
    all.insert("time".to_owned(), told.at.get().unix_timestamp().into());
    all.insert("distinct_id".to_owned(), distinct_id(told).into());
    all.insert("$insert_id".to_owned(), insert_id(told).into());
    let tenant = told.default_organization().unwrap_or_else(|| told.tenant());
    let named = [
        ("Referred by", told.referrer()),
        ("URL", told.get("Path")),
        ("ip", told.address()),
        ("$browser", agent.browser),
        ("$browser_version", agent.version.as_deref()),
        ("$os", agent.os),
        ("$device", agent.device),
        ("TenantId", Some(tenant)),
        ("CallId", told.get("CallId")),
    ];
    let named = named.into_iter().filter_map(|(name, text)| Some((name, text?)));
    for (name, text) in named.chain(told.rest()) {
        all.insert(name.to_owned(), text.into());
    }
    all
}

#[async_trait]
impl UsageProvider for Mixpanel {
    fn is_wanted(&self) -> bool {
        true
    }
    async fn deliver(&self, usage: &Usage) -> Result<()> {
        let told = Told::new(usage, self.clock.now());
        if told.identifies() {
            let user = json!([{
                "$token": self.project.token.expose(),
                "$distinct_id": distinct_id(&told),
                "$set": profile(&told),
            }]);
            self.post("engage?verbose=1", &user).await?;
        }
        let events = json!([{ "event": usage.event_name, "properties": event(&told) }]);
        self.post(&format!("import?strict=1&project_id={}", self.project.id), &events).await
    }
}
