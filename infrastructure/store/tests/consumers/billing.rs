//! New subscriptions become known to a billing provider that fails for one of them, or for all.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use application::{
    App, Call, Caller, Error, Repository, Result,
    ports::{Attempt, BillingProvider, Buyer, Clock, Ending, EventLog},
    subscriptions::{billing::REACTION, invoices::Invoice, plans::PricingPlans},
    testing::{Alone, OpenVault},
};
use async_trait::async_trait;
use domain::{
    end_users::Classification,
    kernel::{OrganizationId, PersonName, Timestamp, UserId},
    subscriptions::{BillingInterpreter, ProviderState, SimpleProvider, Subscription},
    user_profiles::{NewProfile, UserProfile},
};
use store::{
    consumers::Action,
    sealing::{SealedFeeds, SealedLog},
};

use crate::{
    stubs::app,
    support::{BOTH, Running, Site, until},
};

/// Serves everybody but those for whom it fails.
#[derive(Default)]
struct Provider {
    down: AtomicBool,
    fails: Mutex<BTreeMap<UserId, fn() -> Error>>,
    asked: Mutex<BTreeMap<UserId, u32>>,
}

impl Provider {
    fn fail(&self, user: &UserId, how: fn() -> Error) {
        lock(&self.fails).insert(user.clone(), how);
    }
    fn asked(&self, user: &UserId) -> u32 {
        lock(&self.asked).get(user).copied().unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl BillingProvider for Provider {
    fn interpreter(&self) -> &dyn BillingInterpreter {
        &SimpleProvider
    }
    async fn is_there(&self) -> bool {
        !self.down.load(Ordering::SeqCst)
    }
    async fn subscribe(&self, _: &Attempt, buyer: &Buyer) -> Result<ProviderState> {
        *lock(&self.asked).entry(buyer.id.clone()).or_default() += 1;
        match lock(&self.fails).get(&buyer.id) {
            Some(how) => Err(how()),
            None => Ok(SimpleProvider::subscribed(&buyer.id, 1)),
        }
    }
    async fn change_plan(&self, a: &Attempt, s: &ProviderState, p: &str) -> Result<ProviderState> {
        Alone.change_plan(a, s, p).await
    }
    async fn cancel(&self, a: &Attempt, s: &ProviderState, e: Ending) -> Result<ProviderState> {
        Alone.cancel(a, s, e).await
    }
    async fn unsubscribe(&self, a: &Attempt, s: &ProviderState) -> Result<ProviderState> {
        Alone.unsubscribe(a, s).await
    }
    async fn change_payment_method(&self, s: &ProviderState) -> Result<ProviderState> {
        Alone.change_payment_method(s).await
    }
    async fn transfer(
        &self,
        a: &Attempt,
        s: &ProviderState,
        b: &Buyer,
        p: Option<&str>,
    ) -> Result<ProviderState> {
        Alone.transfer(a, s, b, p).await
    }
    async fn restore_buyer(&self, a: &Attempt, b: &Buyer) -> Result<ProviderState> {
        Alone.restore_buyer(a, b).await
    }
    async fn invoices(
        &self,
        s: &ProviderState,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<Invoice>> {
        Alone.invoices(s, from, to, limit).await
    }
    async fn plans(&self) -> Result<PricingPlans> {
        Alone.plans().await
    }
}

fn away() -> Error {
    Error::unavailable("it answered with a fault of its own")
}

fn refused() -> Error {
    Error::unexpected("Chargebee answered 400")
}

/// The beginning of time, until it is late.
#[derive(Default)]
struct Late(AtomicBool);

impl Clock for Late {
    fn now(&self) -> Timestamp {
        let late = self.0.load(Ordering::SeqCst);
        if late { Timestamp::MIN.plus(time::Duration::hours(1)) } else { Timestamp::MIN }
    }
}

struct Selling {
    site: Site,
    app: App,
    provider: Arc<Provider>,
    clock: Arc<Late>,
}

impl Selling {
    fn new(site: Site) -> Self {
        let (provider, clock) = (Arc::new(Provider::default()), Arc::new(Late::default()));
        let sealed: Arc<dyn EventLog> =
            Arc::new(SealedLog::new(site.log.clone(), Arc::new(OpenVault)));
        let app = App {
            clock: clock.clone(),
            billing: provider.clone(),
            user_profiles: Repository::new(sealed, site.ids.clone()),
            ..app(&site)
        };
        Self { site, app, provider, clock }
    }

    fn start(&self) -> Running {
        let feeds = Arc::new(SealedFeeds::new(self.site.feeds(), Arc::new(OpenVault)));
        self.site.start_with(&[], feeds, Some((self.app.clone(), vec![REACTION])))
    }

    /// Somebody with a profile, whose subscription waits for the provider.
    async fn buyer(&self, name: &str) -> UserId {
        let user = UserId::parse(&format!("user_{name}0000000")).unwrap();
        let profile = UserProfile::create(NewProfile {
            user: user.clone(),
            classification: Classification::Machine,
            name: PersonName::new(name, None).unwrap(),
            email: None,
            timezone: "Etc/UTC".into(),
            locale: "en-US".into(),
            country_code: "USA".into(),
            default_organization: None,
        });
        let profiles = &self.app.user_profiles;
        profiles.create(&call(), &user.twin("profile"), profile.unwrap()).await.unwrap();
        let organization = OrganizationId::parse(&user.twin("org")).unwrap();
        let created = Subscription::create(&organization, &user, &SimpleProvider);
        let subscriptions = &self.app.subscriptions;
        subscriptions.create(&call(), &user.twin("billsub"), created).await.unwrap();
        user
    }

    async fn has_begun(&self, user: &UserId) -> bool {
        let load = self.app.subscriptions.load(&call(), &user.twin("billsub")).await;
        load.unwrap().state.is_complete()
    }

    async fn letters(&self) -> Vec<(String, String)> {
        let letters = self.site.ops().dead_letters(None, 0, 10).await.unwrap();
        letters.into_iter().map(|letter| (letter.stream.to_string(), letter.error)).collect()
    }
}

fn call() -> Call {
    Call::new(Caller::maintenance(), "a test".to_owned())
}

#[tokio::test]
async fn what_fails_for_one_is_set_aside_and_the_others_go_on() {
    for on in BOTH {
        for (how, error) in [
            (away as fn() -> Error, "serves others, but not this subscription"),
            (refused, "Chargebee answered 400"),
        ] {
            let selling = Selling::new(Site::new(on).await);
            let (ann, bea) = (selling.buyer("ann").await, selling.buyer("bea").await);
            selling.provider.fail(&ann, how);
            let running = selling.start();
            until("ann is tried again", || async { selling.provider.asked(&ann) > 1 }).await;
            if error.contains("others") {
                assert!(selling.letters().await.is_empty(), "it may pass");
            }
            selling.clock.0.store(true, Ordering::SeqCst);
            until("bea has begun", || async { selling.has_begun(&bea).await }).await;
            assert!(!selling.has_begun(&ann).await);
            // Her profile and her subscription both ask for it.
            let letters = selling.letters().await;
            let streams: Vec<_> = letters.iter().map(|(stream, _)| stream.as_str()).collect();
            let (profile, own) = (ann.twin("profile"), ann.twin("billsub"));
            let both = [format!("user_profile/{profile}"), format!("subscription/{own}")];
            assert_eq!(streams, both, "{on:?}");
            assert!(letters.iter().all(|(_, why)| why.contains(error)), "{letters:?}");
            // Once the provider has mended it, an operator lets it begin.
            lock(&selling.provider.fails).clear();
            for letter in selling.site.ops().dead_letters(None, 0, 10).await.unwrap() {
                let replay = Action::Replay(letter.position);
                selling.site.ask(REACTION.name, replay).await.unwrap();
            }
            assert!(selling.has_begun(&ann).await);
            assert!(selling.letters().await.is_empty());
            running.stop().await;
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_away_for_all_is_waited_for() {
    for on in BOTH {
        // An account that is closed refuses everybody.
        for how in [away as fn() -> Error, refused] {
            let selling = Selling::new(Site::new(on).await);
            let (ann, bea) = (selling.buyer("ann").await, selling.buyer("bea").await);
            selling.provider.down.store(true, Ordering::SeqCst);
            selling.provider.fail(&ann, how);
            selling.clock.0.store(true, Ordering::SeqCst);
            let running = selling.start();
            until("ann is tried often", || async { selling.provider.asked(&ann) > 5 }).await;
            assert!(selling.letters().await.is_empty(), "{on:?}");
            selling.provider.down.store(false, Ordering::SeqCst);
            lock(&selling.provider.fails).clear();
            until("bea has begun", || async { selling.has_begun(&bea).await }).await;
            assert!(selling.has_begun(&ann).await);
            assert!(selling.letters().await.is_empty(), "{on:?}");
            running.stop().await;
        }
    }
}
