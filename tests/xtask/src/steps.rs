//! Runs commands one after the other, with their times; stops at the first that fails.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::Result;

/// What was done so far.
#[derive(Debug, Default)]
pub struct Steps {
    done: Vec<(&'static str, Duration)>,
    summaries: Vec<String>,
}

impl Steps {
    /// Runs `cargo` with the arguments.
    ///
    /// # Errors
    /// If it fails.
    pub fn cargo(
        &mut self,
        name: &'static str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<()> {
        self.run(name, arguments, environment, false)
    }

    /// As [`Self::cargo`]; keeps the lines that a test runner sums up with, for the end.
    ///
    /// # Errors
    /// If it fails.
    pub fn tests(
        &mut self,
        name: &'static str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<()> {
        self.run(name, arguments, environment, true)
    }

    /// Prints what was done, and last what the test runners said.
    pub fn report(&self) {
        println!();
        for (name, took) in &self.done {
            println!("{:>7.1} s  {name}", took.as_secs_f32());
        }
        for summary in &self.summaries {
            println!("{summary}");
        }
    }

    fn run(
        &mut self,
        name: &'static str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        sums_up: bool,
    ) -> Result<()> {
        println!("\n== {name}: cargo {}", arguments.join(" "));
        let start = Instant::now();
        let failed = |why: String| format!("{name} failed: {why}");
        let mut child = cargo(arguments)
            .envs(environment.iter().copied())
            .stderr(if sums_up { Stdio::piped() } else { Stdio::inherit() })
            .spawn()
            .map_err(|error| failed(format!("can't run cargo: {error}")))?;
        // nextest sums up on stderr, cargo's own runner on stdout; only the first needs to be read
        // along, since everything of cargo's own runner is on the screen anyway.
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).split(b'\n').map_while(std::io::Result::ok) {
                let mut screen = std::io::stderr().lock();
                screen
                    .write_all(&[&line[..], b"\n"].concat())
                    .map_err(|error| failed(format!("can't print: {error}")))?;
                let text = String::from_utf8_lossy(&line);
                if is_summary(&text) {
                    self.summaries.push(text.trim().to_owned());
                }
            }
        }
        let status = child.wait().map_err(|error| failed(error.to_string()))?;
        self.done.push((name, start.elapsed()));
        if status.success() {
            Ok(())
        } else {
            Err(failed(format!("`cargo {}` ended with {status}", arguments.join(" "))))
        }
    }
}

/// `cargo` in the root of the workspace, without what an outer `cargo run` put in the environment.
#[must_use]
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Whether `cargo <name>` is installed.
#[must_use]
pub fn installed(name: &str) -> bool {
    cargo(&[name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn is_summary(line: &str) -> bool {
    line.trim_start().starts_with("Summary [") || line.contains("tests run:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_line_that_sums_up() {
        assert!(is_summary("     Summary [   0.1s] 2 tests run: 2 passed, 0 skipped"));
        assert!(!is_summary("        PASS [   0.1s] xtask steps::tests::summary"));
    }

    #[test]
    fn the_first_failure_is_named() {
        let why = Steps::default().cargo("nothing", &["no-such-command"], &[]).unwrap_err();
        assert!(why.starts_with("nothing failed: `cargo no-such-command` ended"), "{why}");
    }
}
