//! Queues that RabbitMQ knows by name only.
//!
//! The server of a quorum queue can be gone for ever, after kills and deletions. Whoever uses the queue
//! is refused or not answered, with whatever else is on the connection; declaring it changes nothing,
//! and its consumers are told nothing. Deleting it helps, and loses nothing: events are in the log, and
//! work is in its table.

use std::time::Duration;

use application::ports::BusError;
use lapin::{
    ErrorKind,
    options::{BasicGetOptions, QueueDeleteOptions},
    protocol::{AMQPErrorKind, AMQPHardError},
    types::ShortString,
};
use tokio::time::timeout;

use super::{Settings, line::unavailable, session, topology::Names};

/// How long that may take.
const LONGEST: Duration = Duration::from_secs(20);

/// Whether queues of ours could not be declared for such a reason.
pub(super) fn may_help(error: &BusError) -> bool {
    error.to_string().contains("INTERNAL_ERROR")
}

/// Deletes such queues of ours; the next session declares them.
pub(super) async fn mend(settings: &Settings) -> Result<(), BusError> {
    timeout(LONGEST, look(settings)).await.map_err(|_| unavailable("it does not answer in time"))?
}

async fn look(settings: &Settings) -> Result<(), BusError> {
    for queue in Names::new(&settings.prefix).queues(settings.partition) {
        if is_broken(settings, &queue).await? {
            tracing::warn!(queue = queue.as_str(), "a queue that RabbitMQ can't use is deleted");
            within(settings, async |channel| {
                channel.queue_delete(queue.clone(), QueueDeleteOptions::default()).await.map(drop)
            })
            .await?
            .map_err(|error| unavailable(&error.to_string()))?;
        }
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
