//! A client that founds organizations, and does there what owners do.

use std::time::Instant;

use acceptance::{Answer, Request, binary::Environment};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{
    reader::Reader,
    settled::BOUND,
    tenants::{PLAN, ROLE, Tenant},
    writer::{PAUSE, is_outage},
};

/// How a refusal is told apart that only says that something has not followed yet.
const NOT_YET: [&str; 3] = ["not_found", "organization_not_member", "subscription_no_provider"];

/// A request, as it can be made again and again.
struct Step<'a> {
    method: Method,
    path: String,
    body: Value,
    token: Option<&'a str>,
    key: Option<String>,
}

/// One client. Nobody else changes its organizations, so it knows what must be there.
#[derive(Clone, Debug)]
pub struct Founder {
    client: Client,
    url: String,
    settings: Environment,
    number: usize,
    requests: u64,
    /// How often registration was asked for, repetitions included.
    asked: u64,
    /// The organizations with which it is done.
    pub tenants: Vec<Tenant>,
}

impl Founder {
    /// A client of the host that a reader asks; gets its tokens by these settings.
    pub fn new(reader: &Reader, settings: Environment, number: usize) -> Self {
        let (client, url) = (reader.client.clone(), reader.url.clone());
        Self { client, url, settings, number, requests: 0, asked: 0, tenants: vec![] }
    }

    /// How many audits its requests may have caused: one by each registration, and one by each role.
    pub fn audits(&self) -> u64 {
        self.asked + self.tenants.len() as u64
    }

    /// Founds one organization; then everything that was done there was acknowledged.
    ///
    /// # Errors
    /// If the host refuses what is allowed, or stays away too long.
    pub async fn work(&mut self) -> Result<(), String> {
        let name = format!("{}x{}", self.number, self.tenants.len());
        let founder = self.register(&format!("founder{name}")).await?;
        let member = self.register(&format!("member{name}")).await?;
        let token = self.token(&["--user", &founder]).await?;
        let body = json!({ "name": format!("Company {name}") });
        let answer = self.ask(&token, Method::POST, "/organizations", body).await?;
        let organization = text(&answer, &["organization", "id"])?;
        let token = self
            .token(&["--user", &founder, "--organization", &organization, "--role", ROLE])
            .await?;
        let token = token.as_str();
        let at = format!("/organizations/{organization}");
        let members = format!("{at}/members");
        self.ask(token, Method::POST, &members, json!({ "userId": member })).await?;
        let guest = json!({ "email": format!("guest{name}@example.com") });
        self.ask(token, Method::POST, &members, guest).await?;
        let role = json!({ "userId": member, "roles": [ROLE] });
        self.ask(token, Method::PUT, &format!("{at}/roles/assign"), role).await?;
        let plan = format!("/subscriptions/{organization}/plan");
        self.ask(token, Method::PUT, &plan, json!({ "planId": PLAN })).await?;
        self.joined(token, &organization).await?;
        let (machine, machines) = self.register_machine(token, &name).await?;
        // Some members stay.
        let left = (self.number + self.tenants.len()).is_multiple_of(2);
        if left {
            self.ask(token, Method::DELETE, &format!("{members}/{member}"), Value::Null).await?;
        }
        self.tenants.push(Tenant { founder, member, organization, machine, machines, left });
        Ok(())
    }

    async fn register(&mut self, name: &str) -> Result<String, String> {
        let body = json!({
            "emailAddress": format!("{name}@example.com"),
            "firstName": "Ann",
            "lastName": "Miller",
            "password": "1Password!",
            "termsAndConditionsAccepted": true,
        });
        let (path, key) = ("/credentials/register".to_owned(), Some(self.next_key()));
        let step = Step { method: Method::POST, path, body, token: None, key };
        let (answer, attempts) = self.insist(&step).await?;
        self.asked += attempts;
        text(&answer, &["person", "user", "id"])
    }

