//! Keeps a connection: one path for every failure.
//!
//! lapin can repair connections by itself; that is off, because a channel that the broker closes is
//! not repaired, and a consumer's stream goes on after an error as if nothing had happened.

use std::{
    convert::Infallible,
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use application::ports::BusError;
use futures_util::StreamExt;
use lapin::{Connection, ConnectionProperties, Event, options::BasicQosOptions};
use tokio::time::{Instant, sleep, timeout};

use super::{
    Settings,
    address::Address,
    greeting::Version,
    mending,
    topology::{self, Names},
};

/// How long connecting and declaring may take.
pub(super) const CONNECT: Duration = Duration::from_secs(20);
/// A connection is asked this often whether it still answers …
const PROBE: Duration = Duration::from_secs(2);
/// … and is dropped if that takes longer. Heartbeats alone notice a silent peer after ten seconds,
/// and a peer whose network takes our bytes and delivers nothing not at all.
const ANSWER: Duration = Duration::from_secs(4);
/// Waits between attempts double from the first to the last.
const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(10);
/// After so many sessions that ended, a broken queue is looked for, which may have ended them.
const PATIENCE: u32 = 4;

/// A connection on which everything is declared.
pub(super) struct Session {
    pub connection: Connection,
    pub names: Names,
    pub version: Version,
}

/// Why a session ended.
pub(super) enum Ended {
    /// The broker or the network ended it.
    Broker(lapin::Error),
    /// Whoever runs on it ended it.
    Given(BusError),
}

impl From<lapin::Error> for Ended {
    fn from(error: lapin::Error) -> Self {
        Self::Broker(error)
    }
}

/// What needs a connection.
pub(super) trait Needs: Send + Sync {
    /// For the broker's list of connections, and for logs.
    const NAME: &'static str;
    /// Uses a connection until one of the two fails.
    fn run(&self, session: &Session) -> impl Future<Output = Result<Infallible, Ended>> + Send;
    /// There is no connection, and why.
    fn away(&self, error: BusError);
}

/// Connects, runs what needs it, and begins again when that ends: for ever.
pub(super) async fn keep<N: Needs>(settings: &Settings, needs: N) {
    let name = N::NAME;
    let mut wait = FIRST;
    let mut last = None;
    let mut ended = 0;
    loop {
        let begun = Instant::now();
        if ended == PATIENCE {
            ended = 0;
            mending::mend(settings).await;
        }
        let error = match open(settings, name, true).await {
            Ok(session) => {
                ended += 1;
                run(settings, &session, &needs).await
            }
            Err(error) => {
                ended += u32::from(mending::may_help(&error));
                error
            }
        };
        needs.away(error.clone());
        if begun.elapsed() > LAST {
            wait = FIRST;
            last = None;
        }
        if last.as_ref() == Some(&error) {
            tracing::debug!(connection = name, %error, "still no RabbitMQ");
        } else {
            tracing::warn!(connection = name, %error, "no RabbitMQ; it is tried again and again");
        }
        last = Some(error);
        sleep(jittered(wait)).await;
        wait = (wait * 2).min(LAST);
    }
}

/// Connects, and declares everything if that is wanted.
pub(super) async fn open(
    settings: &Settings,
    name: &'static str,
    declare: bool,
) -> Result<Session, BusError> {
    let address = Address::of(&settings.url, &settings.prefix)?;
    let opening = async {
        let uri = address.uri();
        let version = Version::ask(&uri).await.map_err(|error| address.unreachable(&error))?;
        let properties = ConnectionProperties::default()
            .with_connection_name(format!("groundwork {name}").into());
        let names = Names::new(&settings.prefix);
        let opened = async {
            let connection = Connection::connect_uri(uri, properties).await?;
            if declare {
                let channel = connection.create_channel().await?;
                topology::declare(&channel, &names, settings.partition, &version).await?;
            }
            Ok(connection)
        };
        let connection = opened.await.map_err(|error| address.explain(&error))?;
        Ok(Session { connection, names, version })
    };
    let late = || address.unreachable(&"no answer in time");
    timeout(CONNECT, opening).await.unwrap_or_else(|_| Err(late()))
}

/// Runs what needs a connection on it; why that ended.
async fn run<N: Needs>(settings: &Settings, session: &Session, needs: &N) -> BusError {
    tracing::info!(
        connection = N::NAME,
        version = session.version.as_str(),
        "connected to RabbitMQ"
    );
    let ended = tokio::select! {
        Err(ended) = needs.run(session) => ended,
        Err(ended) = watch(&session.connection) => ended,
    };
    match (ended, Address::of(&settings.url, &settings.prefix)) {
        (Ended::Broker(error), Ok(address)) => address.explain(&error),
        (Ended::Given(error), _) | (_, Err(error)) => error,
    }
}

/// Ends when the connection does, or when its peer does not answer.
async fn watch(connection: &Connection) -> Result<Infallible, Ended> {
    let mut events = std::pin::pin!(connection.events_listener());
    let channel = connection.create_channel().await?;
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Error(error)) => return Err(error.into()),
                Some(_) => {}
                None => return Err(silent()),
            },
            () = sleep(PROBE) => {
                // A broker that is out of memory or disk answers nothing, but is there.
                if connection.status().blocked() {
                    continue;
                }
                let asked = channel.basic_qos(1, BasicQosOptions::default());
                timeout(ANSWER, asked).await.map_err(|_| silent())??;
            }
        }
    }
}

fn silent() -> Ended {
    Ended::Given(BusError::Unavailable("RabbitMQ stopped answering".to_owned()))
}

/// Between half of it and all of it.
fn jittered(wait: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 512;
    wait * (1024 - u32::try_from(random).unwrap_or(0)) / 1024
}
