//! A RabbitMQ node of our own: on free ports, in a temporary folder, gone when dropped.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{Result, heir::Heir, port::free_port, wait_for};

/// Erlang's virtual machine needs seconds to start, many on a busy computer.
const START: Duration = Duration::from_mins(2);
/// Long enough for a busy server on this machine.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where Debian keeps the script; the one on its path refuses users that it does not know.
const DEBIAN: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// Erlang's nodes find each other through a directory, which would stay behind if the node started
/// it by itself.
const SERVE: &str = "epmd -port \"$ERL_EPMD_PORT\" & exec \"$0\"";

/// A node. User `guest`, password `guest`, on the loopback interface only, without plugins.
#[derive(Debug)]
pub struct Broker {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    /// Of the node towards other nodes, and of their directory.
    inner_ports: [u16; 2],
    server: Option<Child>,
    heir: Heir,
    kept: bool,
}

impl Broker {
    /// Makes and starts one.
    ///
    /// # Errors
    /// If RabbitMQ is not installed, or fails.
    pub fn start_new() -> Result<Self> {
        let program =
            program().ok_or("RabbitMQ (rabbitmq-server, with Erlang's epmd) is not installed")?;
        let port = free_port()?;
        let inner_ports = [free_port()?, free_port()?];
        let folder =
            std::env::temp_dir().join(format!("groundwork-rabbitmq-{}-{port}", std::process::id()));
        let make = || {
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("plugins"), "[].")?;
            fs::write(folder.join("rabbitmq.conf"), "")
        };
        make().map_err(|error| format!("can't make {}: {error}", folder.display()))?;
        let heir = Heir::of(&folder)?;
        let mut broker =
            Self { program, folder, port, inner_ports, server: None, heir, kept: false };
        broker.start()?;
        broker.ready()?;
        Ok(broker)
    }

    /// Where its default virtual host is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Ends the node and all its processes with SIGKILL. Its data stays.
    ///
    /// # Errors
    /// If it can't be ended.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        // The script and what it runs are one group, which is numbered like the script. What they
        // begin outside of it, to watch files and names, ends with them.
        let killed = Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", server.id())])
            .stdin(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        server.wait().map_err(|error| format!("can't wait for RabbitMQ: {error}"))?;
        // Numbers of processes are given again.
        fs::remove_file(self.group()).map_err(|error| format!("can't tidy up: {error}"))?;
        if killed { Ok(()) } else { Err("RabbitMQ could not be killed".to_owned()) }
    }

    /// Ends the node as [`Self::kill`] does, and leaves the folder to whoever wants to look.
    ///
    /// # Errors
    /// If it can't be ended.
    pub fn keep(&mut self) -> Result<&Path> {
        self.kept = true;
        self.heir.dismiss(&self.folder);
        self.kill()?;
        Ok(&self.folder)
    }

    /// Starts the node again, and does not wait for it.
    ///
    /// # Errors
    /// If its script can't be run.
    pub fn start(&mut self) -> Result<()> {
        let server = self.serve().map_err(|error| format!("can't run RabbitMQ: {error}"))?;
        let noted = fs::write(self.group(), server.id().to_string());
        self.server = Some(server);
        noted.map_err(|error| format!("can't write to {}: {error}", self.folder.display()))
    }

    /// Waits until it greets its clients.
    ///
    /// # Errors
    /// If it ended, or does not within two minutes; with the end of what it printed.
    pub fn ready(&mut self) -> Result<()> {
        let address = self.address();
        let greeted = wait_for(START, || {
            let ended = match &mut self.server {
                Some(server) => server.try_wait().map_or(true, |status| status.is_some()),
                None => true,
            };
            if ended { Some(false) } else { greets(address).then_some(true) }
        });
        if greeted == Some(true) {
            Ok(())
        } else {
            Err(format!("RabbitMQ did not start: {}", self.printed()))
        }
    }

    fn serve(&self) -> std::io::Result<Child> {
        let output =
            fs::OpenOptions::new().create(true).append(true).open(self.folder.join("output"))?;
        let [inner, directory] = self.inner_ports.map(|port| port.to_string());
        let in_folder = |name: &str| self.folder.join(name);
        let mut command = Command::new("sh");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RABBITMQ_") {
                command.env_remove(name);
            }
        }
        command
            .args(["-c", SERVE])
            .arg(&self.program)
            .current_dir(&self.folder)
            // The cookie is there.
            .env("HOME", &self.folder)
            .env("ERL_EPMD_PORT", directory)
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("groundwork-{}@localhost", self.port))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", inner)
            .env("RABBITMQ_MNESIA_BASE", in_folder("mnesia"))
            .env("RABBITMQ_LOG_BASE", in_folder("log"))
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_PID_FILE", in_folder("pid"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", in_folder("plugins"))
            .env("RABBITMQ_CONFIG_FILE", in_folder("rabbitmq.conf"))
            .env("RABBITMQ_CONF_ENV_FILE", in_folder("none"))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
    }

    fn group(&self) -> PathBuf {
        self.folder.join("group")
    }

    fn printed(&self) -> String {
        let text = fs::read_to_string(self.folder.join("output")).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Err(why) = self.kill() {
            eprintln!("{why}");
        }
        self.heir.dismiss(&self.folder);
        if self.kept {
            return;
        }
        let removed = wait_for(Duration::from_secs(10), || {
            (!self.folder.exists() || fs::remove_dir_all(&self.folder).is_ok()).then_some(())
        });
        if removed.is_none() {
            eprintln!("{} could not be removed", self.folder.display());
        }
    }
}

/// The script that runs a node: Debian's, else whatever is on the path. It needs `epmd` there, too.
fn program() -> Option<PathBuf> {
    let path = crate::variable("PATH")?;
    let found = |name: &str| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.exists())
    };
    found("epmd")?;
    let debian = Path::new(DEBIAN);
    if debian.exists() { Some(debian.to_owned()) } else { found("rabbitmq-server") }
}

/// Whether a broker that is ready for clients answers: it begins with a method frame.
fn greets(address: SocketAddr) -> bool {
    let greeting = || {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        let mut kind = [0];
        stream.read_exact(&mut kind)?;
        std::io::Result::Ok(kind == [1])
    };
    greeting().is_ok_and(|greeted| greeted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_survives_a_kill_and_leaves_nothing() {
        let mut broker = match Broker::start_new() {
            Ok(broker) => broker,
            // Only the crash test needs one.
            Err(why) if why.ends_with("is not installed") => return,
            Err(why) => panic!("{why}"),
        };
        let (address, folder) = (broker.address(), broker.folder.clone());
        let directory = SocketAddr::from((Ipv4Addr::LOCALHOST, broker.inner_ports[1]));
        assert!(greets(address));
        broker.kill().unwrap();
        assert!(!greets(address));
        broker.start().unwrap();
        broker.ready().unwrap();
        broker.heir.orphan();
        let removed = || (!folder.exists()).then_some(());
        wait_for(Duration::from_secs(20), removed).unwrap();
        assert!(!greets(address), "the node ended");
        assert!(TcpStream::connect(directory).is_err(), "the directory of nodes ended");
        // As if the heir had not been needed.
        broker.kept = true;
        broker.server = None;
    }
}
