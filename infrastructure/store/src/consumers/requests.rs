//! What operators ask of a running engine, from whatever process.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{Shared, letters};
use crate::db::{Db, DbError, Row};

const OPEN: &str = "SELECT id, consumer, action, position FROM consumer_requests \
     WHERE outcome IS NULL ORDER BY requested_at, id LIMIT 100";
const ANSWER: &str = "UPDATE consumer_requests SET outcome = $2, failed = $3 WHERE id = $1";

/// Every statement of this file.
pub(super) const STATEMENTS: &[&str] = &[OPEN, ANSWER];

/// Requests that a consumer has not come to yet.
const WAITING: usize = 16;
/// How often the engine looks for requests.
const EVERY: Duration = Duration::from_millis(500);

/// What an operator can ask of a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Build a projection anew beside the one that is served, then swap.
    Rebuild,
    /// Handle everything after this position again. A projection is built anew.
    Again(u64),
    /// Stop feeding a projection; it is served as it is.
    Pause,
    /// Feed it again.
    Resume,
    /// Handle the dead letter at this position again, and all of its stream, in order.
    Replay(u64),
    /// Forget the dead letter at this position.
    Discard(u64),
}

impl Action {
    /// As the table has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            // With a position it is the same to a projection, and something else to a reaction.
            Self::Rebuild | Self::Again(_) => "rebuild",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Replay(_) => "replay",
            Self::Discard(_) => "discard",
        }
    }
    /// The dead letter that it is about, or where it begins.
    #[must_use]
    pub fn position(self) -> Option<u64> {
        match self {
            Self::Replay(position) | Self::Discard(position) | Self::Again(position) => {
                Some(position)
            }
            Self::Rebuild | Self::Pause | Self::Resume => None,
        }
    }
    fn read(row: &Row) -> Result<Option<Self>, DbError> {
        let given = row.opt_int("position")?.and_then(|given| u64::try_from(given).ok());
        let position = given.unwrap_or_default();
        Ok(match row.text("action")?.as_str() {
            "rebuild" => Some(given.map_or(Self::Rebuild, Self::Again)),
            "pause" => Some(Self::Pause),
            "resume" => Some(Self::Resume),
            "replay" => Some(Self::Replay(position)),
            "discard" => Some(Self::Discard(position)),
            _ => None,
        })
    }
}

/// A request on its way to its consumer.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub id: String,
    pub action: Action,
}

/// Where a consumer takes its requests.
pub(super) struct Desk {
    pub consumer: &'static str,
    /// The part whose dead letters it handles; `None` for everything else that can be asked.
    pub part: Option<u16>,
    pub sender: mpsc::Sender<Request>,
}

/// The desks of this process, which come and go with the parts that it has.
#[derive(Default)]
pub(super) struct Desks(Mutex<Vec<Desk>>);

impl Desks {
    /// Opens a desk, in place of an earlier one for the same.
    pub fn open(&self, consumer: &'static str, part: Option<u16>) -> mpsc::Receiver<Request> {
        let (sender, requests) = mpsc::channel(WAITING);
        let mut desks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desks.retain(|desk| (desk.consumer, desk.part) != (consumer, part));
        desks.push(Desk { consumer, part, sender });
        requests
    }

    /// `false` if the desk is not here, or nobody sits at it.
    fn hand(&self, consumer: &str, part: Option<u16>, request: Request) -> bool {
        let desks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let desk = desks.iter().find(|desk| desk.consumer == consumer && desk.part == part);
        desk.is_some_and(|desk| desk.sender.try_send(request).is_ok())
    }
}

/// What came of a request: a sentence for the operator, either way.
pub(super) type Outcome = Result<String, String>;

/// Hands requests to their consumers until it is dropped. Those that no desk here is for are left
/// to other processes; those that were handed out and not answered are handed out again by the next.
pub(super) async fn serve(shared: Shared, desks: Arc<Desks>, known: Vec<&'static str>) {
    let mut handed: HashSet<String> = HashSet::new();
    loop {
        if let Err(error) = hand_out(&shared, &desks, &known, &mut handed).await {
            tracing::debug!(%error, "operators' requests could not be read");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn hand_out(
    shared: &Shared,
    desks: &Desks,
    known: &[&'static str],
    handed: &mut HashSet<String>,
) -> Result<(), DbError> {
    let rows = shared.db.fetch(OPEN, &[]).await?;
    let mut open = HashSet::with_capacity(rows.len());
    for row in &rows {
        let id = row.text("id")?;
        open.insert(id.clone());
        if handed.contains(&id) {
            continue;
        }
        let consumer = row.text("consumer")?;
        let action = Action::read(row)?.filter(|_| known.contains(&consumer.as_str()));
        let Some(action) = action else {
            answer(&shared.db, &id, &Err(format!("there is no consumer '{consumer}' here")))
                .await?;
            continue;
        };
        let part = part_of(shared, &consumer, action).await?;
        // A consumer that is too busy to take it is asked again.
        if desks.hand(&consumer, part, Request { id: id.clone(), action }) {
            handed.insert(id);
        }
    }
    handed.retain(|id| open.contains(id));
    Ok(())
}

/// The part that a request is about. A dead letter that is not there is nobody's in particular.
async fn part_of(shared: &Shared, consumer: &str, action: Action) -> Result<Option<u16>, DbError> {
    let (Action::Replay(position) | Action::Discard(position)) = action else { return Ok(None) };
    let mut letter = letters::one(&shared.db, consumer, position).await?;
    if letter.is_none() {
        letter = letters::one(&shared.log_db, consumer, position).await?;
    }
    Ok(letter.map(|letter| shared.partition.part(&letter.stream)))
}

/// Tells the operator.
pub(super) async fn answer(db: &Db, id: &str, outcome: &Outcome) -> Result<(), DbError> {
    let (text, failed) = match outcome {
        Ok(text) => (text, false),
        Err(text) => (text, true),
    };
    db.execute(ANSWER, &[id.into(), text.as_str().into(), failed.into()]).await?;
    Ok(())
}
