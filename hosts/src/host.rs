//! A running host: what it serves, what it does behind that, and how both stop.

use std::{net::SocketAddr, sync::Arc};

use adapters::{api_keys::ApiKeys, signatures::Signatures, tokens::Tokens};
use application::{App, identities::REFRESH_TOKEN, ports::Clock};
use store::{claims, db::Db, webhooks};

use crate::{
    cli::Stop,
    compose::{Composed, Replacements, compose},
    config::{Settings, Storage},
    data_folder::DataLock,
    http::{
        docs,
        health::{self, Probe},
        observer::{Observer, Unobserved},
        route::Side,
        server,
        site::{Outside, Site},
    },
    log::Log,
    mail_page,
    roles::{Api, Role, Roles},
    routes,
    running::Running,
    stores::Stores,
    telemetry::Telemetry,
    worker::{Post, Worker},
};

/// The title of the documentation, which clients of the API know it by.
const TITLE: &str = "BackendWithAncillaryAPI";

/// A running host. Dropping it aborts everything; [`Self::stop`] finishes what was begun.
pub struct Host {
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// Its ports.
    pub app: App,
    /// Issues tokens that it accepts.
    pub tokens: Arc<Tokens>,
    api_keys: Arc<ApiKeys>,
    running: Running,
    log: Log,
    stores: Stores,
    _lock: Option<DataLock>,
}

impl Host {
    /// Starts what these roles are: a part of the API, and work behind it. There is one telemetry
    /// per process; a host without it is not measured.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
    pub async fn start(
        settings: &Settings,
        roles: &Roles,
        replaced: Replacements,
        telemetry: Option<Telemetry>,
    ) -> Result<Self, Stop> {
        let lock = match &settings.storage {
            Storage::Embedded { folder } => Some(DataLock::take(folder)?),
            Storage::Postgres { .. } => None,
        };
        let composed = compose(settings, roles, replaced).await?;
        let site = Arc::new(site(settings, roles, &composed, telemetry.as_ref())?);
        if let Some(telemetry) = &telemetry {
            watch(telemetry, &composed.stores, &site);
        }
        let bound =
            server::server(site).map_err(|error| Stop::because("The API can't listen", error))?;
        let addresses = bound.addresses.clone();
        let mut running = Running::start(bound);
        if let Some(engine) = composed.engine {
            running.spawn("the engine of projections and reactions", |stop| engine.run(stop));
        }
        let tokens = composed.tokens.clone();
        running.spawn("following the signing keys", |stop| async move {
            tokens.keys().follow(stop).await;
        });
        if roles.api != Api::None {
            let standing = composed.standing.clone();
            running.spawn("following what was taken from users", |stop| async move {
                standing.follow(stop).await;
            });
        }
        if let Some(relay) = composed.relay {
            running.spawn("the relay", |stop| relay.run(stop));
        }
        // Testing builds deliver when they are told to drain a queue.
        if roles.does(Role::Queues) && !cfg!(feature = "testing-only") {
            let worker = Worker::new(composed.app.work.clone(), post(settings, &addresses)?);
            running.spawn_client("the delivery of work", |stop| worker.run(stop));
        }
        if roles.does(Role::Reactions) {
            let log = composed.stores.log.clone();
            let clock = composed.app.clock.clone();
            let notifications = webhooks::Sweep::new(log.clone(), clock.clone());
            running.spawn("forgetting old notifications", |stop| notifications.run(stop));
            let sessions = abandoned_sessions(settings, log, clock);
            running.spawn("releasing what is abandoned", |stop| sessions.run(stop));
        }
        let recorder = composed.app.recorder.clone();
        running.spawn("the recorder", |stop| adapters::recorder::run(recorder, stop));
        let api_keys = composed.api_keys.clone();
        running.spawn("the uses of API keys", |stop| adapters::api_keys::run(api_keys, stop));
        if let Some(telemetry) = telemetry {
            running.spawn("telemetry", |stop| telemetry.run(stop));
        }
        #[cfg(feature = "testing-only")]
        if matches!(settings.storage, Storage::Postgres { .. }) {
            let testing = composed.testing.clone();
            running.spawn("the testing clock", |stop| async move { testing.follow(stop).await });
        }
        Ok(Self {
            addresses,
            app: composed.app,
            tokens: composed.tokens,
            api_keys: composed.api_keys,
            running,
            log: composed.log,
            stores: composed.stores,
            _lock: lock,
        })
    }

