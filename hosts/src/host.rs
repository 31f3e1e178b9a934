//! A running host: its tasks, and how they stop.

use std::{net::SocketAddr, sync::Arc};

use adapters::{signatures::Signatures, tokens::Tokens};
use application::App;
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};

use crate::{
    cli::Stop,
    compose::{Composed, Replacements, compose},
    config::{Settings, Storage},
    data_folder::DataLock,
    http::{
        docs,
        health::{self, Probe},
        observer::{Observer, Unobserved},
        server,
        site::{Outside, Site},
    },
    log::Log,
    routes,
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
    server: actix_web::dev::ServerHandle,
    log: Log,
    stores: Stores,
    /// Stops deliveries, which need a server that answers.
    rest: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<&'static str>,
    _lock: Option<DataLock>,
}

impl Host {
    /// Starts everything: the API, and the consumers behind it. There is one telemetry per process;
    /// a host without it is not measured.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
    pub async fn start(
        settings: &Settings,
        replaced: Replacements,
        telemetry: Option<Telemetry>,
    ) -> Result<Self, Stop> {
        let lock = match &settings.storage {
            Storage::Embedded { folder } => Some(DataLock::take(folder)?),
            Storage::Postgres { .. } => None,
        };
        let composed = compose(settings, replaced).await?;
        let site = Arc::new(site(settings, &composed, telemetry.as_ref())?);
        if let Some(telemetry) = &telemetry {
            watch(telemetry, &composed.stores, &site);
        }
        let bound =
            server::server(site).map_err(|error| Stop::because("The API can't listen", error))?;
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let server = bound.server.handle();
        tasks.spawn(async move {
            if let Err(error) = bound.server.await {
                tracing::error!(%error, "the HTTP server failed");
            }
            "the HTTP server"
        });
        let (engine, until) = (composed.engine, stopped.clone());
        tasks.spawn(async move {
            engine.run(until).await;
            "the engine of projections and reactions"
        });
        let (rest, resting) = watch::channel(false);
        // Testing builds deliver when they are told to drain a queue.
        if !cfg!(feature = "testing-only") {
            let worker = Worker::new(composed.app.work.clone(), post(settings, &bound.addresses)?);
            tasks.spawn(async move {
                worker.run(resting).await;
                "the delivery of work"
            });
        }
        if let Some(telemetry) = telemetry {
            let until = stopped.clone();
            tasks.spawn(async move {
                telemetry.run(until).await;
                "telemetry"
            });
        }
        #[cfg(feature = "testing-only")]
        if matches!(settings.storage, Storage::Postgres { .. }) {
            let testing = composed.testing.clone();
            tasks.spawn(async move {
                testing.follow(stopped).await;
                "the testing clock"
            });
        }
        Ok(Self {
            addresses: bound.addresses,
            app: composed.app,
            tokens: composed.tokens,
            server,
            log: composed.log,
            stores: composed.stores,
            rest,
            stop,
            tasks,
            _lock: lock,
        })
    }

    /// Waits until a task ends that should not, which means that the host must stop.
    pub async fn failed(&mut self) -> Stop {
        let name = self.tasks.join_next().await.map_or(Ok("every task"), |ended| ended);
        match name {
            Ok(name) => Stop(format!("The host stops because {name} ended.")),
            Err(error) => Stop(format!("The host stops because a task failed: {}.", cause(&error))),
        }
    }

    /// Stops accepting, finishes the requests that were begun, writes what waits, then stops
    /// consumers and closes the stores.
    pub async fn stop(mut self) {
        self.rest.send_replace(true);
        self.server.stop(true).await;
        self.log.close().await;
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = cause(&error), "a task failed while stopping");
            }
        }
        self.stores.close().await;
    }
}

fn cause(error: &JoinError) -> &'static str {
    if error.is_panic() { "it panicked" } else { "it was aborted" }
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

fn site(
    settings: &Settings,
    composed: &Composed,
    telemetry: Option<&Telemetry>,
) -> Result<Site, Stop> {
    let mut pages = docs::pages(TITLE, routes::ALL)
        .map_err(|error| Stop::because("The API can't be documented", error))?;
    pages.extend(health::pages(vec![
        Probe::log(composed.app.log.clone()),
        Probe::projections(composed.progress.clone()),
    ]));
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
    Site::new(outside, settings.http.clone(), routes, pages)
        .map_err(|error| Stop::because("The routes contradict each other", error))
}

fn watch(telemetry: &Telemetry, stores: &Stores, site: &Arc<Site>) {
    let metrics = telemetry.metrics();
    metrics.watch("log", stores.log.clone());
    metrics.watch("read", stores.read.clone());
    metrics.watch_requests(Arc::downgrade(site));
}
