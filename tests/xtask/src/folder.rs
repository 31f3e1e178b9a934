//! The folder of a server of our own, which is gone when we are, however we end.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{Result, wait_for};

/// Waits for a word. If its input ends without one, we are gone, as after Ctrl-C: it ends the group
/// of processes whose number is in the folder, if there is one, and removes the folder. A
/// PostgreSQL server whose folder is gone ends by itself within a minute.
const HEIR: &str = "trap '' INT TERM HUP
    read -r word || for try in $(seq 90); do
        [ ! -s \"$0/group\" ] || kill -KILL \"-$(cat \"$0/group\")\"
        rm -rf \"$0\" && break; sleep 1
    done";
/// What was killed may still hold its files for a moment.
const REMOVAL: Duration = Duration::from_secs(10);
/// Lines that tell why a server did not start.
const LINES: usize = 5;

/// A folder, removed when dropped; the server in it was ended before.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// A shell that inherits it.
    heir: Child,
    kept: bool,
}

impl Folder {
    /// For a server of a kind that has a port.
    pub fn make(kind: &str, port: u16) -> Result<Self> {
        let name = format!("groundwork-{kind}-{}-{port}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)
            .map_err(|error| format!("can't make {}: {error}", path.display()))?;
        let heir = Command::new("sh")
            .args(["-c", HEIR])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("can't run sh: {error}"))?;
        Ok(Self { path, heir, kept: false })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it to whoever wants to look.
    pub fn keep(&mut self) {
        self.kept = true;
        self.dismiss();
    }

    /// The number of the group of processes that has to end with us; `None` when it has ended,
    /// since numbers are given again.
    pub fn leave_group(&self, group: Option<u32>) -> Result<()> {
        let text = group.map_or_else(String::new, |group| group.to_string());
        fs::write(self.path.join("group"), text)
            .map_err(|error| format!("can't write to {}: {error}", self.path.display()))
    }

    /// A file for what the server prints, behind what it printed before.
    pub fn output(&self) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).open(self.path.join("output"))
    }

    /// The end of what it printed, in one line.
    pub fn printed(&self) -> String {
        let text = fs::read_to_string(self.path.join("output")).unwrap_or_default();
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LINES)..].join(" | ")
    }

    /// Nothing is left to the heir; it may be gone already.
    fn dismiss(&mut self) {
        let Some(mut word) = self.heir.stdin.take() else { return };
        if word.write_all(b"\n").and_then(|()| self.heir.wait()).is_err() {
            eprintln!("the shell that would have removed {} is gone", self.path.display());
        }
    }

    /// As the system does when the owner ends, however it ends.
    #[cfg(test)]
    pub fn orphan(&mut self) {
        drop(self.heir.stdin.take());
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.dismiss();
        if self.kept {
            return;
        }
        let removed = wait_for(REMOVAL, || {
            (!self.path.exists() || fs::remove_dir_all(&self.path).is_ok()).then_some(())
        });
        if removed.is_none() {
            eprintln!("{} could not be removed", self.path.display());
        }
    }
}
