//! The servers that the tests need: running ones if there are any, else our own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    Result,
    cluster::{self, Cluster, Durability},
    postgres, variable, wait_for,
};

const IMAGE: &str = "postgres:17-alpine";

/// A PostgreSQL server for the tests; what was started for them ends when dropped.
#[derive(Debug)]
pub enum Postgres {
    /// Somebody else's.
    Running(String),
    /// A container of ours.
    Container(Container),
    /// A cluster of ours.
    Own(Cluster),
}

impl Postgres {
    /// Finds or starts one.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub fn find() -> Result<Self> {
        if let Some(url) = variable("DATABASE_URL") {
            let host = postgres::host_of(&url)
                .ok_or("DATABASE_URL is not of the form postgres://user@host:port/database")?;
            return if postgres::answers(&url) {
                Ok(Self::Running(url))
            } else {
                Err(format!("DATABASE_URL is set, but no server answers at {host}"))
            };
        }
        if postgres::trusts(SocketAddr::from((Ipv4Addr::LOCALHOST, 5432)), "postgres") {
            return Ok(Self::Running("postgres://postgres@127.0.0.1:5432/postgres".to_owned()));
        }
        if succeeds("docker", &["info"]) {
            return Container::start().map(Self::Container);
        }
        if cluster::programs().is_none() {
            install()?;
        }
        Cluster::start_new(Durability::None).map(Self::Own)
    }

    /// Where its administrator connects.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Running(url) => url.clone(),
            Self::Container(container) => container.url.clone(),
            Self::Own(cluster) => cluster.url("postgres"),
        }
    }

    /// What it is, for the person who waits.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Running(url) => {
                let host = postgres::host_of(url).unwrap_or_default();
                format!("PostgreSQL: the server at {host}")
            }
            Self::Container(_) => format!("PostgreSQL: a container of {IMAGE}"),
            Self::Own(cluster) => {
                format!("PostgreSQL: a cluster of our own at {}", cluster.address())
            }
        }
    }
}

/// A container that is removed when dropped.
#[derive(Debug)]
pub struct Container {
    id: String,
    url: String,
}

impl Container {
    fn start() -> Result<Self> {
        let id = docker(&[
            "run",
            "--detach",
            "--rm",
            "--publish",
            "127.0.0.1:0:5432",
            "--env",
            "POSTGRES_HOST_AUTH_METHOD=trust",
            IMAGE,
            "-c",
            "fsync=off",
            "-c",
            "max_connections=200",
        ])?;
        let mut container = Self { id, url: String::new() };
        let mapped = docker(&["port", &container.id, "5432/tcp"])?;
        let address: SocketAddr = mapped
            .lines()
            .next()
            .and_then(|line| line.parse().ok())
            .ok_or_else(|| format!("docker names no port of the container: {mapped}"))?;
        container.url = format!("postgres://postgres@{address}/postgres");
        let ready = || postgres::trusts(address, "postgres").then_some(());
        wait_for(Duration::from_mins(1), ready)
            .ok_or("PostgreSQL in its container did not start within a minute")?;
        Ok(container)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if let Err(why) = docker(&["rm", "--force", "--volumes", &self.id]) {
            eprintln!("{why}");
        }
    }
}

fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("can't run docker: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        let why = String::from_utf8_lossy(&output.stderr);
        Err(format!("docker {} failed: {}", arguments.first().unwrap_or(&""), why.trim()))
    }
}

fn install() -> Result<()> {
    if !Path::new("/etc/debian_version").exists() || !succeeds("apt-get", &["--version"]) {
        return Err("The tests need PostgreSQL: set DATABASE_URL, start Docker, or install \
                    PostgreSQL (on Debian and Ubuntu this happens by itself)."
            .to_owned());
    }
    println!("PostgreSQL is not there: installing it");
    let attempt = |arguments: &[&str]| {
        succeeds("apt-get", arguments)
            || succeeds("sudo", &[&["-n", "apt-get"], arguments].concat())
    };
    let package = ["install", "-y", "--no-install-recommends", "postgresql"];
    if attempt(&package) || (attempt(&["update"]) && attempt(&package)) {
        Ok(())
    } else {
        Err("PostgreSQL could not be installed: run `sudo apt-get install postgresql`, set \
             DATABASE_URL, or start Docker."
            .to_owned())
    }
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
