//! Who tidies up behind a server of our own, however we end.

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::Result;

/// Waits for a word. If its input ends without one, we are gone, as after Ctrl-C: it ends the group
/// of processes whose number is in the folder, if there is one, and removes the folder. A
/// PostgreSQL server whose folder is gone ends by itself within a minute.
const HEIR: &str = "trap '' INT TERM HUP
    read -r word || for try in $(seq 90); do
        [ ! -s \"$0/group\" ] || kill -KILL \"-$(cat \"$0/group\")\"
        rm -rf \"$0\" && break; sleep 1
    done";

/// A shell that inherits a folder.
#[derive(Debug)]
pub(crate) struct Heir(Child);

impl Heir {
    /// Of a folder, which may hold a file `group` with the number of a group of processes.
    pub fn of(folder: &Path) -> Result<Self> {
        Command::new("sh")
            .args(["-c", HEIR])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
            .map_err(|error| format!("can't run sh: {error}"))
    }

    /// Nothing is left to the heir; it may be gone already.
    pub fn dismiss(&mut self, folder: &Path) {
        let Some(mut word) = self.0.stdin.take() else { return };
        if word.write_all(b"\n").and_then(|()| self.0.wait()).is_err() {
            eprintln!("the shell that would have removed {} is gone", folder.display());
        }
    }

    /// As the system does when the owner ends, however it ends.
    #[cfg(test)]
    pub fn orphan(&mut self) {
        drop(self.0.stdin.take());
    }
}
