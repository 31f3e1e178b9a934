//! Usages for `UserPilot`.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use application::{
    Result,
    ports::{Clock, Usage, UsageProvider},
};
use async_trait::async_trait;
use domain::kernel::Timestamp;
use reqwest::Client;
use serde_json::{Map, Value};

use super::{
    accepted, client,
    told::{Agent, Sort, Told},
};
use crate::secret::Secret;

/// Messages of which something was accepted that are remembered: those that failed last.
const REMEMBERED: usize = 1_000;
/// The version of their API.
const VERSION: &str = "2020-09-22";

/// An account at `UserPilot`.
#[derive(Clone)]
pub struct UserPilotAccount {
    /// For example `https://analytex.userpilot.io/v1`.
    pub base_url: String,
    /// Proves that we may.
    pub api_key: Secret,
}

/// Tells `UserPilot`.
pub struct UserPilot {
    client: Client,
    account: UserPilotAccount,
    clock: Arc<dyn Clock>,
    accepted: Accepted,
}

impl UserPilot {
    /// Through this account.
    ///
    /// # Errors
    /// If there can be no client.
    pub fn new(account: UserPilotAccount, clock: Arc<dyn Clock>) -> reqwest::Result<Self> {
        Ok(Self { client: client()?, account, clock, accepted: Accepted::default() })
    }

    async fn post(&self, path: &str, body: &Map<String, Value>) -> Result<()> {
        let UserPilotAccount { base_url, api_key } = &self.account;
        let url = format!("{}/{path}", base_url.trim_end_matches('/'));
        let request = self
            .client
            .post(url)
            .header("Authorization", format!("token {}", api_key.expose()))
            .header("X-API-Version", VERSION)
            .json(body);
        accepted("UserPilot", request).await
    }
}

/// Where something is posted, and what.
type Request = (&'static str, Map<String, Value>);

/// Everything that is told of a usage, in order.
fn requests(told: &Told<'_>) -> Vec<Request> {
    let tenants = [Some(told.tenant()), told.default_organization()];
    tenants.into_iter().flatten().flat_map(|tenant| requests_in(told, tenant)).collect()
}

/// What is told of a usage in one organization.
fn requests_in(told: &Told<'_>, tenant: &str) -> Vec<Request> {
    let user = format!("{}@{tenant}", told.user());
    let mut all = vec![];
    if told.identifies() {
        let mut body = texts([("user_id", Some(user.as_str()))]);
        body.insert("metadata".to_owned(), person(told).into());
        body.insert("company".to_owned(), company(told).into());
        all.push(("identify", body));
    }
    let mut body = texts([
        ("user_id", Some(user.as_str())),
        ("event_name", Some(told.usage.event_name.as_str())),
    ]);
    body.insert("metadata".to_owned(), event(told, tenant).into());
    all.push(("track", body));
    all
}

/// How much of the messages that failed last was accepted: only the rest is sent again. Another
/// process, or this one after it was started again, sends all of it.
#[derive(Default)]
struct Accepted(Mutex<VecDeque<(String, usize)>>);

impl Accepted {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(String, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn of(&self, message: &str) -> usize {
        self.lock().iter().find(|(id, _)| id == message).map_or(0, |(_, count)| *count)
    }
    /// Notes how much was accepted; nothing more is to be known of a message with 0.
    fn note(&self, message: &str, count: usize) {
        let mut all = self.lock();
        all.retain(|(id, _)| id != message);
        if count > 0 {
            all.push_back((message.to_owned(), count));
        }
        if all.len() > REMEMBERED {
            all.pop_front();
        }
    }
}

fn person(told: &Told<'_>) -> Map<String, Value> {
    let person = told.person();
    let created_at = person.created_at.map(seconds);
    texts([
        ("created_at", created_at.as_deref()),
        ("name", person.name),
        ("email", person.email),
        ("timezone", person.timezone),
        ("country_code", person.country_code),
    ])
}

fn company(told: &Told<'_>) -> Map<String, Value> {
    let at = seconds(told.at);
    let (id, name) = (told.get("ResourceId"), told.get("Name"));
    let of = told.get("TenantIdOverride");
    match told.sort {
        Sort::OrganizationCreated => {
            texts([("id", id), ("name", name), ("created_at", Some(at.as_str()))])
        }
        Sort::OrganizationUpdated => texts([("id", id), ("name", name)]),
        Sort::MembershipAdded => texts([("id", of), ("name", name)]),
        Sort::MembershipChanged => texts([("id", of)]),
        _ => Map::new(),
    }
}

fn event(told: &Told<'_>, tenant: &str) -> Map<String, Value> {
    let agent = Agent::read(told.get("UserAgent"));
    let mut all = texts([
        ("url", told.get("Path")),
        ("referred_by", told.referrer()),
        ("ip_address", told.address()),
        ("browser", agent.browser),
        ("browser_version", agent.version.as_deref()),
        ("os", agent.os),
        ("device", agent.device),
        ("TenantId", Some(tenant)),
        ("CallId", told.get("CallId")),
    ]);
    for (name, text) in told.rest() {
        // They want dates as seconds.
        let text = Timestamp::parse(text).map_or_else(|_| text.to_owned(), seconds);
        all.insert(name.to_owned(), text.into());
    }
    all
}

fn texts<const N: usize>(all: [(&str, Option<&str>); N]) -> Map<String, Value> {
    all.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect()
}

fn seconds(at: Timestamp) -> String {
    at.get().unix_timestamp().to_string()
}

#[async_trait]
impl UsageProvider for UserPilot {
    fn is_wanted(&self) -> bool {
        true
    }
    async fn deliver(&self, usage: &Usage) -> Result<()> {
        let message = usage.message_id.as_deref().unwrap_or_default();
        let known = if message.is_empty() { 0 } else { self.accepted.of(message) };
        let requests = requests(&Told::new(usage, self.clock.now()));
        for (at, (path, body)) in requests.iter().enumerate().skip(known) {
            self.post(path, body).await?;
            if !message.is_empty() {
                let more = at + 1 < requests.len();
                self.accepted.note(message, if more { at + 1 } else { 0 });
            }
        }
        Ok(())
    }
}
