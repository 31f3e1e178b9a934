//! A RabbitMQ node of our own: on free ports, in a temporary folder, gone when dropped.

use std::{
    ffi::{OsStr, OsString},
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{Result, folder::Folder, port::free_port, rabbitmq, wait_for};

/// Erlang's virtual machine needs seconds to start, many on a busy computer.
const START: Duration = Duration::from_mins(2);
/// Where Debian keeps the script; the one on its path refuses users that it does not know.
const DEBIAN: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// Erlang's nodes find each other through a directory, which would stay behind if the node started
/// it by itself.
const SERVE: &str = "epmd -port \"$ERL_EPMD_PORT\" & exec \"$0\"";
/// Where it listens to other nodes.
const ERLANG: &str = "-kernel inet_dist_use_interface {127,0,0,1}";

/// A node. User `guest`, password `guest`, on the loopback interface only, without plugins.
#[derive(Debug)]
pub struct Broker {
    program: PathBuf,
    port: u16,
    /// Of the node towards other nodes, and of their directory.
    inner_ports: [u16; 2],
    server: Option<Child>,
    folder: Folder,
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
        let folder = Folder::make("rabbitmq", port)?;
        fs::write(folder.path().join("plugins"), "[].")
            .and_then(|()| fs::write(folder.path().join("rabbitmq.conf"), ""))
            .map_err(|error| format!("can't fill {}: {error}", folder.path().display()))?;
        let mut broker = Self { program, port, inner_ports, server: None, folder };
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
        self.folder.leave_group(None)?;
        if killed { Ok(()) } else { Err("RabbitMQ could not be killed".to_owned()) }
    }

    /// Ends the node as [`Self::kill`] does, and leaves the folder to whoever wants to look.
    ///
    /// # Errors
    /// If it can't be ended.
    pub fn keep(&mut self) -> Result<&Path> {
        self.folder.keep();
        self.kill()?;
        Ok(self.folder.path())
    }

    /// Starts the node again, and does not wait for it.
    ///
    /// # Errors
    /// If its script can't be run.
    pub fn start(&mut self) -> Result<()> {
        let server = self.serve().map_err(|error| format!("can't run RabbitMQ: {error}"))?;
        let group = server.id();
        self.server = Some(server);
        self.folder.leave_group(Some(group))
    }

    /// Waits until it lets its clients in.
    ///
    /// # Errors
    /// If it ended, or does not within two minutes; with the end of what it printed.
    pub fn ready(&mut self) -> Result<()> {
        let address = self.address();
        let started = wait_for(START, || {
            let ended = match &mut self.server {
                Some(server) => server.try_wait().map_or(true, |status| status.is_some()),
                None => true,
            };
            if ended { Some(false) } else { rabbitmq::welcomes_guests(address).then_some(true) }
        });
        if started == Some(true) {
            Ok(())
        } else {
            Err(format!("RabbitMQ did not start: {}", self.folder.printed()))
        }
    }

    /// What reaches into it from another task.
    #[must_use]
    pub fn control(&self) -> Control {
        Control { program: self.program.with_file_name("rabbitmqctl"), environment: self.inner() }
    }

    fn serve(&self) -> std::io::Result<Child> {
        let output = self.folder.output()?;
        let in_folder = |name: &str| self.folder.path().join(name);
        command("sh", &self.inner())
            .args(["-c", SERVE])
            .arg(&self.program)
            .current_dir(self.folder.path())
            .env("ERL_CRASH_DUMP", in_folder("crash"))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.inner_ports[0].to_string())
            .env("RABBITMQ_MNESIA_BASE", in_folder("mnesia"))
            .env("RABBITMQ_LOG_BASE", in_folder("log"))
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_PID_FILE", in_folder("pid"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", in_folder("plugins"))
            .env("RABBITMQ_CONFIG_FILE", in_folder("rabbitmq.conf"))
            .env("RABBITMQ_GENERATED_CONFIG_DIR", in_folder("config"))
            // Not what an administrator may have set up for the machine's own node.
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", in_folder("none"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", ERLANG)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
    }

    /// What both the node and those who reach into it have to know.
    fn inner(&self) -> Vec<(&'static str, OsString)> {
        vec![
            // The secret that nodes share is there.
            ("HOME", self.folder.path().into()),
            ("ERL_EPMD_PORT", self.inner_ports[1].to_string().into()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
            ("RABBITMQ_NODENAME", format!("groundwork-{}@localhost", self.port).into()),
            ("RABBITMQ_CONF_ENV_FILE", self.folder.path().join("none").into()),
        ]
    }
}

/// A program with this environment, and nothing in it that is meant for the machine's own node.
fn command(program: impl AsRef<OsStr>, environment: &[(&'static str, OsString)]) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RABBITMQ_") {
            command.env_remove(name);
        }
    }
    command.envs(environment.iter().cloned());
    command
}

/// Reaches into a node past its clients.
#[derive(Clone, Debug)]
pub struct Control {
    program: PathBuf,
    environment: Vec<(&'static str, OsString)>,
}

impl Control {
    /// Ends the server of a quorum queue for ever. The node goes on to know the queue by name, and
    /// refuses whoever uses it.
    ///
    /// # Errors
    /// If the node can't be reached.
    pub fn break_queue(&self, name: &str) -> Result<()> {
        let eval = format!("ra:force_delete_server(quorum_queues, {{'%2F_{name}', node()}}).");
        let output = command(&self.program, &self.environment)
            .args(["eval", &eval])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("can't run {}: {error}", self.program.display()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{name} could not be broken: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Err(why) = self.kill() {
            eprintln!("{why}");
        }
    }
}

/// The script that runs a node: Debian's, else whatever is on the path. It needs `epmd` there, too.
#[must_use]
pub fn program() -> Option<PathBuf> {
    let path = crate::variable("PATH")?;
    let found = |name: &str| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.exists())
    };
    found("epmd")?;
    let debian = Path::new(DEBIAN);
    if debian.exists() { Some(debian.to_owned()) } else { found("rabbitmq-server") }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    /// `None` where it is not installed: then the tests have a broker of another kind.
    fn one() -> Option<Broker> {
        match Broker::start_new() {
            Ok(broker) => Some(broker),
            Err(why) if why.ends_with("is not installed") => None,
            Err(why) => panic!("{why}"),
        }
    }

    #[test]
    fn starts_survives_a_kill_and_leaves_nothing() {
        let Some(mut broker) = one() else { return };
        let (address, folder) = (broker.address(), broker.folder.path().to_owned());
        let directory = SocketAddr::from((Ipv4Addr::LOCALHOST, broker.inner_ports[1]));
        assert!(rabbitmq::welcomes_guests(address));
        broker.kill().unwrap();
        assert!(!rabbitmq::welcomes_guests(address));
        broker.start().unwrap();
        broker.ready().unwrap();
        broker.folder.orphan();
        let removed = || (!folder.exists()).then_some(());
        wait_for(Duration::from_secs(20), removed).unwrap();
        assert!(TcpStream::connect(address).is_err(), "the node ended");
        assert!(TcpStream::connect(directory).is_err(), "the directory of nodes ended");
        // The heir has ended the node.
        broker.server = None;
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        let Some(broker) = one() else { return };
        let (address, folder) = (broker.address(), broker.folder.path().to_owned());
        drop(broker);
        assert!(!rabbitmq::welcomes_guests(address));
        assert!(!folder.exists());
    }
}