    /// Waits until a task ends that should not, which means that the host must stop.
    pub async fn failed(&mut self) -> Stop {
        let broken = self.running.failed().await;
        broken.record(self.app.recorder.as_ref());
        broken.into()
    }

    /// Stops accepting, finishes the requests that were begun, writes what waits, then stops
    /// consumers and closes the stores.
    pub async fn stop(self) {
        self.running.stop_serving().await;
        self.api_keys.flush().await;
        self.app.recorder.flush().await;
        self.log.close().await;
        for broken in self.running.stop_tasks().await {
            broken.record(self.app.recorder.as_ref());
        }
        self.stores.close().await;
    }
}

/// How queued work gets to the API.
fn post(settings: &Settings, addresses: &[SocketAddr]) -> Result<Post, Stop> {
    let signatures = Signatures::new(&settings.hmac_secret);
    let post = match &settings.api_url {
        Some(url) => Post::to(url.clone(), signatures),
        None => Post::to_own(addresses, signatures),
    };
    post.map_err(|error| Stop::because("Queued work can't be delivered", error))
}

/// Sessions that nobody ended: their tokens have expired for a day.
fn abandoned_sessions(settings: &Settings, log: Db, clock: Arc<dyn Clock>) -> claims::Sweep {
    let after = settings.identities.sign_in().refresh_token + time::Duration::DAY;
    claims::Sweep::new(log, clock, REFRESH_TOKEN, after)
}

fn site(
    settings: &Settings,
    roles: &Roles,
    composed: &Composed,
    telemetry: Option<&Telemetry>,
) -> Result<Site, Stop> {
    let mut pages = if roles.api.serves(Side::Queries) {
        docs::pages(TITLE, routes::ALL)
            .map_err(|error| Stop::because("The API can't be documented", error))?
    } else {
        docs::elsewhere()
    };
    pages.extend(health::pages(probes(roles, composed)));
    pages.extend(composed.mail_files.clone().map(mail_page::page));
    pages.extend(telemetry.map(Telemetry::pages).unwrap_or_default());
    let observer: Arc<dyn Observer> = match telemetry {
        Some(telemetry) => telemetry.observer(),
        None => Arc::new(Unobserved),
    };
    let outside = Outside {
        app: composed.app.clone(),
        authenticator: composed.authenticator.clone(),
        sealer: composed.sealer.clone(),
        observer,
    };
    let routes = routes::ALL.iter().flat_map(|(_, list)| list.iter());
    Site::new(outside, settings.http.clone(), roles.api, routes, pages)
        .map_err(|error| Stop::because("The routes contradict each other", error))
}

/// What each part of a process needs to do its work. Commands decide without read models.
fn probes(roles: &Roles, composed: &Composed) -> Vec<Probe> {
    let mut probes = vec![Probe::log(composed.app.log.clone())];
    if roles.api.serves(Side::Queries) || roles.does(Role::Projectors) {
        probes.push(Probe::projections(composed.progress.clone()));
    }
    probes
}

fn watch(telemetry: &Telemetry, stores: &Stores, site: &Arc<Site>) {
    let metrics = telemetry.metrics();
    metrics.watch_log(site.app.log.watch());
    metrics.watch("log", stores.log.clone());
    metrics.watch("read", stores.read.clone());
    metrics.watch_requests(Arc::downgrade(site));
}
