//! The folder of the embedded stores.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    path::Path,
};

use crate::cli::Stop;

/// Makes the folder if it is missing, for this user of the machine alone.
///
/// # Errors
/// A sentence that names the folder, if it can't be made or written.
pub fn prepare(folder: &Path) -> Result<(), Stop> {
    let mut made = DirBuilder::new();
    // What is in it is about people, and for nobody else on the machine.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut made, 0o700);
    made.recursive(true).create(folder).map_err(|error| failed(folder, &error))?;
    open_lock(folder).map(drop)
}

/// Holds the folder for one host, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the folder.
    ///
    /// # Errors
    /// A sentence, if another host holds it or it can't be written.
    pub fn take(folder: &Path) -> Result<Self, Stop> {
        prepare(folder)?;
        let file = open_lock(folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Stop(format!(
                "Another groundwork process already serves the data folder {}.",
                folder.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(folder, &error)),
        }
    }
}

/// The turn to change the schemas of a folder: SQLite's own locks don't keep two processes from
/// running the same migration.
#[derive(Debug)]
pub struct SchemaTurn {
    _file: File,
}

impl SchemaTurn {
    /// Waits until no other process has the turn; it has it for as long as its migrations take.
    ///
    /// # Errors
    /// A sentence, if the folder can't be used.
    pub async fn take(folder: &Path) -> Result<Self, Stop> {
        let folder = folder.to_owned();
        let waiting = tokio::task::spawn_blocking(move || {
            let file = open(&folder, "schema.lock")?;
            file.lock().map_err(|error| failed(&folder, &error))?;
            Ok(Self { _file: file })
        });
        waiting.await.map_err(|error| Stop::because("The data folder can't be used", error))?
    }
}

fn open_lock(folder: &Path) -> Result<File, Stop> {
    open(folder, "lock")
}

fn open(folder: &Path, name: &str) -> Result<File, Stop> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(name))
        .map_err(|error| failed(folder, &error))
}

fn failed(folder: &Path, error: &std::io::Error) -> Stop {
    Stop::because(&format!("The data folder {} can't be used", folder.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_at_a_time_holds_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let first = DataLock::take(&folder).unwrap();
        let refusal = DataLock::take(&folder).unwrap_err().to_string();
        assert!(refusal.contains("already serves") && !refusal.contains('\n'), "{refusal}");
        prepare(&folder).unwrap();
        drop(first);
        DataLock::take(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refusal = DataLock::take(&file.join("data")).unwrap_err().to_string();
        assert!(refusal.contains("file/data"), "{refusal}");
    }
}
