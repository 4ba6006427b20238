//! The folder of `--data`, which one server has at a time.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::{LocalError, keys};

/// A folder that no other server has. It is given back when the process ends, however it ends.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Opens a folder for one server, and makes it if it does not exist.
    ///
    /// # Errors
    /// When another server has it, or it cannot be used.
    pub fn take(path: &Path) -> Result<Self, LocalError> {
        keys::private_folder(path).map_err(LocalError::of(path.display()))?;
        let file = path.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&file);
        let lock = lock.map_err(LocalError::of(file.display()))?;
        match lock.try_lock() {
            Ok(()) => {
                require_whole(path)?;
                Ok(Self { path: path.into(), _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(LocalError::new(format!(
                "Another server uses the folder {}. Stop it, or choose another folder with --data DIR",
                path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(LocalError::of(file.display())(error)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The table.
pub const TABLE_FILE: &str = "dynamodb.sqlite";
/// The local KMS key, which opens the credentials in the table.
pub const KEY_FILE: &str = "kms.key";
/// The rules of the simulated cloud.
pub const CLOUD_FILE: &str = "cloud.json";
/// How far the time of the folder has come.
pub const CLOCK_FILE: &str = "clock";

/// Refuses a folder of which a file is missing. A server would make the file anew, and then hold a table whose credentials nothing opens,
/// rules of which the cloud knows nothing, or a time that went back.
fn require_whole(folder: &Path) -> Result<(), LocalError> {
    let is_there = |name: &&str| fs::metadata(folder.join(name)).is_ok_and(|file| file.len() > 0);
    let (there, missing): (Vec<_>, Vec<_>) =
        [TABLE_FILE, KEY_FILE, CLOUD_FILE, CLOCK_FILE].iter().copied().partition(is_there);
    // Version 0.1 kept neither the cloud nor the time.
    let is_of_an_earlier_version = missing == [CLOUD_FILE, CLOCK_FILE];
    if there.is_empty() || missing.is_empty() || is_of_an_earlier_version {
        return Ok(());
    }
    Err(LocalError::new(format!(
        "The folder {} lacks {}, which belongs to the rest of it. Put the file back, or choose another folder with --data DIR",
        folder.display(),
        missing.join(" and ")
    )))
}

/// Writes a file as a whole: a reader sees the former text or the new one.
///
/// # Errors
/// The file system's.
pub fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let draft = file.with_extension("draft");
    let mut written = File::create(&draft)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    fs::rename(&draft, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_has_a_folder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let first = DataFolder::take(&path).unwrap();
        let refused = DataFolder::take(&path).unwrap_err().to_string();
        assert!(
            refused.starts_with("Another server uses the folder") && refused.contains("--data DIR"),
            "{refused}"
        );
        drop(first);
        assert_eq!(DataFolder::take(&path).unwrap().path(), path);
    }

    #[test]
    fn a_folder_that_lost_a_file_is_refused() {
        let all = [TABLE_FILE, KEY_FILE, CLOUD_FILE, CLOCK_FILE];
        for lost in 0..1 << all.len() {
            let folder = tempfile::tempdir().unwrap();
            let kept = |place: usize| lost >> place & 1 == 0;
            for (place, name) in all.iter().enumerate() {
                fs::write(folder.path().join(name), if kept(place) { "x" } else { "" }).unwrap();
            }
            let missing: Vec<_> =
                (0..all.len()).filter(|place| !kept(*place)).map(|place| all[place]).collect();
            let taken = DataFolder::take(folder.path());
            if missing.is_empty() || missing.len() == all.len() || missing == [CLOUD_FILE, CLOCK_FILE] {
                assert!(taken.is_ok(), "{missing:?}");
            } else {
                let said = taken.unwrap_err().to_string();
                assert!(said.contains(&format!("lacks {}", missing.join(" and "))), "{said}");
            }
        }
    }
}
