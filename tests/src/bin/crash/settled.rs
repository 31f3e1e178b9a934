//! Waits until everything behind the API has caught up.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use acceptance::events::{Log, Row};

use crate::{
    forger::Forger,
    founder::Founder,
    registrant::Registrant,
    tenants::{Fact, History, MAILS, facts_behind, random_part},
};

/// A relay that died is taken over within seconds; a worker's message comes back after half a
/// minute.
pub const BOUND: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(100);
const RELAY: &str = "SELECT position FROM relays";
const LETTERS: &str = "SELECT consumer, position FROM dead_letters";

/// Waits until the relay has published the whole log, and everything that has to follow from what
/// was acknowledged is in it; then the log.
///
/// # Errors
/// Says what does not catch up, or what was given up.
pub async fn settled(
    log: &Log,
    forger: &Forger,
    registrant: &Registrant,
    founders: &[Founder],
    broker: Option<&str>,
) -> Result<Vec<Row>, String> {
    let begun = Instant::now();
    let others = registrant.asked + founders.iter().map(Founder::audits).sum::<u64>();
    // The first look reads the whole log; nothing is killed until the end, so later ones add to it.
    let (mut rows, mut facts) = (vec![], vec![]);
    loop {
        rows.extend(log.try_rows_behind(&rows).await.map_err(unreadable)?);
        facts.extend(facts_behind(log, &facts).await?);
        let missing = match forger.missing(&rows, others).await? {
            Some(audit) => Some(format!("{audit} is queued, but not delivered")),
            None => unfollowed(&rows, &facts, registrant, founders)?,
        };
        let missing = match missing {
            Some(why) => Some(why),
            None if broker.is_some() => unpublished(log, &rows).await?,
            None => None,
        };
        match missing {
            None => {
                nothing_was_given_up(log).await?;
                return Ok(rows);
            }
            Some(why) if begun.elapsed() > BOUND => return Err(format!("after {BOUND:?}: {why}")),
            Some(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// What has not followed yet from registrations and foundings. What no founder accounts for must be
/// the registrant's.
fn unfollowed(
    rows: &[Row],
    facts: &[Fact],
    registrant: &Registrant,
    founders: &[Founder],
) -> Result<Option<String>, String> {
    let history = History::of(facts);
    let tenants = || founders.iter().flat_map(|founder| &founder.tenants);
    let mut known = BTreeSet::new();
    for tenant in tenants() {
        let missing = history.missing(tenant)?;
        if missing.is_some() {
            return Ok(missing);
        }
        known.extend(history.came_with(tenant));
    }
    let others = rows.iter().filter(|row| !known.contains(random_part(&row.aggregate_id)));
    registrant.missing(others, MAILS * tenants().count())
}

async fn unpublished(log: &Log, rows: &[Row]) -> Result<Option<String>, String> {
    let head = rows.last().map_or(0, |row| row.position);
    let relays: Vec<(i64,)> = log.try_all(RELAY).await.map_err(unreadable)?;
    Ok(match relays.first() {
        Some((position,)) if *position == head => None,
        Some((position,)) => Some(format!("the relay is at {position} of {head}")),
        None => Some("nobody is the relay".to_owned()),
    })
}

async fn nothing_was_given_up(log: &Log) -> Result<(), String> {
    let letters: Vec<(String, i64)> = log.try_all(LETTERS).await.map_err(unreadable)?;
    if let Some((consumer, position)) = letters.first() {
        return Err(format!("{consumer} gave up on position {position}"));
    }
    Ok(())
}

fn unreadable(error: impl std::fmt::Display) -> String {
    format!("the log can't be read: {error}")
}
