//! What every command about consumers needs.

use std::sync::Arc;

use adapters::{clock::SystemClock, ids::RandomIds};
use application::ports::Clock;
use store::{
    consumers::{Ops, OpsError},
    work::TableQueues,
};

use crate::{cli::Stop, config::Settings, log::Log, stores::Stores};

/// The stores of a deployment, open for looking and asking; hosts go on beside it.
pub struct Desk {
    /// Looks at consumers and asks their engine.
    pub ops: Ops,
    /// Queued work.
    pub work: TableQueues,
    /// The log.
    pub log: Log,
    stores: Stores,
}

impl Desk {
    /// Opens the stores.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
    pub async fn open(settings: &Settings) -> Result<Self, Stop> {
        let stores = Stores::open(&settings.storage).await?;
        stores.make_ready(settings.mode).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids = Arc::new(RandomIds::new(clock.clone()));
        let log = Log::open(&stores.log, clock.clone()).await?;
        let work = TableQueues::new(stores.log.clone(), clock.clone());
        let ops = Ops::new(
            stores.read.clone(),
            stores.log.clone(),
            log.port(),
            settings.partition,
            clock,
            ids,
        );
        Ok(Self { ops, work, log, stores })
    }
    /// Closes them.
    pub async fn close(self) {
        self.log.close().await;
        self.stores.close().await;
    }
}

impl From<OpsError> for Stop {
    fn from(error: OpsError) -> Self {
        let text = error.to_string();
        let mut letters = text.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        let rest = letters.as_str().trim_end_matches('.');
        Self(format!("{}{rest}.", first.unwrap_or_default()))
    }
}
