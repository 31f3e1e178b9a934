//! The message broker, where there is one: what carries events and work between processes.

use std::sync::Arc;

use adapters::{
    rabbit::{self, Group, Publisher, RabbitFeeds},
    signatures::Signatures,
};
use application::ports::{Bus, Feeds};
use store::consumers::LogFeed;

use crate::{
    config::Settings,
    roles::{Role, Roles},
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
pub fn carriers(settings: &Settings, roles: &Roles, log: &LogFeed) -> Carriers {
    let direct: Arc<dyn Feeds> = Arc::new(log.clone());
    let Some(broker) = rabbit_settings(settings) else {
        return Carriers { projectors: direct.clone(), reactions: direct, bus: None };
    };
    let signatures = Arc::new(Signatures::new(&settings.hmac_secret));
    let feeds = |role, group| -> Arc<dyn Feeds> {
        if !roles.does(role) {
            return direct.clone();
        }
        let fallback = Arc::new(log.clone());
        Arc::new(RabbitFeeds::start(broker.clone(), signatures.clone(), group, fallback))
    };
    let bus = || -> Arc<dyn Bus> { Arc::new(Publisher::start(broker.clone(), signatures.clone())) };
    Carriers {
        projectors: feeds(Role::Projectors, Group::Projectors),
        reactions: feeds(Role::Reactions, Group::Reactions),
        bus: roles.does(Role::Relay).then(bus),
    }
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
