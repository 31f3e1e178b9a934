//! A client with bad proofs, each of which may be audited, and what became of the audits.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use acceptance::{
    Request,
    events::{Log, Row},
};
use application::work::number_of;
use domain::{audits::AuditId, kernel::IdToken};
use reqwest::{Client, Method};

use crate::{reader::Reader, writer::is_outage};

const SEEN: &str = "SELECT id FROM work_messages WHERE queue = 'audits'";
const GIVEN_UP: &str = "SELECT id FROM work_messages WHERE poisoned_at IS NOT NULL";
/// What the meddler forges on the broker is audited as well, at a bounded rate.
const OF_THE_BUS: &str = "SELECT aggregate_id FROM events WHERE aggregate_type = 'audit' \
    AND CAST(payload AS text) LIKE '%EventBus.Failed.InvalidMessage%'";
/// The queue is looked at this often: most of it is there for a moment only.
const LOOK: Duration = Duration::from_millis(25);
/// A bad proof is sent with every so many looks.
const SELDOM: u32 = 4;

/// One client, who also looks into the table of work.
#[derive(Clone, Debug)]
pub struct Forger {
    client: Client,
    url: String,
    log: Log,
    /// How many bad proofs were sent; there must not be more audits.
    pub sent: u64,
    /// The audits of which a commit was seen; each must be delivered.
    pub queued: BTreeSet<String>,
}

impl Forger {
    /// A client of the host that a reader asks.
    pub fn new(reader: &Reader, log: Log) -> Self {
        let (client, url) = (reader.client.clone(), reader.url.clone());
        Self { client, url, log, sent: 0, queued: BTreeSet::new() }
    }

    /// Sends bad proofs and looks what is queued, until told to stop.
    ///
    /// # Errors
    /// If one is taken for good.
    pub async fn work(&mut self, stop: &AtomicBool) -> Result<(), String> {
        let mut look = 0;
        while !stop.load(Ordering::Relaxed) {
            if look % SELDOM == 0 {
                self.forge().await?;
            }
            look += 1;
            // While the database is away, nothing can be seen.
            if let Ok(ids) = self.log.try_all::<(String,)>(SEEN).await {
                self.queued.extend(ids.into_iter().map(|(id,)| id));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    async fn forge(&mut self) -> Result<(), String> {
        self.sent += 1;
        let signature = format!("sha256={}", "0".repeat(64));
        let url = format!("{}/audits/deliver", self.url);
        let request = Request::new(&self.client, Method::POST, &url)
            .header("X-HMAC-Signature", &signature)
            .body("application/json", r#"{"message":"{}"}"#);
        match request.try_send().await {
            Ok(answer) if answer.status.as_u16() != 401 && !is_outage(&answer) => {
                Err(format!("a bad signature was answered with {answer}"))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Whether every audit that was queued is in the log; the first that is not. `others` may have
    /// caused an audit each.
    ///
    /// # Errors
    /// If there are more audits than bad proofs, or work was given up.
    pub async fn missing<'a>(
        &'a self,
        rows: &[Row],
        others: u64,
    ) -> Result<Option<&'a str>, String> {
        let given_up = self.log.try_all::<(String,)>(GIVEN_UP).await;
        let given_up = given_up.map_err(|error| format!("work can't be looked at: {error}"))?;
        if let Some((id,)) = given_up.first() {
            return Err(format!("{id} was given up"));
        }
        let kept = audits(rows)?;
        if kept.len() as u64 > self.sent + others {
            let of_the_bus = self.log.try_all::<(String,)>(OF_THE_BUS).await;
            let of_the_bus =
                of_the_bus.map_err(|error| format!("no audits can be read: {error}"))?;
            let of_the_bus = of_the_bus.iter().filter(|(id,)| kept.contains(id)).count();
            let (audits, sent) = (kept.len() - of_the_bus, self.sent);
            if audits as u64 > sent + others {
                return Err(format!("{audits} audits of {sent} bad proofs and {others} others"));
            }
        }
        let is_missing = |id: &&String| audit_of(id).is_none_or(|audit| !kept.contains(&audit));
        Ok(self.queued.iter().find(is_missing).map(String::as_str))
    }
}

/// The ids of all audits.
fn audits(rows: &[Row]) -> Result<BTreeSet<String>, String> {
    let mut kept = BTreeSet::new();
    for row in rows.iter().filter(|row| row.aggregate_type == "audit") {
        if !kept.insert(row.aggregate_id.clone()) {
            return Err(format!("{} was kept twice", row.aggregate_id));
        }
    }
    Ok(kept)
}

/// The id of the audit that a message becomes.
fn audit_of(message: &str) -> Option<String> {
    let id = AuditId::new(IdToken::from_bits(number_of(message)?));
    Some(id.as_str().to_owned())
}
