//! A server on a free port, with the log in memory and everything else faked.

mod unread;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use adapters::{clock::SystemClock, ids::RandomIds};
use application::{
    App, Call, Caller, Error, Repository, Result,
    audits::{AuditReads, AuditView},
    caller::CallerKind,
    cars::{CarReads, CarView, UnavailabilityView},
    ports::{
        Audited, Authenticator, EventLog, Fate, Notifications, QueueStanding, Reacted, ReadModels,
        Recorded, Recorder, Sealer, Severity, Taken, WorkMessage, WorkQueue, WorkQueues,
    },
    reaction::{Reaction, Start},
    search::{Found, Rows, Search},
    testing::{Alone, OpenVault},
};
use async_trait::async_trait;
use domain::{
    cars::{Car, CarId, events::CarEvent},
    kernel::{
        Evolve, OrganizationId, TimeSlot, Timestamp, UserId,
        roles::{Feature, Role},
    },
};
use serde_json::Value;
use store::log::MemLog;

use crate::{
    http::{
        observer::Unobserved,
        page::Page,
        route::Route,
        server,
        settings::HttpSettings,
        site::{Outside, Site},
    },
    roles::Api,
    routes::cars,
};

pub const MINE: &str = "org_mineminemine";
pub const OTHER: &str = "org_otherotherother";

/// Knows a few tokens and one secret.
struct Proofs;

/// `owner` and `stranger` have everything in one organization; `poor` lacks the feature.
fn user(token: &str) -> Option<Caller> {
    let (id, organization, feature) = match token {
        "owner" => ("user_ownerowner", MINE, Feature::TenantPaidTrial),
        "stranger" => ("user_strangerrr", OTHER, Feature::TenantPaidTrial),
        "operator" => ("user_operatorrr", MINE, Feature::TenantPaidTrial),
        "poor" => ("user_poorpoorpo", MINE, Feature::TenantBasic),
        _ => return None,
    };
    let organizations = vec![OrganizationId::parse(organization).unwrap()];
    let organization = organizations.first().cloned();
    let mut roles = vec![(Role::PlatformStandard, None), (Role::TenantOwner, organization.clone())];
    if token == "operator" {
        roles.push((Role::PlatformOperations, None));
    }
    Some(Caller {
        id: UserId::parse(id).unwrap(),
        kind: CallerKind::User,
        roles,
        features: vec![(Feature::PlatformPaidTrial, None), (feature, organization)],
        organizations,
    })
}

#[async_trait]
impl Authenticator for Proofs {
    async fn bearer(&self, token: &str) -> Result<Option<Caller>> {
        if token == "unknowable" { Err(Error::unavailable("no keys")) } else { Ok(user(token)) }
    }
    async fn api_key(&self, key: &str) -> Result<Option<Caller>> {
        Ok(key.strip_prefix("apk_").and_then(user))
    }
    fn hmac(&self, body: &[u8], signature: &str) -> bool {
        signature == format!("hmac:{}", String::from_utf8_lossy(body))
    }
    fn inter_host(&self, body: &[u8], signature: &str) -> bool {
        signature == format!("host:{}", String::from_utf8_lossy(body))
    }
}

/// Seals by naming the context.
struct Labels;

impl Sealer for Labels {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        Ok([context.as_bytes(), b"\0", plain].concat())
    }
    fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        Some(sealed.strip_prefix(context.as_bytes())?.strip_prefix(b"\0")?.to_vec())
    }
}

/// Read models that are made anew from the log for each query.
struct Replayed(Arc<MemLog>);

impl Replayed {
    async fn all(&self, organization: &OrganizationId) -> Result<Vec<(CarView, u64)>> {
        let mut cars: BTreeMap<String, (Car, u64)> = BTreeMap::new();
        for event in self.0.read(0, 10_000).await? {
            let (car, version) = cars.entry(event.stream.id.clone()).or_default();
            car.evolve(&event.decode::<CarEvent>().map_err(Error::unexpected)?);
            *version = event.sequence;
        }
        let mine = cars.into_iter().filter(|(_, (car, _))| {
            use domain::kernel::Aggregate;
            car.tenant() == Some(organization) && !car.is_deleted()
        });
        Ok(mine
            .map(|(id, (state, version))| {
                (CarView::from(&application::Loaded { id, version, state }), version)
            })
            .collect())
    }
    async fn found(&self, org: &OrganizationId, search: &Search) -> Result<Found<CarView>> {
        let rows: Vec<_> = self.all(org).await?.into_iter().map(|(car, _)| car).collect();
        Ok(Found { total: rows.len() as u64, rows: search.rows(rows) })
    }
}

