//! Queues that RabbitMQ knows by name only.
//!
//! The server of a quorum queue can be gone for ever, after kills and deletions. Whoever uses the queue
//! is refused or not answered, with whatever else is on the connection; declaring it changes nothing,
//! and its consumers are told nothing. Deleting it helps, and loses nothing: events are in the log, and
//! work is in its table.

use std::time::Duration;

use application::ports::BusError;
use futures_util::{StreamExt, stream};
use lapin::{
    ErrorKind,
    options::{BasicGetOptions, QueueDeleteOptions},
    protocol::{AMQPErrorKind, AMQPHardError},
    types::ShortString,
};
use tokio::time::timeout;

use super::{Settings, line::unavailable, session, topology::Names};

/// How long each of them may take: the broker waits some seconds for a queue without a leader, when it
/// is asked and again when it is deleted.
const LONGEST: Duration = Duration::from_secs(30);
/// How many are looked at at once, each on a connection of its own.
const AT_ONCE: usize = 8;

/// Whether queues of ours could not be declared for such a reason.
pub(super) fn may_help(error: &BusError) -> bool {
    error.to_string().contains("INTERNAL_ERROR")
}

/// Deletes such queues of ours; the next session declares them. One that can't be looked at does not
/// keep the others waiting.
pub(super) async fn mend(settings: &Settings) {
    let queues = Names::new(&settings.prefix).queues(settings.partition);
    stream::iter(queues)
        .for_each_concurrent(AT_ONCE, async |queue| {
            let looked = timeout(LONGEST, look(settings, &queue)).await;
            if let Err(error) =
                looked.unwrap_or_else(|_| Err(unavailable("it does not answer in time")))
            {
                tracing::warn!(queue = queue.as_str(), %error, "a queue could not be looked at");
            }
        })
        .await;
}

async fn look(settings: &Settings, queue: &ShortString) -> Result<(), BusError> {
    if is_broken(settings, queue).await? {
        tracing::warn!(queue = queue.as_str(), "a queue that RabbitMQ can't use is deleted");
        within(settings, async |channel| {
            channel.queue_delete(queue.clone(), QueueDeleteOptions::default()).await.map(drop)
        })
        .await?
        .map_err(|error| unavailable(&error.to_string()))?;
    }
    Ok(())
}

/// Takes nothing away: what it gets goes back with the connection.
async fn is_broken(settings: &Settings, queue: &ShortString) -> Result<bool, BusError> {
    let got = within(settings, async |channel| {
        channel.basic_get(queue.clone(), BasicGetOptions { no_ack: false }).await.map(drop)
    });
    Ok(got.await?.is_err_and(|error| match error.kind() {
        ErrorKind::ProtocolError(error) => {
            *error.kind() == AMQPErrorKind::Hard(AMQPHardError::INTERNALERROR)
        }
        _ => false,
    }))
}

/// Does something on a connection of its own, which such a queue ends.
async fn within(
    settings: &Settings,
    work: impl AsyncFnOnce(&lapin::Channel) -> lapin::Result<()>,
) -> Result<lapin::Result<()>, BusError> {
    let session = session::open(settings, "mending", false).await?;
    let channel = match session.connection.create_channel().await {
        Ok(channel) => channel,
        Err(error) => return Ok(Err(error)),
    };
    let done = work(&channel).await;
    // It may be closed already.
    let _ = session.connection.close(200, "done".into()).await;
    Ok(done)
}
