//! Everything put together: from settings to ports.

use std::sync::Arc;

use adapters::{
    api_keys::ApiKeys,
    authenticator::LocalAuthenticator,
    clock::SystemClock,
    first_uses::FirstUses,
    ids::RandomIds,
    mail::files::MailFiles,
    passwords::{Argon2Hasher, Unjudged, Zxcvbn},
    recorder::QueueRecorder,
    sealer::MasterSealer,
    secrets::RandomSecrets,
    signatures::Signatures,
    standing::Standing,
    tokens::{TimedTokens, Tokens},
    vault::KeyVault,
};
use application::{
    App, Repository,
    ports::{
        Authenticator, Clock, EventLog, Feeds, Ids, PasswordStrength, Recorder, Sealer, Vault,
    },
    reaction::Reaction,
};
use projections::{
    api_keys::ApiKeyTables, audits::AuditTables, cars::CarTables, emails::EmailTables,
    end_users::EndUserTables, organizations::OrganizationTables, subscriptions::SubscriptionTables,
    user_profiles::UserProfileTables,
};
use store::{
    api_key_uses::ApiKeyUseTable,
    consumers::{self, Engine, LogFeed, Parts, Progress},
    notifications::NotificationTable,
    relay::Relay,
    sealing::{SealedFeeds, SealedLog, SealedWork},
    strangers::StrangerTable,
    subject_keys::SubjectKeys,
    used_tokens::UsedTokenTable,
    webhooks::WebhookTable,
};

use crate::{
    billing::Billing,
    broker,
    cli::Stop,
    config::Settings,
    log::Log,
    mail::Mails,
    ops::keys,
    roles::{Role, Roles},
    stores::Stores,
};