#[async_trait]
impl CarReads for Replayed {
    async fn car(&self, org: &OrganizationId, id: &CarId) -> Result<Option<(CarView, u64)>> {
        Ok(self.all(org).await?.into_iter().find(|(car, _)| car.id == id.as_str()))
    }
    async fn cars(&self, org: &OrganizationId, search: &Search) -> Result<Found<CarView>> {
        self.found(org, search).await
    }
    async fn available(
        &self,
        org: &OrganizationId,
        _: TimeSlot,
        search: &Search,
    ) -> Result<Found<CarView>> {
        self.found(org, search).await
    }
    async fn unavailabilities(
        &self,
        _: &OrganizationId,
        _: &CarId,
        _: &Search,
    ) -> Result<Found<UnavailabilityView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}

/// What the pipeline asked for and told.
#[derive(Default)]
pub struct Seen {
    /// Whether read models are too late for everybody.
    pub late: AtomicBool,
    /// Whether the reaction gives up on everything.
    pub gave_up: AtomicBool,
    /// Each wait: projections and position.
    pub waits: Mutex<Vec<(Vec<String>, u64)>>,
    /// Each usage with its properties.
    pub usages: Mutex<Vec<(&'static str, Value)>>,
    /// How bad each crash is, and what failed.
    pub crashes: Mutex<Vec<(Severity, &'static str)>>,
    /// Each audit's code.
    pub audits: Mutex<Vec<&'static str>>,
}

#[async_trait]
impl ReadModels for Seen {
    async fn reached(&self, projections: &[&str], position: u64, _: Duration) -> bool {
        let names = projections.iter().map(|name| (*name).to_owned()).collect();
        self.waits.lock().unwrap().push((names, position));
        !self.late.load(Ordering::SeqCst)
    }
    fn handling(&self, events: &[(&str, &str)]) -> Vec<&'static str> {
        if events.iter().any(|(aggregate, _)| *aggregate == "car") { vec!["cars"] } else { vec![] }
    }
    async fn reacted(&self, _: &str, _: &Recorded, _: Duration) -> Result<Reacted> {
        let [gave_up, late] = [&self.gave_up, &self.late].map(|it| it.load(Ordering::SeqCst));
        Ok(if gave_up {
            Reacted::GaveUp
        } else if late {
            Reacted::Late
        } else {
            Reacted::Done
        })
    }
    async fn settled(&self, _: Duration) -> bool {
        true
    }
}

#[async_trait]
impl Notifications for Seen {
    async fn delivered(&self, _: &Recorded, _: &str) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Recorder for Seen {
    fn crash(&self, _: &Call, severity: Severity, source: &'static str, _: &str) {
        self.crashes.lock().unwrap().push((severity, source));
    }
    fn measure(&self, _: &Call, _: &str, _: &[(&str, Value)]) {}
    async fn flush(&self) {}
    fn usage(&self, _: &Call, event: &'static str, properties: &[(&'static str, Value)]) {
        let all = properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.usages.lock().unwrap().push((event, Value::Object(all.collect())));
    }
    async fn audit(&self, _: &Call, audit: Audited<'_>) -> Result<()> {
        self.audits.lock().unwrap().push(audit.code);
        Ok(())
    }
}

#[async_trait]
impl AuditReads for Seen {
    async fn audits(
        &self,
        _: Option<&OrganizationId>,
        _: Timestamp,
        _: &Search,
    ) -> Result<Found<AuditView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}

/// Nothing is ever delivered: what was enqueued is seen in the log.
#[async_trait]
impl WorkQueues for Seen {
    async fn take(&self, _: WorkQueue, _: usize) -> Result<Vec<Taken>> {
        Ok(vec![])
    }
    async fn handled(&self, _: &[Taken]) -> Result<()> {
        Ok(())
    }
    async fn failed(&self, _: &Taken, _: &str) -> Result<Fate> {
        Ok(Fate::Again)
    }
    async fn postponed(&self, _: &Taken) -> Result<()> {
        Ok(())
    }
    async fn standings(&self) -> Result<Vec<QueueStanding>> {
        Ok(vec![])
    }
    async fn poisoned(&self, _: WorkQueue) -> Result<Vec<(WorkMessage, String)>> {
        Ok(vec![])
    }
    async fn revive(&self, _: WorkQueue, _: &str) -> Result<bool> {
        Ok(false)
    }
    async fn discard(&self, _: WorkQueue, _: &str) -> Result<bool> {
        Ok(false)
    }
}

