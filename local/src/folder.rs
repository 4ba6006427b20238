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
            Ok(()) => Ok(Self { path: path.into(), _lock: lock }),
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
}