/// What one subdomain does when something happens in another.
pub const REACTIONS: &[Reaction] = &[
    application::end_users::reactions::REACTION,
    application::end_users::reactions::features::REACTION,
    application::identities::reactions::REACTION,
    application::organizations::reactions::REACTION,
    application::subscriptions::billing::REACTION,
    application::subscriptions::reactions::REACTION,
    application::user_profiles::reactions::REACTION,
];

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
    /// Notes which keys are used.
    pub api_keys: Arc<ApiKeys>,
    /// For the HTTP pipeline.
    pub sealer: Arc<dyn Sealer>,
    /// Issues tokens.
    pub tokens: Arc<Tokens>,
    /// What tokens do not give any more, to be followed.
    pub standing: Arc<Standing>,
    /// The log, to be closed.
    pub log: Log,
    /// The databases, to be closed.
    pub stores: Stores,
    /// Projections and reactions, to be run; `None` if there are none of them here.
    pub engine: Option<Engine>,
    /// Publishes the log on the bus, to be run; `None` if there is no bus, or not here.
    pub relay: Option<Relay>,
    /// The e-mails that were written to files, in development.
    pub mail_files: Option<MailFiles>,
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
#[expect(clippy::too_many_lines, reason = "a list of what there is, in the order of need")]
pub async fn compose(
    settings: &Settings,
    roles: &Roles,
    replaced: Replacements,
) -> Result<Composed, Stop> {
    let clock = replaced.clock.unwrap_or_else(|| Arc::new(SystemClock));
    let stores = Stores::open(&settings.storage).await?;
    stores.make_ready(settings.mode).await?;
    #[cfg(feature = "testing-only")]
    let (clock, testing_clock) = crate::testing::clock(clock, &stores).await?;
    let ids = replaced.ids.unwrap_or_else(|| Arc::new(RandomIds::new(clock.clone())));

    let mails = Mails::new(settings, roles, &clock)?;
    let billing = Billing::new(&settings.billing, &clock)?;
    let ring = keys::ring(settings, &stores, clock.clone()).await?;
    let issuer = settings.base_url.clone();
    let tokens = Arc::new(Tokens::new(ring, issuer, settings.leeway, clock.clone(), ids.clone()));
    let responses = MasterSealer::new(&settings.master_key)
        .map_err(|error| Stop::because("Responses can't be sealed", error))?;

    let log = Log::open(&stores.log, clock.clone()).await?;
    let events = log.port();
    let vault = vault(settings, &stores)?;
    let sealed: Arc<dyn EventLog> = Arc::new(SealedLog::new(events.clone(), vault.clone()));
    let standing =
        Standing::new(events.clone(), Repository::new(sealed.clone(), ids.clone()), clock.as_ref());
    let standing = standing.await.map_err(|error| Stop::because("The log can't be read", error))?;
    let standing = Arc::new(standing);
    let projections = projections::ALL;
    consumers::check(&stores.read, projections)
        .await
        .map_err(|error| Stop::because("The read models can't be used", error))?;
    let partition = settings.partition;
    let progress = Arc::new(Progress::new(
        stores.read.clone(),
        stores.log.clone(),
        events.clone(),
        partition,
        projections,
        REACTIONS,
    ));
    #[cfg(not(feature = "testing-only"))]
    let usages = usages(settings, &clock)?;
    #[cfg(feature = "testing-only")]
    let usages = Arc::new(adapters::usages::Remembered::default());
    let region: Arc<str> = settings.region.as_str().into();
    let recorder = replaced.recorder.unwrap_or_else(|| {
        let (log, provider) = (sealed.clone(), usages.clone());
        Arc::new(QueueRecorder::new(log, clock.clone(), ids.clone(), region.clone(), provider))
    });
    let log_feed = LogFeed::new(events.clone(), partition);
    let carriers = broker::carriers(settings, roles, &log_feed, &recorder);
    let relay = carriers.bus.map(|bus| Relay {
        db: stores.log.clone(),
        log: events.clone(),
        bus,
        partition,
        clock: clock.clone(),
    });
    let parts = Parts {
        db: stores.read.clone(),
        log_db: stores.log.clone(),
        log: sealed.clone(),
        feeds: Arc::new(SealedFeeds::new(carriers.projectors, vault.clone())),
        partition,
        clock: clock.clone(),
        progress: progress.clone(),
    };
    let work = broker::work_queues(settings, roles, &stores, &clock);
    let notifications = NotificationTable::new(stores.log.clone(), clock.clone());
    let webhooks = WebhookTable::new(stores.log.clone(), clock.clone());
    let strangers = Arc::new(StrangerTable::new(stores.read.clone(), clock.clone()));
    #[cfg(feature = "testing-only")]
    let testing = Arc::new(crate::testing::TestingStores::new(
        log.clone(),
        testing_clock,
        progress.clone(),
        notifications.clone(),
        broker::rabbit_settings(settings).map(|_| stores.log.clone()),
        usages.clone(),
        strangers.clone(),
    ));
    let identities = &settings.identities;
    let passwords = Argon2Hasher::start(identities.cost, identities.threads)
        .map_err(|error| Stop::because("Passwords can't be hashed", error))?;
    let password_strength: Arc<dyn PasswordStrength> = match identities.strength {
        0 => Arc::new(Unjudged),
        least => Arc::new(Zxcvbn::at_least(least)),
    };
    let used_tokens = Arc::new(UsedTokenTable::new(stores.read.clone(), clock.clone()));
    let app = App {
        clock: clock.clone(),
        ids: ids.clone(),
        log: events,
        sealed_log: sealed.clone(),
        vault: vault.clone(),
        read_models: progress.clone(),
        notifications: Arc::new(notifications),
        reactions: REACTIONS,
        recorder,
        work: Arc::new(SealedWork::new(work, vault.clone())),
        region,
        audits: Repository::new(sealed.clone(), ids.clone()),
        audit_reads: Arc::new(AuditTables::new(stores.read.clone())),
        cars: Repository::new(sealed.clone(), ids.clone()),
        car_reads: Arc::new(CarTables::new(stores.read.clone())),
        emails: Repository::new(sealed.clone(), ids.clone()),
        email_reads: Arc::new(EmailTables::new(stores.read.clone())),
        email_provider: mails.provider,
        mail_templates: mails.templates,
        usages,
        webhook_proofs: mails.proofs,
        webhooks: Arc::new(webhooks),
        end_users: Repository::new(sealed.clone(), ids.clone()),
        end_user_reads: Arc::new(EndUserTables::new(stores.read.clone())),
        operators: settings.operators.as_slice().into(),
        api_keys: Repository::new(sealed.clone(), ids.clone()),
        api_key_reads: Arc::new(ApiKeyTables::new(stores.read.clone())),
        api_key_uses: Arc::new(ApiKeyUseTable::new(stores.read.clone())),
        credentials: Repository::new(sealed.clone(), ids.clone()),
        token_families: Repository::new(sealed.clone(), ids.clone()),
        access_tokens: Arc::new(TimedTokens {
            tokens: tokens.clone(),
            lifetime: settings.access_token,
        }),
        used_tokens: used_tokens.clone(),
        strangers,
        passwords: Arc::new(passwords),
        password_strength,
        secrets: Arc::new(RandomSecrets),
        sign_in: Arc::new(identities.sign_in()),
        organizations: Repository::new(sealed.clone(), ids.clone()),
        organization_reads: Arc::new(OrganizationTables::new(stores.read.clone())),
        tenant_settings: settings.tenant_settings.as_slice().into(),
        subscriptions: Repository::new(sealed.clone(), ids.clone()),
        subscription_reads: Arc::new(SubscriptionTables::new(stores.read.clone())),
        billing: billing.provider,
        billing_proofs: billing.proofs,
        user_profiles: Repository::new(sealed, ids),
        user_profile_reads: Arc::new(UserProfileTables::new(stores.read.clone())),
        #[cfg(feature = "testing-only")]
        testing: testing.clone(),
    };
    let api_keys = Arc::new(ApiKeys::new(app.clone()));
    let authenticator = LocalAuthenticator::new(
        tokens.clone(),
        standing.clone(),
        FirstUses::new(used_tokens, clock, identities.grace),
        Signatures::new(&settings.hmac_secret),
        Signatures::new(&settings.inter_host_secret),
        api_keys.clone(),
    );
    let reactions = Arc::new(SealedFeeds::new(carriers.reactions, vault));
    let engine = engine(roles, parts, reactions, &app);
    Ok(Composed {
        app,
        authenticator: Arc::new(authenticator),
        api_keys,
        sealer: Arc::new(responses),
        tokens,
        standing,
        log,
        stores,
        engine,
        relay,
        mail_files: mails.files,
        progress,
        #[cfg(feature = "testing-only")]
        testing,
    })
}

