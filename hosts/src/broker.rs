//! The message broker, where there is one: what carries events and work between processes.

use std::{sync::Arc, time::Duration};

use adapters::{
    rabbit::{self, Fallback, Group, Publisher, RabbitFeeds, RabbitQueues},
    signatures::Signatures,
};
use application::ports::{Bus, Clock, Feeds, Recorder, WorkQueues};
use store::{consumers::LogFeed, work::TableQueues};

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

/// The pause before what failed is tried again; it grows fourfold with every try.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The queues of work, and what testing builds do with those on a broker.
pub struct Work {
    /// As use cases see them.
    pub queues: Arc<dyn WorkQueues>,
    /// `None` without a broker.
    #[cfg(feature = "testing-only")]
    pub moved: Option<Arc<crate::testing::MovedQueues>>,
}

impl Work {
    fn in_table(queues: TableQueues) -> Self {
        Self {
            queues: Arc::new(queues),
            #[cfg(feature = "testing-only")]
            moved: None,
        }
    }
}

/// The queues of work: on the broker if there is one, else in the table. In testing builds, what
/// fails is tried again by the next drain, however soon it comes.
#[must_use]
pub fn work_queues(
    settings: &Settings,
    roles: &Roles,
    stores: &Stores,
    clock: &Arc<dyn Clock>,
) -> Work {
    let testing = cfg!(feature = "testing-only");
    let table = TableQueues::new(stores.log.clone(), clock.clone());
    let broker = rabbit_settings(settings).filter(|_| testing || roles.does(Role::Queues));
    let Some(broker) = broker else {
        return Work::in_table(if testing { table.without_pauses() } else { table });
    };
    let signatures = Arc::new(Signatures::new(&settings.hmac_secret));
    let pause = if testing { Duration::ZERO } else { FIRST_PAUSE };
    let queues = RabbitQueues::start(broker, signatures, pause);
    #[cfg(feature = "testing-only")]
    let queues = crate::testing::MovedQueues::new(queues, stores.log.clone());
    let queues = Arc::new(queues);
    Work {
        #[cfg(feature = "testing-only")]
        moved: Some(queues.clone()),
        queues,
    }
}

/// All places where work can be, for operators: the table, and the broker if there is one.
#[must_use]
pub fn all_queues(
    settings: &Settings,
    stores: &Stores,
    clock: &Arc<dyn Clock>,
) -> Vec<Arc<dyn WorkQueues>> {
    let mut all: Vec<Arc<dyn WorkQueues>> =
        vec![Arc::new(TableQueues::new(stores.log.clone(), clock.clone()))];
    if let Some(broker) = rabbit_settings(settings) {
        let signatures = Arc::new(Signatures::new(&settings.hmac_secret));
        all.push(Arc::new(RabbitQueues::start(broker, signatures, FIRST_PAUSE)));
    }
    all
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
