//! What every command about consumers needs.

use std::sync::Arc;

use adapters::{clock::SystemClock, ids::RandomIds};
use application::ports::Clock;
use store::{
    consumers::{Ops, OpsError},
    relay::{self, Standing},
    sealing::SealedLog,
    work::TableQueues,
};

use crate::{cli::Stop, compose::vault, config::Settings, log::Log, stores::Stores};

/// The stores of a deployment, open for looking and asking; hosts go on beside it.
pub struct Desk {
    /// Looks at consumers and asks their engine.
    pub ops: Ops,
    /// Queued work.
    pub work: TableQueues,
    /// The log.
    pub log: Log,
    /// Tells how old something is.
    pub clock: Arc<dyn Clock>,
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
        // A read model is compared with what it is made of, personal data included.
        let sealed = SealedLog::new(log.port(), vault(settings, &stores)?);
        let ops = Ops::new(
            stores.read.clone(),
            stores.log.clone(),
            Arc::new(sealed),
            settings.partition,
            clock.clone(),
            ids,
        );
        Ok(Self { ops, work, log, clock, stores })
    }
    /// Where the relay is.
    ///
    /// # Errors
    /// A sentence, if there never was one, or the database can't be asked.
    pub async fn relay(&self) -> Result<Standing, Stop> {
        let standing = relay::standing(&self.stores.log).await;
        standing
            .map_err(|error| Stop::because("The relay's lease can't be read", error))?
            .ok_or_else(|| {
                Stop(
                    "There was no relay yet: start `groundwork worker`, or `groundwork serve`."
                        .into(),
                )
            })
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
