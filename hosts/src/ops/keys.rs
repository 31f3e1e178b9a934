//! `groundwork ops keys`: keys that sign access tokens.

use std::sync::Arc;

use adapters::{
    clock::SystemClock,
    key_ring::{Duty, KeyRing, Standing, Turns},
    tokens::MAX_LEEWAY,
};
use application::ports::Clock;
use clap::Subcommand;
use store::signing_keys::SigningKeys;
use time::Duration;

use super::printing::say;
use crate::{cli::Stop, config::Settings, stores::Stores};

/// The longest that a token can be set to live.
const LONGEST_TOKEN: Duration = Duration::days(1);

/// What can be done with keys.
#[derive(Subcommand)]
pub enum Command {
    /// Make a new key. It signs once every host knows it; nobody is logged out.
    Rotate,
    /// Print every key, oldest first, and what it does now.
    List,
}

/// The keys of a deployment.
///
/// # Errors
/// A sentence that says why they can't be used.
pub async fn ring(
    settings: &Settings,
    stores: &Stores,
    clock: Arc<dyn Clock>,
) -> Result<Arc<KeyRing>, Stop> {
    let store = Arc::new(SigningKeys::new(stores.keys.clone()));
    let turns = Turns {
        known_after: settings.identities.key_wait,
        verifies_for: LONGEST_TOKEN + MAX_LEEWAY,
    };
    let ring = KeyRing::open(store, &settings.master_key, clock, turns).await;
    ring.map(Arc::new).map_err(|error| Stop::because("The signing keys can't be used", error))
}

/// Runs it.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command, settings: &Settings) -> Result<(), Stop> {
    let stores = Stores::open(&settings.storage).await?;
    stores.make_ready(settings.mode).await?;
    let ring = ring(settings, &stores, Arc::new(SystemClock)).await?;
    let failed = |error| Stop::because("The signing keys can't be changed", error);
    match command {
        Command::Rotate => {
            let made = ring.rotate().await.map_err(failed)?;
            say(line(&made))?;
        }
        Command::List => {
            for standing in ring.list().await.map_err(failed)? {
                say(line(&standing))?;
            }
        }
    }
    stores.close().await;
    Ok(())
}

fn line(standing: &Standing) -> String {
    let Standing { number, kid, created_at, duty } = standing;
    let duty = match duty {
        Duty::Waits(until) => format!("signs from {until}"),
        Duty::Signs => "signs".to_owned(),
        Duty::Verifies(until) => format!("verifies until {until}"),
        Duty::Retired => "retired".to_owned(),
    };
    format!("{number}  {kid}  made {created_at}  {duty}")
}
