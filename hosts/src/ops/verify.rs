//! `groundwork ops verify`: does the log keep its rules, and do the read models equal it?

use super::{desk::Desk, printing::say};
use crate::{cli::Stop, config::Settings};

/// Reads the whole log, builds every read model from it once more and compares. Prints a line for
/// each finding.
///
/// # Errors
/// A sentence, if anything was found or could not be read.
pub async fn run(settings: &Settings) -> Result<(), Stop> {
    let desk = Desk::open(settings).await?;
    let log = desk.log.verify().await;
    let read_models = desk.ops.verify(projections::ALL).await;
    desk.close().await;
    let mut found = log.map_err(|error| Stop::because("The log can't be verified", error))?;
    found.extend(read_models?);
    for line in &found {
        say(line)?;
    }
    if found.is_empty() {
        say("The log keeps its rules, and every read model equals it.")
    } else {
        Err(Stop(format!("{} findings.", found.len())))
    }
}
