//! A deployment in process, on a store of its own, at a time of its own.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use adapters::{
    secret::Secret,
    signatures::Signatures,
    testing::{ManualClock, SeededIds},
};
use application::ports::{Clock, Ids};
use domain::kernel::{OrganizationId, Timestamp, UserId};
use hosts::compose::Replacements;
use reqwest::{Client, Method};
use tempfile::TempDir;

use crate::{
    Broker, Database, Deployment, Person, Request,
    binary::Environment,
    deployment::Hosts,
    events::Log,
    people::{Grants, token},
};

/// When every test begins, so that none depends on the day it runs.
const BEGIN: &str = "2026-06-15T12:00:00Z";
/// Projections and reactions are quiet long before.
const QUIET: Duration = Duration::from_secs(20);
const HMAC_SECRET: &str = "the secret of queues and bus";
const INTER_HOST_SECRET: &str = "the secret of the hosts";

/// Where the data is, until the test is over.
#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Database(Database),
    /// The database of another host, by its URL.
    Shared(String),
}

/// Seeds of the ids that a host makes, and of those that its test makes. The hosts of a store have
/// different ones: an id is made once.
type Seeds = (u64, u64);
const FIRST: Seeds = (1, 2);
const SECOND: Seeds = (4, 5);

/// Running hosts with everything that a test asks of it.
pub struct TestApp {
    /// Where the API is.
    pub url: String,
    /// How it is run.
    pub deployment: Deployment,
    /// Moves only when told to.
    pub clock: Arc<ManualClock>,
    /// Signs as queues and bus do.
    pub hmac: Signatures,
    /// Signs as other hosts do.
    pub inter_host: Signatures,
    ids: SeededIds,
    client: Client,
    hosts: Hosts,
    place: Place,
    broker: Option<Broker>,
    letters_expected: AtomicBool,
}

impl TestApp {
    /// Starts hosts on an empty store.
    pub async fn start(deployment: Deployment) -> Self {
        Self::start_with(deployment, |environment| environment).await
    }

