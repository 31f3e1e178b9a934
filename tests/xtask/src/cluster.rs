//! A PostgreSQL cluster of our own: made on a free port in a temporary folder, gone when dropped.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{Result, folder::Folder, port::free_port, postgres, wait_for};

/// Recovery after a kill is part of it.
const START: Duration = Duration::from_mins(1);

/// What a commit is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Commits survive a kill of the machine: `fsync` is on.
    Full,
    /// Fast, for tests that never kill it.
    None,
}

/// A cluster. Superuser `postgres`, no password, on the loopback interface only.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    port: u16,
    account: Option<Account>,
    durability: Durability,
    server: Option<Child>,
    folder: Folder,
}

/// PostgreSQL refuses to run as root, so root lends its work to the `postgres` account.
#[derive(Clone, Copy, Debug)]
struct Account {
    user: u32,
    group: u32,
}

impl Cluster {
    /// Makes and starts one.
    ///
    /// # Errors
    /// If PostgreSQL's programs are missing or fail.
    pub fn start_new(durability: Durability) -> Result<Self> {
        let programs = programs()
            .ok_or("PostgreSQL's server programs (initdb, postgres) are not installed")?;
        let account = if number(&["-u"])? == 0 { Some(Account::postgres()?) } else { None };
        let port = free_port()?;
        let folder = Folder::make("postgres", port)?;
        if let Some(account) = account {
            std::os::unix::fs::chown(folder.path(), Some(account.user), Some(account.group))
                .map_err(|error| format!("can't give away {}: {error}", folder.path().display()))?;
        }
        let mut cluster = Self { programs, port, account, durability, server: None, folder };
        cluster.initialize()?;
        cluster.start()?;
        Ok(cluster)
    }

    /// Where a database of it is.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Ends the server and all its processes with SIGKILL, as a crash of the machine would, but
    /// for what the system still holds in memory. Its data stays.
    ///
    /// # Errors
    /// If it can't be ended.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let children = children(server.id());
        server
            .kill()
            .and_then(|()| server.wait())
            .map_err(|error| format!("can't kill PostgreSQL: {error}"))?;
        // Left alone they would notice, but might finish a commit before; one that was forked this
        // very moment still may. Some are gone already, which is as good.
        Command::new("sh")
            .args(["-c", "for child; do kill -KILL \"$child\"; done", "sh"])
            .args(children.iter().map(u32::to_string))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|error| format!("can't run sh: {error}"))?;
        Ok(())
    }

    /// Ends the server as [`Self::kill`] does, and leaves the folder to whoever wants to look.
    ///
    /// # Errors
    /// If it can't be ended.
    pub fn keep(&mut self) -> Result<&Path> {
        self.folder.keep();
        self.kill()?;
        Ok(self.folder.path())
    }

    /// Starts the server and waits until it lets us in.
    ///
    /// # Errors
    /// If it does not within a minute; with the end of its log.
    pub fn start(&mut self) -> Result<()> {
        let address = self.address();
        // After a kill the old server's children may hold its memory for a moment; it refuses then.
        let started = wait_for(START, || {
            let exited = match &mut self.server {
                Some(server) => server.try_wait().map_or(true, |status| status.is_some()),
                None => true,
            };
            if exited {
                self.server = self.serve().ok();
            }
            postgres::trusts(address, "postgres").then_some(())
        });
        started.ok_or_else(|| format!("PostgreSQL did not start: {}", self.folder.printed()))
    }

    fn initialize(&self) -> Result<()> {
        let output = self
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "-N"])
            .arg("-D")
            .arg(self.data())
            .output()
            .map_err(|error| format!("can't run initdb: {error}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
    }

    fn serve(&self) -> std::io::Result<Child> {
        let fsync = if self.durability == Durability::Full { "fsync=on" } else { "fsync=off" };
        let sockets = format!("unix_socket_directories={}", self.folder.path().display());
        self.command("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &sockets, "-c", fsync, "-c", "max_connections=200"])
            .stderr(self.folder.output()?)
            .spawn()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        if let Some(account) = self.account {
            command.uid(account.user).gid(account.group);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nobody reads the data again, so there is nothing to flush.
        if let Err(why) = self.kill() {
            eprintln!("{why}");
        }
    }
}

impl Account {
    fn postgres() -> Result<Self> {
        Ok(Self { user: number(&["-u", "postgres"])?, group: number(&["-g", "postgres"])? })
    }
}

/// The folder of PostgreSQL's server programs: the newest of Debian's, else whatever is on the path.
#[must_use]
pub fn programs() -> Option<PathBuf> {
    let complete =
        |folder: &Path| folder.join("initdb").exists() && folder.join("postgres").exists();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            complete(&folder).then_some((version, folder))
        })
        .max()
        .map(|(_, folder)| folder);
    newest.or_else(|| {
        let path = crate::variable("PATH")?;
        std::env::split_paths(&path).find(|folder| complete(folder))
    })
}

/// The processes that a process has begun, as Linux tells; none where it is another system.
fn children(of: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| {
            let id: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name, in parentheses, may hold anything; state and parent follow it.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
            (parent.parse() == Ok(of)).then_some(id)
        })
        .collect()
}

/// A number that the `id` program knows.
fn number(arguments: &[&str]) -> Result<u32> {
    let output = Command::new("id")
        .args(arguments)
        .output()
        .map_err(|error| format!("can't run id: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| {
        format!("`id {}` knows no number: is the account missing?", arguments.join(" "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_survives_a_kill_and_leaves_nothing() {
        let mut cluster = Cluster::start_new(Durability::None).unwrap();
        let (address, folder) = (cluster.address(), cluster.folder.path().to_owned());
        assert!(postgres::trusts(address, "postgres"));
        let children = children(cluster.server.as_ref().unwrap().id());
        assert!(!children.is_empty() || !Path::new("/proc/self/stat").exists());
        cluster.kill().unwrap();
        assert!(!postgres::trusts(address, "postgres"));
        cluster.start().unwrap();
        assert!(postgres::trusts(address, "postgres"));
        drop(cluster);
        assert!(!folder.exists());
    }

    #[test]
    fn what_a_killed_owner_leaves_is_removed() {
        let mut cluster = Cluster::start_new(Durability::None).unwrap();
        cluster.folder.orphan();
        let removed = || (!cluster.folder.path().exists()).then_some(());
        wait_for(Duration::from_secs(20), removed).unwrap();
    }

    #[test]
    fn what_is_kept_stays() {
        let mut cluster = Cluster::start_new(Durability::None).unwrap();
        let folder = cluster.keep().unwrap().to_owned();
        drop(cluster);
        assert!(folder.join("data/PG_VERSION").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
