//! Everything that a use case can reach.

use std::sync::Arc;

use domain::{audits::Audit, cars::Car, emails::EmailDelivery};

use crate::{
    Repository,
    audits::AuditReads,
    cars::CarReads,
    emails::EmailReads,
    ports::{
        Clock, EmailProvider, EventLog, Ids, MailTemplates, Memberships, Notifications, ReadModels,
        Recorder, UsageProvider, Vault, WebhookProofs, Webhooks, WorkQueues,
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
    /// The event log: the truth, as it may be shown to others.
    pub log: Arc<dyn EventLog>,
    /// The same log for those who may see what is sealed; whatever is appended goes through it.
    pub sealed_log: Arc<dyn EventLog>,
    /// Who belongs to which organization.
    pub memberships: Arc<dyn Memberships>,
    /// How far the read models are.
    pub read_models: Arc<dyn ReadModels>,
    /// Crashes, measures, usages and audits.
    pub recorder: Arc<dyn Recorder>,
    /// Seals what is personal or secret.
    pub vault: Arc<dyn Vault>,
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
    /// E-mails, for commands.
    pub emails: Repository<EmailDelivery>,
    /// E-mails, for queries.
    pub email_reads: Arc<dyn EmailReads>,
    /// Gets e-mails to people.
    pub email_provider: Arc<dyn EmailProvider>,
    /// What e-mails say.
    pub mail_templates: Arc<dyn MailTemplates>,
    /// Who is told what customers use.
    pub usages: Arc<dyn UsageProvider>,
    /// Whether notifications of third parties are theirs.
    pub webhook_proofs: Arc<dyn WebhookProofs>,
    /// What third parties notified us of.
    pub webhooks: Arc<dyn Webhooks>,
    /// What only testing builds can reach.
    #[cfg(feature = "testing-only")]
    pub testing: Arc<dyn crate::ports::Testing>,
}