    /// Starts hosts on an empty store, with other settings than the usual ones.
    pub async fn start_with(
        deployment: Deployment,
        adjust: impl FnOnce(Environment) -> Environment,
    ) -> Self {
        let mut broker = None;
        let (place, environment) = match deployment {
            Deployment::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let environment = Environment::embedded(folder.path());
                (Place::Folder(folder), environment)
            }
            Deployment::Postgres | Deployment::Split | Deployment::Brokered => {
                let database = Database::create().await;
                let mut environment = Environment::postgres(&database.url);
                if deployment == Deployment::Brokered {
                    environment = broker.insert(Broker::place()).settings(environment);
                }
                (Place::Database(database), environment)
            }
        };
        let mut app = Self::start_at(place, deployment, adjust(environment), FIRST).await;
        app.broker = broker;
        app
    }

    /// Starts a host on a database that the test made.
    pub async fn start_on(
        database: Database,
        adjust: impl FnOnce(Environment) -> Environment,
    ) -> Self {
        let environment = adjust(Environment::postgres(&database.url));
        let place = Place::Database(database);
        Self::start_at(place, Deployment::Postgres, environment, FIRST).await
    }

    /// Starts a second host on the database of this one, which has to outlive it.
    pub async fn start_beside(&self) -> Self {
        self.start_beside_with(|environment| environment).await
    }

    /// As [`Self::start_beside`], with other settings than the usual ones.
    pub async fn start_beside_with(&self, adjust: impl FnOnce(Environment) -> Environment) -> Self {
        let (Place::Database(Database { url, .. }) | Place::Shared(url)) = &self.place else {
            panic!("files have one host");
        };
        let (place, environment) = (Place::Shared(url.clone()), adjust(Environment::postgres(url)));
        Self::start_at(place, Deployment::Postgres, environment, SECOND).await
    }

    async fn start_at(
        place: Place,
        deployment: Deployment,
        environment: Environment,
        seeds: Seeds,
    ) -> Self {
        let environment = environment
            .with("GROUNDWORK_HTTP_ADDRESSES", "127.0.0.1:0")
            .with_default("GROUNDWORK_PASSWORD_MEMORY_KIB", "64")
            .with_default("GROUNDWORK_PASSWORD_PASSES", "1")
            .with("GROUNDWORK_HMAC_SECRET", HMAC_SECRET)
            .with("GROUNDWORK_INTER_HOST_SECRET", INTER_HOST_SECRET);
        let clock = Arc::new(ManualClock::new(Timestamp::parse(BEGIN).expect("a time")));
        let replaced = Replacements {
            clock: Some(clock.clone()),
            ids: Some(Arc::new(SeededIds::new(seeds.0, clock.clone()))),
            recorder: None,
        };
        let hosts = Box::pin(Hosts::start(deployment, &environment, replaced)).await;
        let app = Self {
            url: hosts.url.clone(),
            deployment,
            hmac: Signatures::new(&Secret::new(HMAC_SECRET)),
            inter_host: Signatures::new(&Secret::new(INTER_HOST_SECRET)),
            ids: SeededIds::new(seeds.1, clock.clone()),
            client: client(),
            clock,
            hosts,
            place,
            broker: None,
            letters_expected: AtomicBool::new(false),
        };
        app.ready().await;
        app
    }

    /// Waits until it is ready: an empty store has no read models at first.
    pub async fn ready(&self) {
        let ready = tokio::time::timeout(QUIET, async {
            while self.get("/health/ready").send().await.status != 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(ready.await.is_ok(), "the host does not get ready");
    }

    /// Waits until projections and reactions are quiet.
    pub async fn settle(&self) {
        assert!(
            self.hosts.first.app.read_models.settled(QUIET).await,
            "something is busy without end"
        );
    }

    /// The position of the last event: unchanged means that nothing happened.
    pub async fn head(&self) -> u64 {
        self.hosts.first.app.log.head().await.expect("the log can be read")
    }

    /// The ports of the host, for what no request does.
    pub fn ports(&self) -> &application::App {
        &self.hosts.first.app
    }

    /// The log, past the product.
    #[must_use]
    pub fn log(&self) -> Log {
        match &self.place {
            Place::Folder(folder) => Log::in_folder(folder.path()),
            Place::Database(Database { url, .. }) | Place::Shared(url) => {
                Log::Postgres(url.clone())
            }
        }
    }

    /// The place on the broker, where there is one.
    pub fn broker(&self) -> Option<&Broker> {
        self.broker.as_ref()
    }

    /// The folder of an embedded host.
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Database(_) | Place::Shared(_) => None,
        }
    }

    /// This test leaves dead letters on purpose.
    pub fn expect_dead_letters(&self) {
        self.letters_expected.store(true, Ordering::Relaxed);
    }

    /// Stops the hosts. Fails if events were given up on that nobody expected to be.
    pub async fn finish(self) {
        let letters = self.dead_letters().await;
        let expected = self.letters_expected.load(Ordering::Relaxed);
        Box::pin(self.hosts.stop()).await;
        assert!(expected || letters.is_empty(), "dead letters were left: {letters:?}");
    }

    /// What consumers gave up on: consumer and position of each.
    pub async fn dead_letters(&self) -> Vec<(String, i64)> {
        let mut letters = self.log().dead_letters().await;
        if let Place::Folder(folder) = &self.place {
            letters.extend(Log::Sqlite(folder.path().join("read.db")).dead_letters().await);
        }
        letters
    }

    /// Now, for the host.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A request of any method.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(&self.client, method, &format!("{}{path}", self.url))
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// A PUT request.
    pub fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// A new user.
    #[must_use]
    pub fn user(&self) -> UserId {
        UserId::new(self.ids.token())
    }

    /// A new organization.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        OrganizationId::new(self.ids.token())
    }

    /// Somebody with exactly these grants.
    #[must_use]
    pub fn person(&self, user: UserId, organization: OrganizationId, grants: Grants) -> Person {
        let token = self.token(&user, &grants, time::Duration::hours(1));
        Person { user, organization, grants, token }
    }

    /// The owner of a new organization, with a paid trial.
    #[must_use]
    pub fn owner(&self) -> Person {
        let organization = self.organization();
        let grants = Grants::owner(&organization);
        self.person(self.user(), organization, grants)
    }

    /// Another owner of the same organization.
    #[must_use]
    pub fn colleague(&self, person: &Person) -> Person {
        let grants = Grants::owner(&person.organization);
        self.person(self.user(), person.organization.clone(), grants)
    }

    /// A token that this deployment signed.
    #[must_use]
    pub fn token(&self, user: &UserId, grants: &Grants, lifetime: time::Duration) -> String {
        token(&self.hosts.first.tokens, user, grants, self.now(), lifetime)
    }
}

/// A client that follows no redirects and keeps no connection that a host may have closed.
fn client() -> Client {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_mins(1))
        .build()
        .expect("a client")
}
