//! Containers, where a Docker engine runs.

use std::{net::SocketAddr, process::Command, process::Stdio};

use crate::{Result, servers::succeeds};

/// A container that is removed when dropped.
#[derive(Debug)]
pub struct Container {
    id: String,
    /// Where its port is on this machine.
    pub address: SocketAddr,
}

impl Container {
    /// Starts an image that listens on a port; `options` are Docker's, `arguments` the server's.
    ///
    /// # Errors
    /// With what Docker says.
    pub fn start(image: &str, port: u16, options: &[&str], arguments: &[&str]) -> Result<Self> {
        let publish = format!("127.0.0.1:0:{port}");
        let run = ["run", "--detach", "--rm", "--publish", &publish];
        let id = docker(&[&run, options, &[image], arguments].concat())?;
        let mapped = docker(&["port", &id, &format!("{port}/tcp")]);
        let address = mapped.and_then(|mapped| {
            let first = mapped.lines().next().and_then(|line| line.parse().ok());
            first.ok_or_else(|| format!("docker names no port of the container: {mapped}"))
        });
        match address {
            Ok(address) => Ok(Self { id, address }),
            Err(why) => {
                remove(&id);
                Err(why)
            }
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        remove(&self.id);
    }
}

/// Whether there is an engine.
#[must_use]
pub fn are_possible() -> bool {
    succeeds("docker", &["info"])
}

fn remove(id: &str) {
    if let Err(why) = docker(&["rm", "--force", "--volumes", id]) {
        eprintln!("{why}");
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
