//! Queues that RabbitMQ knows by name only.
//!
//! The server of a quorum queue can be gone for ever, as after a kill while the queue was deleted or
//! declared. Whoever uses the queue is refused, with whatever else is on the connection; declaring it
//! changes nothing, and its consumers are told nothing. Deleting it helps, and loses nothing: events
//! are in the log, and work is in its table.

use application::ports::BusError;
use lapin::{
    ErrorKind,
    options::{BasicGetOptions, QueueDeleteOptions},
    protocol::{AMQPErrorKind, AMQPHardError},
    types::ShortString,
};
use tokio::time::timeout;

use super::{
    Settings,
    session::{self, CONNECT},
    topology::Names,
};

/// What is said of a message that the broker did not take. The queue may have a limit as well.
pub(super) const REFUSED: &str = "RabbitMQ refused a message";
/// What the broker says to whoever takes from such a queue.
const INTERNAL: &str = "INTERNAL_ERROR";

/// Whether such a queue may have ended a session.
pub(super) fn may_help(error: &BusError) -> bool {
    let text = error.to_string();
    text.contains(REFUSED) || text.contains(INTERNAL)
}

/// Deletes such queues of ours; the next session declares them.
pub(super) async fn mend(settings: &Settings) -> Result<(), BusError> {
    for queue in Names::new(&settings.prefix).queues(settings.partition) {
        if is_broken(settings, &queue).await? {
            tracing::warn!(queue = queue.as_str(), "a queue that RabbitMQ can't use is deleted");
            within(settings, async |channel| {
                channel.queue_delete(queue.clone(), QueueDeleteOptions::default()).await.map(drop)
            })
            .await?
            .map_err(|error| BusError::Unavailable(error.to_string()))?;
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
    let done = timeout(CONNECT, async {
        let channel = session.connection.create_channel().await?;
        let done = work(&channel).await;
        // It may be closed already.
        let _ = session.connection.close(200, "done".into()).await;
        done
    });
    done.await.map_err(|_| BusError::Unavailable("RabbitMQ did not answer in time".to_owned()))
}
