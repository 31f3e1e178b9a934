//! The servers that the tests need: running ones if there are any, else our own.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    Result,
    broker::{self, Broker},
    cluster::{self, Cluster, Durability},
    containers::{self, Container},
    postgres, rabbitmq, variable, wait_for,
};

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);
/// From a container to a server that lets us in.
const START: Duration = Duration::from_mins(2);

/// A server for the tests; what was started for them ends when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where tests connect.
    pub url: String,
    /// What it is, for the person who waits.
    pub described: String,
    _ours: Option<Ours>,
}

/// What ends when it is dropped.
#[derive(Debug)]
enum Ours {
    Container(#[expect(dead_code, reason = "kept to be dropped")] Container),
    Cluster(#[expect(dead_code, reason = "kept to be dropped")] Cluster),
    Broker(#[expect(dead_code, reason = "kept to be dropped")] Broker),
}

impl Server {
    /// Finds or starts PostgreSQL.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub fn postgres() -> Result<Self> {
        const IMAGE: &str = "postgres:17-alpine";
        let url = |address| format!("postgres://postgres@{address}/postgres");
        if let Some(url) = variable("DATABASE_URL") {
            let host = postgres::host_of(&url)
                .ok_or("DATABASE_URL is not of the form postgres://user@host:port/database")?;
            return Self::running("PostgreSQL", "DATABASE_URL", url, &host);
        }
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 5432));
        if postgres::trusts(local, "postgres") {
            return Self::running("PostgreSQL", "DATABASE_URL", url(local), &local.to_string());
        }
        if containers::are_possible() {
            let trust = ["--env", "POSTGRES_HOST_AUTH_METHOD=trust"];
            let quick = ["-c", "fsync=off", "-c", "max_connections=200"];
            let container = Container::start(IMAGE, 5432, &trust, &quick)?;
            let address = container.address;
            let ready = || postgres::trusts(address, "postgres").then_some(());
            wait_for(START, ready).ok_or("PostgreSQL in its container did not start in time")?;
            return Ok(Self::contained("PostgreSQL", IMAGE, url(address), container));
        }
        if cluster::programs().is_none() {
            install("PostgreSQL", "postgresql", "DATABASE_URL")?;
        }
        let cluster = Cluster::start_new(Durability::None)?;
        Ok(Self {
            url: cluster.url("postgres"),
            described: format!("PostgreSQL: a cluster of our own at {}", cluster.address()),
            _ours: Some(Ours::Cluster(cluster)),
        })
    }

    /// Finds or starts RabbitMQ.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub fn rabbitmq() -> Result<Self> {
        const IMAGE: &str = "rabbitmq:4-alpine";
        let url = |address| format!("amqp://guest:guest@{address}/%2f");
        if let Some(url) = variable("AMQP_URL") {
            let host = rabbitmq::host_of(&url)
                .ok_or("AMQP_URL is not of the form amqp://user:password@host:port/vhost")?;
            return Self::running("RabbitMQ", "AMQP_URL", url, &host);
        }
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 5672));
        if rabbitmq::welcomes_guests(local) {
            return Self::running("RabbitMQ", "AMQP_URL", url(local), &local.to_string());
        }
        if containers::are_possible() {
            let container = Container::start(IMAGE, 5672, &[], &[])?;
            let address = container.address;
            let ready = || rabbitmq::welcomes_guests(address).then_some(());
            wait_for(START, ready).ok_or("RabbitMQ in its container did not start in time")?;
            return Ok(Self::contained("RabbitMQ", IMAGE, url(address), container));
        }
        if broker::program().is_none() {
            install("RabbitMQ", "rabbitmq-server", "AMQP_URL")?;
        }
        let broker = Broker::start_new()?;
        Ok(Self {
            url: broker.url(),
            described: format!("RabbitMQ: a node of our own at {}", broker.address()),
            _ours: Some(Ours::Broker(broker)),
        })
    }

    /// Somebody else's.
    fn running(name: &str, setting: &str, url: String, host: &str) -> Result<Self> {
        let mut addresses = host.to_socket_addrs().into_iter().flatten();
        if addresses.any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok()) {
            Ok(Self { url, described: format!("{name}: the server at {host}"), _ours: None })
        } else {
            Err(format!("{setting} is set, but no server answers at {host}"))
        }
    }

    fn contained(name: &str, image: &str, url: String, container: Container) -> Self {
        let described = format!("{name}: a container of {image}");
        Self { url, described, _ours: Some(Ours::Container(container)) }
    }
}

fn install(name: &str, package: &str, setting: &str) -> Result<()> {
    if !Path::new("/etc/debian_version").exists() || !succeeds("apt-get", &["--version"]) {
        return Err(format!(
            "The tests need {name}: set {setting}, start Docker, or install {name} (on Debian and \
             Ubuntu this happens by itself)."
        ));
    }
    println!("{name} is not there: installing it");
    let attempt = |arguments: &[&str]| {
        succeeds("apt-get", arguments)
            || succeeds("sudo", &[&["-n", "apt-get"], arguments].concat())
    };
    let wanted = ["install", "-y", "--no-install-recommends", package];
    if attempt(&wanted) || (attempt(&["update"]) && attempt(&wanted)) {
        Ok(())
    } else {
        Err(format!(
            "{name} could not be installed: run `sudo apt-get install {package}`, set {setting}, \
             or start Docker."
        ))
    }
}

pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