    /// The machine, and how many there may be: this request takes no key, as it answers a secret, so
    /// that each attempt whose outcome is unknown may have registered another one.
    async fn register_machine(&self, token: &str, name: &str) -> Result<(String, u64), String> {
        let body = json!({ "name": format!("Robot {name}") });
        let path = "/machines/register".to_owned();
        let step = Step { method: Method::POST, path, body, token: Some(token), key: None };
        let (answer, attempts) = self.insist(&step).await?;
        Ok((text(&answer, &["machine", "id"])?, attempts))
    }

    /// Waits until the founder works in its organization: what it registers joins that then.
    async fn joined(&self, token: &str, organization: &str) -> Result<(), String> {
        let path = "/memberships/me".to_owned();
        let (method, body) = (Method::GET, Value::Null);
        let step = Step { method, path, body, token: Some(token), key: None };
        let begun = Instant::now();
        loop {
            let (answer, _) = self.insist(&step).await?;
            let mut memberships = answer["memberships"].as_array().into_iter().flatten();
            if memberships.any(|known| known["organizationId"] == organization) {
                return Ok(());
            }
            if begun.elapsed() > BOUND {
                return Err(format!("its founder did not join {organization} in {BOUND:?}"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A token that says so. The command fails while the database is away.
    async fn token(&self, what: &[&str]) -> Result<String, String> {
        let begun = Instant::now();
        loop {
            let settings = self.settings.clone();
            let arguments: Vec<String> = ["ops", "tokens", "mint"]
                .iter()
                .chain(what)
                .map(|argument| (*argument).to_owned())
                .collect();
            let minting = tokio::task::spawn_blocking(move || {
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                settings.run(&arguments)
            });
            match minting.await.map_err(|error| format!("no token: {error}"))? {
                Ok(token) => return Ok(token.trim().to_owned()),
                Err(why) if begun.elapsed() > BOUND => return Err(why),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Asks for a change until its outcome is known.
    async fn ask(
        &mut self,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<Value, String> {
        let (path, key) = (path.to_owned(), Some(self.next_key()));
        let step = Step { method, path, body, token: Some(token), key };
        self.insist(&step).await.map(|(answer, _)| answer)
    }

    fn next_key(&mut self) -> String {
        self.requests += 1;
        format!("founder-{}-{}", self.number, self.requests)
    }

    /// Repeats a request until its outcome is known; how often it was sent.
    async fn insist(&self, step: &Step<'_>) -> Result<(Value, u64), String> {
        let url = format!("{}{}", self.url, step.path);
        let begun = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let unknown = match step.request(&self.client, &url).try_send().await {
                Ok(answer) if answer.status.is_success() => return Ok((answer.json(), attempts)),
                Ok(answer) if is_for_now(&answer) => answer.to_string(),
                Ok(answer) => return Err(format!("{answer} at attempt {attempts}")),
                Err(error) => format!("{} {url}: {error:?}", step.method),
            };
            if begun.elapsed() > BOUND {
                return Err(format!("after {attempts} attempts in {BOUND:?}: {unknown}"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Step<'_> {
    fn request(&self, client: &Client, url: &str) -> Request {
        let mut request = Request::new(client, self.method.clone(), url);
        if let Some(token) = self.token {
            request = request.bearer(token);
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        if self.body.is_null() { request } else { request.json(&self.body) }
    }
}

/// Whether another attempt may be answered otherwise: the host is away, somebody else was faster,
/// there was too much at once, or what is needed has not followed yet.
fn is_for_now(answer: &Answer) -> bool {
    match answer.status.as_u16() {
        409 | 429 => true,
        400 | 404 => {
            let problem = answer.json();
            NOT_YET.iter().any(|code| problem["code"] == *code)
        }
        _ => is_outage(answer),
    }
}

/// A text somewhere in an answer.
fn text(answer: &Value, path: &[&str]) -> Result<String, String> {
    let found = path.iter().fold(answer, |value, member| &value[*member]);
    found.as_str().map(str::to_owned).ok_or_else(|| format!("no {} in {answer}", path.join(".")))
}
