//! Everything that a use case can reach.

use std::sync::Arc;

use domain::{
    audits::Audit,
    cars::Car,
    emails::EmailDelivery,
    end_users::EndUser,
    identities::{ApiKey, Credential, TokenFamily},
    kernel::EmailAddress,
    organizations::Organization,
    subscriptions::Subscription,
    user_profiles::UserProfile,
};

use crate::{
    Repository,
    audits::AuditReads,
    cars::CarReads,
    emails::EmailReads,
    end_users::EndUserReads,
    identities::{SignIn, api_keys::ApiKeyReads},
    organizations::{OrganizationReads, settings::TenantSetting},
    ports::{
        AccessTokens, ApiKeyUses, BillingProofs, BillingProvider, Clock, EmailProvider, EventLog,
        Ids, MailTemplates, Notifications, PasswordHasher, PasswordStrength, ReadModels, Recorder,
        Secrets, Strangers, UsageProvider, UsedTokens, Vault, WebhookProofs, Webhooks, WorkQueues,
    },
    reaction::Reaction,
    subscriptions::SubscriptionReads,
    user_profiles::UserProfileReads,
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
    /// End users, for commands.
    pub end_users: Repository<EndUser>,
    /// End users, for queries.
    pub end_user_reads: Arc<dyn EndUserReads>,
    /// Who becomes an operator by registering.
    pub operators: Arc<[EmailAddress]>,
    /// API keys, for commands.
    pub api_keys: Repository<ApiKey>,
    /// API keys, for queries.
    pub api_key_reads: Arc<dyn ApiKeyReads>,
    /// When API keys were used.
    pub api_key_uses: Arc<dyn ApiKeyUses>,
    /// Password credentials.
    pub credentials: Repository<Credential>,
    /// The tokens of sign-ins.
    pub token_families: Repository<TokenFamily>,
    /// Makes access tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Which of them were used while they were new.
    pub used_tokens: Arc<dyn UsedTokens>,
    /// Hashes passwords.
    pub passwords: Arc<dyn PasswordHasher>,
    /// Judges passwords.
    pub password_strength: Arc<dyn PasswordStrength>,
    /// Draws what nobody can guess.
    pub secrets: Arc<dyn Secrets>,
    /// Who tries to sign in with an address that nobody has.
    pub strangers: Arc<dyn Strangers>,
    /// How people sign in.
    pub sign_in: Arc<SignIn>,
    /// Organizations, for commands.
    pub organizations: Repository<Organization>,
    /// Organizations, for queries.
    pub organization_reads: Arc<dyn OrganizationReads>,
    /// What every new organization is set to.
    pub tenant_settings: Arc<[TenantSetting]>,
    /// Subscriptions, for commands.
    pub subscriptions: Repository<Subscription>,
    /// Subscriptions, for queries.
    pub subscription_reads: Arc<dyn SubscriptionReads>,
    /// Gets money for subscriptions.
    pub billing: Arc<dyn BillingProvider>,
    /// Whether notifications about subscriptions are a provider's.
    pub billing_proofs: Arc<dyn BillingProofs>,
    /// User profiles, for commands.
    pub user_profiles: Repository<UserProfile>,
    /// User profiles, for queries.
    pub user_profile_reads: Arc<dyn UserProfileReads>,
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
