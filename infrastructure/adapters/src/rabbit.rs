//! RabbitMQ as the bus: announcements of events, feeds of consumers, calls for work.
//!
//! Nothing here is the truth. The log and the table of work are, and consumers keep their own
//! checkpoints, so a broker that repeats, reorders, forgets or is wiped costs time and never an event.

mod address;
mod consume;
mod feed;
mod greeting;
mod line;
mod mending;
mod publisher;
mod refused;
mod session;
mod status;
mod topology;
mod window;
mod wire;
mod work;

use application::ports::Partition;

pub use feed::{Fallback, Group, RabbitFeeds};
pub use publisher::Publisher;
pub use status::{Counts, QueueStatus, Status, status};
pub use work::RabbitCalls;

use crate::secret::Secret;

/// Which broker, and what is ours on it.
#[derive(Clone)]
pub struct Settings {
    /// `amqp://user:password@host:port/vhost`, or `amqps://…`; the default vhost is `%2f`.
    pub url: Secret,
    /// Begins the name of every queue and exchange, so that deployments can share a broker. At most
    /// 100 bytes; may be empty.
    pub prefix: String,
    /// Into how many parts the events are divided; the same in every process.
    pub partition: Partition,
}
