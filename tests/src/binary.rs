//! The shipped binary as a process: built without anything that only tests have.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    time::Duration,
};

use cargo_metadata::Message;
use reqwest::{Client, Method};

use crate::Request;

/// From start to an answer; replaying a log is part of it.
const START: Duration = Duration::from_mins(1);

/// Builds the shipped binary, unless it is up to date, and tells where it is.
#[must_use]
pub fn path() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&[]))
}

/// The optimized one, likewise.
#[must_use]
pub fn optimized() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["--release"]))
}

/// Builds an example of the hosts, unless it is up to date, and tells where it is.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    build(&["--example", name])
}

fn build(profile: &[&str]) -> PathBuf {
    let arguments = ["build", "--package", "hosts", "--message-format=json-render-diagnostics"];
    let output = xtask::steps::cargo(&[&arguments[..], profile].concat())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "the shipped binary can't be built");
    Message::parse_stream(&output.stdout[..])
        .filter_map(|message| match message {
            Ok(Message::CompilerArtifact(artifact)) => artifact.executable,
            _ => None,
        })
        .last()
        .expect("cargo names the binary")
        .into()
}

/// Settings of a process, as environment variables; nothing else of ours is passed on.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    settings: Vec<(String, String)>,
    optimized: bool,
}

impl Environment {
    /// A host on SQLite files in a folder, on a free port.
    #[must_use]
    pub fn embedded(folder: &Path) -> Self {
        Self::on_free_port().with("GROUNDWORK_DATA", &folder.display().to_string())
    }

    /// A host on PostgreSQL, on a free port. Several hosts of several tests share one server, which
    /// has a hundred connections.
    #[must_use]
    pub fn postgres(url: &str) -> Self {
        Self::on_free_port()
            .with("DATABASE_URL", url)
            .with("GROUNDWORK_DATABASE_CONNECTIONS", "12")
            .with("GROUNDWORK_MAIL_DELIVERY", "none")
    }

    /// A process that keeps nothing, on a free port.
    #[must_use]
    pub fn on_free_port() -> Self {
        Self::default().on_another_port()
    }

    /// The same, on a free port of its own.
    #[must_use]
    pub fn on_another_port(self) -> Self {
        let port = xtask::port::free_port().expect("a port is free");
        self.with("GROUNDWORK_HTTP_ADDRESSES", &format!("127.0.0.1:{port}"))
    }

    /// With the optimized binary.
    #[must_use]
    pub fn optimized(self) -> Self {
        Self { optimized: true, ..self }
    }

    /// With a setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a setting, unless it has another value.
    #[must_use]
    pub fn with_default(self, name: &str, value: &str) -> Self {
        if self.get(name).is_empty() { self.with(name, value) } else { self }
    }

    /// The value of a setting; empty if it is not set.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.settings.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All settings.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<String, String> {
        self.settings.iter().cloned().collect()
    }

    /// The shipped binary with these settings.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(if self.optimized { optimized() } else { path() });
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("GROUNDWORK_") || text.ends_with("_URL") {
                command.env_remove(&name);
            }
        }
        command
            .args(arguments)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// A shell script with these settings, which finds the binary as `$0`.
    #[must_use]
    pub fn script(&self, text: &str) -> Command {
        let direct = self.command(&[]);
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", text]).arg(direct.get_program());
        for (name, value) in direct.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs an operator's command to its end.
    ///
    /// # Errors
    /// With what it printed, if it fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(arguments).output().expect("the binary can be run");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            Ok(printed)
        } else {
            let errors = String::from_utf8_lossy(&output.stderr);
            Err(format!(
                "`groundwork {}`: {}\n{printed}{errors}",
                arguments.join(" "),
                output.status
            ))
        }
    }
}

/// A host in a process of its own; ends with this value.
#[derive(Debug)]
pub struct Process {
    environment: Environment,
    output: PathBuf,
    arguments: Vec<String>,
    child: Child,
    /// Where the API is.
    pub url: String,
}

impl Process {
    /// Starts `groundwork serve`; what it prints goes to a file. Does not wait.
    #[must_use]
    pub fn start(environment: &Environment, output: &Path) -> Self {
        Self::start_as(environment, output, &["serve"])
    }

    /// Starts another command that runs until it is told to stop.
    #[must_use]
    pub fn start_as(environment: &Environment, output: &Path, arguments: &[&str]) -> Self {
        let mut process = Self::spawn(environment, output, environment.command(arguments));
        process.arguments = arguments.iter().map(|text| (*text).to_owned()).collect();
        process
    }

    /// Starts it through a shell script, which finds the binary as `$0`.
    #[must_use]
    pub fn start_through(environment: &Environment, output: &Path, script: &str) -> Self {
        Self::spawn(environment, output, environment.script(script))
    }

    fn spawn(environment: &Environment, output: &Path, mut command: Command) -> Self {
        let file: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(output)
            .expect("the folder can be written");
        let child = command
            .stderr(file.try_clone().expect("a file has a second handle"))
            .stdout(file)
            .spawn()
            .expect("the binary can be run");
        Self {
            url: format!("http://{}", environment.get("GROUNDWORK_HTTP_ADDRESSES")),
            environment: environment.clone(),
            output: output.to_owned(),
            arguments: vec![],
            child,
        }
    }

    /// Waits until it answers.
    ///
    /// # Panics
    /// If it ended, or does not answer within a minute; with what it printed.
    pub async fn ready(&mut self, client: &Client) {
        let ready = self.try_ready(client).await;
        ready.unwrap_or_else(|why| panic!("{why}: {}", self.printed()));
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// If it ended, or does not answer within a minute.
    pub async fn try_ready(&mut self, client: &Client) -> Result<(), String> {
        let url = format!("{}/health/ready", self.url);
        let answered = tokio::time::timeout(START, async {
            loop {
                let answer = Request::new(client, Method::GET, &url).try_send().await;
                if answer.is_ok_and(|answer| answer.status.is_success()) {
                    return Ok(());
                }
                self.alive()?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        answered.await.unwrap_or_else(|_| Err("the host does not get ready".to_owned()))
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// Tells how it ended.
    pub fn alive(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("the host ended with {status}")),
            Err(error) => Err(format!("the host can't be watched: {error}")),
        }
    }

    /// The number under which the operating system knows it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it with SIGKILL, as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("our own process can be ended");
    }

    /// Asks it to end, as an operating system that shuts down would.
    pub fn terminate(&self) {
        let id = self.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.is_ok(), "kill can be run");
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("our own process can be waited for")
    }

    /// Starts it again with the same command and settings; it was killed before.
    pub fn start_again(&mut self) {
        let arguments: Vec<_> = self.arguments.iter().map(String::as_str).collect();
        *self = Self::start_as(&self.environment, &self.output, &arguments);
    }

    /// Everything that it printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
