//! The message broker, where there is one: what carries events and work between processes.

use std::sync::Arc;

use adapters::{
    rabbit::{self, Fallback, Group, Publisher, RabbitCalls, RabbitFeeds},
    signatures::Signatures,
};
use application::ports::{Bus, Clock, Feeds, Recorder, WorkQueues};
use store::{
    consumers::LogFeed,
    work::{CarriedQueues, TableQueues},
};

use crate::{
    config::Settings,
    roles::{Role, Roles},
    stores::Stores,
};

/// What consumers are fed from, and where the relay publishes.
pub struct Carriers {
    /// For projections.
    pub projectors: Arc<dyn Feeds>,
    /// For reactions.
    pub reactions: Arc<dyn Feeds>,
    /// Where events and work are published; `None` if that is not done here.
    pub bus: Option<Arc<dyn Bus>>,
}

/// Connects to the broker for what this process does, or feeds everything from the log itself.
#[must_use]
pub fn carriers(
    settings: &Settings,
    roles: &Roles,
    log: &LogFeed,
    recorder: &Arc<dyn Recorder>,
) -> Carriers {
    let direct: Arc<dyn Feeds> = Arc::new(log.clone());
    let Some(broker) = rabbit_settings(settings) else {
        return Carriers { projectors: direct.clone(), reactions: direct, bus: None };
    };
    let signatures = Arc::new(Signatures::new(&settings.hmac_secret));
    let feeds = |role, group| -> Arc<dyn Feeds> {
        if !roles.does(role) {
            return direct.clone();
        }
        let fallback = Fallback { feed: Arc::new(log.clone()), head: log.head() };
        let (broker, signatures) = (broker.clone(), signatures.clone());
        Arc::new(RabbitFeeds::start(broker, signatures, group, fallback, recorder.clone()))
    };
    let bus = || -> Arc<dyn Bus> { Arc::new(Publisher::start(broker.clone(), signatures.clone())) };
    Carriers {
        projectors: feeds(Role::Projectors, Group::Projectors),
        reactions: feeds(Role::Reactions, Group::Reactions),
        bus: roles.does(Role::Relay).then(bus),
    }
}

/// The queues of work: in the order in which the broker tells of it if there is one, else in that of
/// the table. In testing builds, what fails is tried again by the next drain, however soon it comes.
#[must_use]
pub fn work_queues(
    settings: &Settings,
    roles: &Roles,
    stores: &Stores,
    clock: &Arc<dyn Clock>,
) -> Arc<dyn WorkQueues> {
    let testing = cfg!(feature = "testing-only");
    let table = TableQueues::new(stores.log.clone(), clock.clone());
    let table = if testing { table.without_pauses() } else { table };
    let broker = rabbit_settings(settings).filter(|_| testing || roles.does(Role::Queues));
    let Some(broker) = broker else { return Arc::new(table) };
    let signatures = Arc::new(Signatures::new(&settings.hmac_secret));
    let calls = RabbitCalls::start(broker, signatures);
    #[cfg(feature = "testing-only")]
    let calls = crate::testing::AwaitedCalls::new(calls, table.clone());
    Arc::new(CarriedQueues::new(table, Arc::new(calls)))
}

/// Which broker; `None` if there is none.
#[must_use]
pub fn rabbit_settings(settings: &Settings) -> Option<rabbit::Settings> {
    settings.broker.as_ref().map(|broker| rabbit::Settings {
        url: broker.url.clone(),
        prefix: broker.prefix.clone(),
        partition: settings.partition,
    })
}
