//! A RabbitMQ node of our own: on free ports, in a temporary folder, gone when dropped.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{Result, port::free_port, rabbitmq, wait_for};

/// Waits for the end of its input, which we close when we are done and the system when we are gone,
/// as after Ctrl-C. Then it ends the node, and removes the folder.
const HEIR: &str = "trap '' INT TERM HUP
    read -r word
    kill -s KILL -- \"-$1\"
    for try in $(seq 90); do rm -rf \"$0\" && break; sleep 1; done";
/// Erlang takes its time on a busy machine.
const START: Duration = Duration::from_mins(2);

/// A node that lets `guest` in from this machine only.
#[derive(Debug)]
pub struct Node {
    folder: PathBuf,
    port: u16,
    /// Tells nodes of each other's ports. A node can't do without; the machine's own would have to
    /// be started, and would stay.
    names: Child,
    server: Option<Child>,
    heir: Option<Child>,
}

impl Node {
    /// Makes and starts one.
    ///
    /// # Errors
    /// If RabbitMQ's programs are missing or fail.
    pub fn start_new() -> Result<Self> {
        let program = program().ok_or("RabbitMQ's server (rabbitmq-server) is not installed")?;
        let [port, distribution, names_port] = [free_port()?, free_port()?, free_port()?];
        let folder =
            std::env::temp_dir().join(format!("groundwork-rabbitmq-{}-{port}", std::process::id()));
        let made = fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join("plugins"), "[]."))
            .and_then(|()| fs::write(folder.join("rabbitmq.conf"), ""));
        made.map_err(|error| format!("can't fill {}: {error}", folder.display()))?;
        let names = Command::new("epmd")
            .args(["-address", "127.0.0.1", "-port", &names_port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // All that belongs to the node ends together.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("can't run epmd, a program of Erlang's: {error}"))?;
        let group = names.id();
        let mut node = Self { folder, port, names, server: None, heir: None };
        let heir = Command::new("sh")
            .args(["-c", HEIR])
            .arg(&node.folder)
            .arg(group.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        node.heir = Some(heir.map_err(|error| format!("can't run sh: {error}"))?);
        node.server = Some(node.serve(&program, group, distribution, names_port)?);
        let address = node.address();
        let started = wait_for(START, || rabbitmq::welcomes_guests(address).then_some(()));
        started.ok_or_else(|| format!("RabbitMQ did not start: {}", node.log()))?;
        Ok(node)
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@{}/%2f", self.address())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    fn serve(
        &self,
        program: &Path,
        group: u32,
        distribution: u16,
        names_port: u16,
    ) -> Result<Child> {
        let failed = |error| format!("can't run {}: {error}", program.display());
        let at = |name: &str| self.folder.join(name);
        let log = File::create(at("output")).map_err(failed)?;
        let group = i32::try_from(group).map_err(|error| error.to_string())?;
        Command::new(program)
            .current_dir(&self.folder)
            // The secret that nodes share.
            .env("HOME", &self.folder)
            .env("ERL_EPMD_PORT", names_port.to_string())
            .env("ERL_CRASH_DUMP", at("crash"))
            .env("RABBITMQ_NODENAME", format!("groundwork{}@localhost", self.port))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", distribution.to_string())
            .env("RABBITMQ_MNESIA_BASE", at("data"))
            .env("RABBITMQ_LOG_BASE", at("log"))
            .env("RABBITMQ_PID_FILE", at("pid"))
            .env("RABBITMQ_GENERATED_CONFIG_DIR", at("config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("plugins"))
            .env("RABBITMQ_CONFIG_FILE", at("rabbitmq"))
            // Not what an administrator may have set up for the machine's own node.
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", at("none"))
            .env("RABBITMQ_CONF_ENV_FILE", at("none"))
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            )
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .process_group(group)
            .spawn()
            .map_err(failed)
    }

    fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.join("output")).unwrap_or_default();
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        lines.iter().rev().take(5).rev().copied().collect::<Vec<_>>().join(" | ")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Nobody reads its data again, so there is nothing to flush. Waiting closes the input.
        let ended = match self.heir.as_mut() {
            Some(heir) => heir.wait(),
            None => self.names.kill().and_then(|()| self.names.wait()),
        };
        for child in std::iter::once(&mut self.names).chain(self.server.as_mut()) {
            // It was killed with its group; this only reads how it ended.
            let _ = child.wait();
        }
        if let Err(error) = ended {
            eprintln!("{} may be left over, with its node: {error}", self.folder.display());
        }
    }
}

/// RabbitMQ's own start script; Debian's on the path would first become another user.
#[must_use]
pub fn program() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if debian.exists() {
        return Some(debian);
    }
    let path = crate::variable("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("rabbitmq-server"))
        .find(|file| file.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_and_leaves_nothing() {
        if program().is_none() {
            // Then the tests have a broker of another kind.
            return;
        }
        let node = Node::start_new().unwrap();
        let (address, folder) = (node.address(), node.folder.clone());
        assert!(rabbitmq::welcomes_guests(address));
        drop(node);
        assert!(!rabbitmq::welcomes_guests(address));
        assert!(!folder.exists());
    }
}
