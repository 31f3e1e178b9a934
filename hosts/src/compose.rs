//! Everything put together: from settings to ports.

use std::sync::Arc;

use adapters::{
    authenticator::LocalAuthenticator, clock::SystemClock, ids::RandomIds,
    memberships::TokenMemberships, recorder::QueueRecorder, sealer::MasterSealer,
    signatures::Signatures, signing_keys::KeyRing, tokens::Tokens,
};
use application::{
    App, Repository,
    ports::{Authenticator, Clock, Ids, Recorder, Sealer, WorkQueues},
    reaction::Reaction,
};
use projections::{audits::AuditTables, cars::CarTables};
use store::{
    consumers::{self, Engine, LogFeed, Parts, Progress},
    signing_keys::SigningKeys,
    work::TableQueues,
};

use crate::{cli::Stop, config::Settings, log::Log, stores::Stores};

/// What one subdomain does when something happens in another.
pub const REACTIONS: &[Reaction] = &[];

/// What takes the place of the real thing in tests.
#[derive(Clone, Default)]
pub struct Replacements {
    /// In place of the system's clock.
    pub clock: Option<Arc<dyn Clock>>,
    /// In place of random ids.
    pub ids: Option<Arc<dyn Ids>>,
    /// In place of log lines and queued audits.
    pub recorder: Option<Arc<dyn Recorder>>,
}

/// A deployment's ports, and what has to run behind them.
pub struct Composed {
    /// For use cases.
    pub app: App,
    /// For the HTTP pipeline.
    pub authenticator: Arc<dyn Authenticator>,
    /// For the HTTP pipeline.
    pub sealer: Arc<dyn Sealer>,
    /// Issues tokens.
    pub tokens: Arc<Tokens>,
    /// The log, to be closed.
    pub log: Log,
    /// The databases, to be closed.
    pub stores: Stores,
    /// Projections and reactions, to be run.
    pub engine: Engine,
    /// How far projections and reactions are.
    pub progress: Arc<Progress>,
    /// Has to follow the other hosts of the deployment.
    #[cfg(feature = "testing-only")]
    pub testing: Arc<crate::testing::TestingStores>,
}

/// Opens the stores and wires everything to them. Nothing runs yet.
///
/// # Errors
/// A sentence that says what is in the way.
pub async fn compose(settings: &Settings, replaced: Replacements) -> Result<Composed, Stop> {
    let clock = replaced.clock.unwrap_or_else(|| Arc::new(SystemClock));
    let stores = Stores::open(&settings.storage).await?;
    stores.make_ready(settings.mode).await?;
    #[cfg(feature = "testing-only")]
    let (clock, testing_clock) = crate::testing::clock(clock, &stores).await?;
    let ids = replaced.ids.unwrap_or_else(|| Arc::new(RandomIds::new(clock.clone())));

    let keys = SigningKeys::new(stores.keys.clone());
    let ring = KeyRing::open(&keys, &settings.master_key, clock.as_ref())
        .await
        .map_err(|error| Stop::because("The signing keys can't be used", error))?;
    let issuer = settings.base_url.clone();
    let tokens = Arc::new(Tokens::new(ring, issuer, settings.leeway, clock.clone(), ids.clone()));
    let sealer = MasterSealer::new(&settings.master_key)
        .map_err(|error| Stop::because("Responses can't be sealed", error))?;
    let authenticator = LocalAuthenticator::new(
        tokens.clone(),
        Signatures::new(&settings.hmac_secret),
        Signatures::new(&settings.inter_host_secret),
    );

    let log = Log::open(&stores.log, clock.clone()).await?;
    let events = log.port();
    let projections = projections::ALL;
    consumers::check(&stores.read, projections)
        .await
        .map_err(|error| Stop::because("The read models can't be used", error))?;
    let progress =
        Arc::new(Progress::new(stores.read.clone(), events.clone(), projections, REACTIONS));
    let parts = Parts {
        db: stores.read.clone(),
        log_db: stores.log.clone(),
        log: events.clone(),
        feed: Arc::new(LogFeed::new(events.clone())),
        clock: clock.clone(),
        progress: progress.clone(),
    };
    #[cfg(feature = "testing-only")]
    let testing =
        Arc::new(crate::testing::TestingStores::new(log.clone(), testing_clock, progress.clone()));
    let region: Arc<str> = settings.region.as_str().into();
    let recorder = replaced.recorder.unwrap_or_else(|| {
        Arc::new(QueueRecorder::new(events.clone(), ids.clone(), region.clone()))
    });
    let work = work_queues(&stores, &clock);
    let app = App {
        clock,
        ids: ids.clone(),
        log: events.clone(),
        memberships: Arc::new(TokenMemberships),
        read_models: progress.clone(),
        recorder,
        work,
        region,
        audits: Repository::new(events.clone(), ids.clone()),
        audit_reads: Arc::new(AuditTables::new(stores.read.clone())),
        cars: Repository::new(events, ids),
        car_reads: Arc::new(CarTables::new(stores.read.clone())),
        #[cfg(feature = "testing-only")]
        testing: testing.clone(),
    };
    let engine =
        Engine::new(parts, projections.to_vec()).with_reactions(app.clone(), REACTIONS.to_vec());
    Ok(Composed {
        app,
        authenticator: Arc::new(authenticator),
        sealer: Arc::new(sealer),
        tokens,
        log,
        stores,
        engine,
        progress,
        #[cfg(feature = "testing-only")]
        testing,
    })
}

/// In testing builds, what fails is tried again by the next drain, however soon it comes.
fn work_queues(stores: &Stores, clock: &Arc<dyn Clock>) -> Arc<dyn WorkQueues> {
    let queues = TableQueues::new(stores.log.clone(), clock.clone());
    if cfg!(feature = "testing-only") {
        Arc::new(queues.without_pauses())
    } else {
        Arc::new(queues)
    }
}
