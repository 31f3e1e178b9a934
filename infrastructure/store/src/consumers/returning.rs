//! What is asked of a reaction as a whole: to handle again what it has handled already.

use tokio::sync::{mpsc, watch};

use super::{
    Shared, dividing,
    error::ConsumerError,
    letters,
    projecting::no_letter,
    requests::{self, Action, Outcome, Request},
};
use crate::db::{Db, DbError};

pub(super) const DECLINED: &str = "a reaction can't be rebuilt, paused or resumed";

/// Answers what is asked of a reaction and not of one of its parts.
pub(super) async fn serve(
    shared: Shared,
    reaction: &'static str,
    mut requests: mpsc::Receiver<Request>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let request = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            request = requests.recv() => request,
        };
        let Some(request) = request else { return };
        if let Err(error) = answer(&shared, reaction, &request).await {
            tracing::warn!(%error, "an operator could not be answered");
        }
    }
}

async fn answer(shared: &Shared, reaction: &str, request: &Request) -> Result<(), ConsumerError> {
    let outcome = match request.action {
        Action::Replay(position) | Action::Discard(position) => Err(no_letter(position)),
        Action::Rebuild | Action::Pause | Action::Resume => Err(DECLINED.to_owned()),
        Action::Again(position) => match put_back(&shared.log_db, reaction, position).await {
            Ok(outcome) => outcome,
            Err(error) => Err(format!("the checkpoints could not be put back: {error}")),
        },
    };
    Ok(requests::answer(&shared.db, &request.id, &outcome).await?)
}

/// Puts the checkpoints of all parts back, wherever the parts are: who works on one can't move its
/// checkpoint any more, and begins again. Dead letters after the position go, since their events
/// come again.
async fn put_back(log_db: &Db, reaction: &str, position: u64) -> Result<Outcome, DbError> {
    let mut tx = log_db.begin().await?;
    let Some(at) = dividing::furthest_done(&mut tx, reaction).await? else {
        return Ok(Err("it has not begun yet".to_owned()));
    };
    if position > at {
        return Ok(Err(format!("it has come to {at} only: {position} is still before it")));
    }
    dividing::put_back(&mut tx, reaction, position).await?;
    letters::remove_after(&mut tx, reaction, position).await?;
    tx.commit().await?;
    tracing::info!(consumer = reaction, position, "everything after the position is handled again");
    Ok(Ok(format!("everything after {position} is handled again")))
}