#[cfg(feature = "testing-only")]
#[async_trait]
impl application::ports::Testing for Seen {
    fn usages(&self) -> Vec<application::ports::Usage> {
        vec![]
    }
    async fn destroy(&self) -> Result<()> {
        Ok(())
    }
    async fn drain(&self, _: Duration) -> Result<()> {
        Ok(())
    }
    async fn advance_clock(&self, _: i64) -> Result<()> {
        Ok(())
    }
    async fn reset_clock(&self) -> Result<()> {
        Ok(())
    }
    async fn notifications(
        &self,
        _: &Search,
    ) -> Result<Found<application::testing_only::notifications::NotificationView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}

/// Nobody runs it: what becomes of it is up to [`Seen`].
const REACTION: Reaction = Reaction {
    name: "a_reaction",
    area: "EndUsers",
    handles: &[("car", "created")],
    start: Start::Origin,
    react: |_, _, _| Box::pin(std::future::ready(Ok(()))),
};

/// A running server. It ends with the runtime of its test.
pub struct Running {
    pub url: String,
    pub client: reqwest::Client,
    pub seen: Arc<Seen>,
    pub log: Arc<MemLog>,
    pub handle: actix_web::dev::ServerHandle,
}

/// Serves the cars and the routes of the test itself.
pub fn start(own: &'static [Route], settings: HttpSettings) -> Running {
    start_part(Api::All, own, settings)
}

/// Serves a part of them.
pub fn start_part(api: Api, own: &'static [Route], mut settings: HttpSettings) -> Running {
    let clock = Arc::new(SystemClock);
    let ids = Arc::new(RandomIds::new(clock.clone()));
    let log = Arc::new(MemLog::new(clock.clone()));
    let seen = Arc::new(Seen::default());
    let app = App {
        clock,
        ids: ids.clone(),
        log: log.clone(),
        sealed_log: log.clone(),
        vault: Arc::new(OpenVault),
        read_models: seen.clone(),
        recorder: seen.clone(),
        notifications: seen.clone(),
        reactions: &[REACTION],
        work: seen.clone(),
        region: "aregion".into(),
        audits: Repository::new(log.clone(), ids.clone()),
        audit_reads: seen.clone(),
        cars: Repository::new(log.clone(), ids.clone()),
        car_reads: Arc::new(Replayed(log.clone())),
        end_users: Repository::new(log.clone(), ids.clone()),
        end_user_reads: seen.clone(),
        operators: Arc::new([]),
        organizations: Repository::new(log.clone(), ids.clone()),
        organization_reads: seen.clone(),
        tenant_settings: Arc::new([]),
        subscriptions: Repository::new(log.clone(), ids.clone()),
        subscription_reads: Arc::new(Alone),
        billing: Arc::new(Alone),
        billing_proofs: Arc::new(Alone),
        user_profiles: Repository::new(log.clone(), ids.clone()),
        user_profile_reads: seen.clone(),
        emails: Repository::new(log.clone(), ids.clone()),
        email_reads: Arc::new(Alone),
        email_provider: Arc::new(Alone),
        mail_templates: Arc::new(Alone),
        usages: Arc::new(Alone),
        webhook_proofs: Arc::new(Alone),
        webhooks: Arc::new(Alone),
        api_keys: Repository::new(log.clone(), ids.clone()),
        api_key_reads: Arc::new(Alone),
        api_key_uses: Arc::new(Alone),
        credentials: Repository::new(log.clone(), ids.clone()),
        token_families: Repository::new(log.clone(), ids.clone()),
        access_tokens: Arc::new(Alone),
        used_tokens: Arc::new(Alone),
        strangers: Arc::new(Alone),
        passwords: Arc::new(Alone),
        password_strength: Arc::new(Alone),
        secrets: Arc::new(Alone),
        sign_in: Arc::new(application::identities::SignIn::default()),
        #[cfg(feature = "testing-only")]
        testing: seen.clone(),
    };
    let outside = Outside {
        app,
        authenticator: Arc::new(Proofs),
        sealer: Arc::new(Labels),
        observer: Arc::new(Unobserved),
    };
    settings.addresses = vec![([127, 0, 0, 1], 0).into()];
    settings.workers = 1;
    settings.reveal_failures = true;
    let page = Page::new("/page", async |_| actix_web::HttpResponse::Ok().body("a page"));
    let panics = Page::new("/page/panics", async |_| panic!("a page panics"));
    let routes = cars::ROUTES.iter().chain(own);
    let site = Site::new(outside, settings, api, routes, vec![page, panics]).unwrap();
    let bound = server::server(Arc::new(site)).unwrap();
    let handle = bound.server.handle();
    actix_web::rt::spawn(bound.server);
    let client = reqwest::Client::builder().build().unwrap();
    Running { url: format!("http://{}", bound.addresses[0]), client, seen, log, handle }
}
