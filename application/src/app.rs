//! Everything that a use case can reach.

use std::sync::Arc;

use domain::{audits::Audit, cars::Car};

use crate::{
    Repository,
    audits::AuditReads,
    cars::CarReads,
    ports::{
        Clock, EmailDelivery, EventLog, Ids, MailTemplates, Memberships, Notifications, ReadModels,
        Recorder, UsageDelivery, WorkQueues,
    },
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
    /// Work that waits. Use cases enqueue with [`App::enqueue`]; only deliveries take.
    pub work: Arc<dyn WorkQueues>,
    /// The code of the region that this host runs in.
    pub region: Arc<str>,
    /// Audits, for commands.
    pub audits: Repository<Audit>,
    /// Audits, for queries.
    pub audit_reads: Arc<dyn AuditReads>,
    /// Cars, for commands.
    pub cars: Repository<Car>,
    /// Cars, for queries.
    pub car_reads: Arc<dyn CarReads>,
    /// Gets e-mails to people.
    pub email_delivery: Arc<dyn EmailDelivery>,
    /// What e-mails say.
    pub mail_templates: Arc<dyn MailTemplates>,
    /// Who is told what customers use.
    pub usages: Arc<dyn UsageDelivery>,
    /// What only testing builds can reach.
    #[cfg(feature = "testing-only")]
    pub testing: Arc<dyn crate::ports::Testing>,
}
