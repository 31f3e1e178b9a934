//! The product as a process of its own: this binary, serving.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::Outcome;

/// How often a starting host is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(1);
/// A host that is not ready by then never is.
const PATIENCE: Duration = Duration::from_mins(10);

/// A host in a process of its own; killed when dropped.
pub struct Host {
    child: Child,
    address: SocketAddr,
    /// From the start of the process until it said that it is ready.
    pub ready_after: Duration,
}

impl Host {
    /// Starts one with these settings and waits until it is ready.
    pub async fn start(settings: &[(&str, &str)]) -> Outcome<Self> {
        Self::start_as("serve", settings).await
    }

    /// Starts what this task is, likewise.
    pub async fn start_as(task: &str, settings: &[(&str, &str)]) -> Outcome<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let started = Instant::now();
        let child =
            this(task, settings)?.env("GROUNDWORK_HTTP_ADDRESSES", address.to_string()).spawn()?;
        let mut host = Self { child, address, ready_after: Duration::ZERO };
        while !host.answers("/health/ready") {
            if let Some(status) = host.child.try_wait()? {
                return Err(format!("the host ended: {status}").into());
            }
            if started.elapsed() > PATIENCE {
                return Err("the host was not ready in time".into());
            }
            tokio::time::sleep(LOOK).await;
        }
        host.ready_after = started.elapsed();
        Ok(host)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether a path is answered 200.
    pub fn answers(&self, path: &str) -> bool {
        self.ask(path).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    fn ask(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Resident memory in KiB, as the kernel counts it.
    pub fn resident(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|text| text.split_whitespace().next());
        Ok(number.ok_or("the kernel does not tell")?.parse()?)
    }

    /// Processor time that it has used so far.
    pub fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name may hold blanks; what follows it does not. User and system time are the 14th and
        // 15th fields, in hundredths of a second.
        let (_, fields) = stat.rsplit_once(')').ok_or("the kernel does not tell")?;
        let ticks: Vec<u64> =
            fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
    }

    /// Stops it as an operator would.
    pub fn stop(mut self) -> Outcome {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the host stopped with {status}").into())
        }
    }
}

/// A token for a new person, good at the host with these settings.
pub fn mint(settings: &[(&str, &str)]) -> Outcome<String> {
    let minted = this("mint", settings)?.output()?;
    Ok(String::from_utf8(minted.stdout)?.trim().to_owned())
}

/// This binary once more, with another task.
fn this(task: &str, settings: &[(&str, &str)]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg(task)
        .env_clear()
        .envs(settings.iter().copied())
        .env("GROUNDWORK_LOG", "error")
        .stderr(Stdio::null());
    Ok(command)
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
