//! What the workers of a server share.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use application::{
    App,
    ports::{Authenticator, Sealer},
};

use super::{
    crowd::Crowd,
    observer::Observer,
    page::Page,
    rate::Limiter,
    refusals::Refusals,
    route::Route,
    settings::HttpSettings,
    table::{Ambiguous, Table},
};
use crate::roles::Api;

/// Everything that answering a request needs.
pub struct Site {
    /// The use cases' ports.
    pub app: App,
    /// Proofs of identity.
    pub authenticator: Arc<dyn Authenticator>,
    /// Keeps answers unreadable at rest.
    pub sealer: Arc<dyn Sealer>,
    /// Metrics and traces.
    pub observer: Arc<dyn Observer>,
    /// Bounds and switches.
    pub settings: HttpSettings,
    pub(super) table: Table,
    pub(super) limiter: Option<Limiter>,
    pub(super) sign_in_limiter: Option<Limiter>,
    api: Api,
    pub(super) refusals: Refusals,
    in_flight: AtomicUsize,
    /// Requests whose bodies are still on their way: they are not at work yet.
    pub(super) reading: Crowd,
    /// Requests at work that wait for passwords to be compared, and the like.
    pub(super) proving: Crowd,
}

/// What reaches the outside on behalf of a site.
#[derive(Clone)]
pub struct Outside {
    /// The use cases' ports.
    pub app: App,
    /// Proofs of identity.
    pub authenticator: Arc<dyn Authenticator>,
    /// Keeps answers unreadable at rest.
    pub sealer: Arc<dyn Sealer>,
    /// Metrics and traces.
    pub observer: Arc<dyn Observer>,
}

impl Site {
    /// Knows these routes and pages, and serves those of its part of the API; of the others it
    /// tells who does.
    ///
    /// # Errors
    /// `Ambiguous`, if two of them answer the same method and path.
    pub fn new(
        outside: Outside,
        settings: HttpSettings,
        api: Api,
        routes: impl IntoIterator<Item = &'static Route>,
        pages: Vec<Page>,
    ) -> Result<Self, Ambiguous> {
        let Outside { app, authenticator, sealer, observer } = outside;
        Ok(Self {
            app,
            authenticator,
            sealer,
            observer,
            table: Table::new(routes, pages)?,
            limiter: settings.rate.map(Limiter::new),
            sign_in_limiter: settings.sign_in_rate.map(Limiter::new),
            refusals: Refusals::default(),
            reading: Crowd::of(settings.max_in_flight),
            proving: Crowd::of(settings.max_in_flight / 2),
            settings,
            api,
            in_flight: AtomicUsize::new(0),
        })
    }

    /// Requests that are at work now.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether this host serves a route.
    pub(super) fn serves(&self, route: &Route) -> bool {
        self.api.serves(route.side)
    }

    /// Counts a request until the answer is dropped; `None` if there are too many already.
    pub(super) fn enter(&self) -> Option<Entered<'_>> {
        let entered = Entered(&self.in_flight);
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        (before < self.settings.max_in_flight).then_some(entered)
    }
}

/// One request at work.
pub struct Entered<'a>(&'a AtomicUsize);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
