//! Everything that a use case can reach.

use std::sync::Arc;

use domain::cars::Car;

use crate::{
    Repository,
    cars::CarReads,
    ports::{Clock, EventLog, Ids, Memberships, Notifications, ReadModels, Recorder},
    reaction::Reaction,
};

/// One public field per port. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// The event log: the truth.
    pub log: Arc<dyn EventLog>,
    /// Who belongs to which organization.
    pub memberships: Arc<dyn Memberships>,
    /// How far the read models are.
    pub read_models: Arc<dyn ReadModels>,
    /// Usages, audits and measures.
    pub recorder: Arc<dyn Recorder>,
    /// What was delivered to subscriptions.
    pub notifications: Arc<dyn Notifications>,
    /// What subdomains do when something happens in others.
    pub reactions: &'static [Reaction],
    /// Cars, for commands.
    pub cars: Repository<Car>,
    /// Cars, for queries.
    pub car_reads: Arc<dyn CarReads>,
    /// What only testing builds can reach.
    #[cfg(feature = "testing-only")]
    pub testing: Arc<dyn crate::ports::Testing>,
}