/// What seals personal data, and opens it for those who may see it.
///
/// # Errors
/// A sentence that says why it can't.
pub fn vault(settings: &Settings, stores: &Stores) -> Result<Arc<dyn Vault>, Stop> {
    let subjects = Arc::new(SubjectKeys::new(stores.keys.clone()));
    let vault = KeyVault::new(subjects, &settings.master_key);
    Ok(Arc::new(vault.map_err(|error| Stop::because("Personal data can't be sealed", error))?))
}

/// Who is told what customers use. Testing builds remember it instead.
#[cfg(not(feature = "testing-only"))]
fn usages(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn application::ports::UsageProvider>, Stop> {
    use crate::config::UsageWay;
    let failed = |error| Stop::because("Usages can't be delivered", error);
    Ok(match settings.usages.clone() {
        UsageWay::Nobody => Arc::new(adapters::usages::Nobody),
        UsageWay::LogLines => Arc::new(adapters::usages::LogLines),
        UsageWay::UserPilot(account) => {
            Arc::new(adapters::usages::UserPilot::new(account, clock.clone()).map_err(failed)?)
        }
        UsageWay::Mixpanel(project) => {
            Arc::new(adapters::usages::Mixpanel::new(project, clock.clone()).map_err(failed)?)
        }
    })
}

/// The consumers of this process. An engine without any would only keep others from working.
fn engine(roles: &Roles, parts: Parts, feeds: Arc<dyn Feeds>, app: &App) -> Option<Engine> {
    let projections = if roles.does(Role::Projectors) { projections::ALL } else { &[] };
    let reactions = if roles.does(Role::Reactions) { REACTIONS } else { &[] };
    let any = !projections.is_empty() || !reactions.is_empty();
    any.then(|| {
        Engine::new(parts, projections.to_vec()).with_reactions(
            app.clone(),
            feeds,
            reactions.to_vec(),
        )
    })
}
