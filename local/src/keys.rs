//! Keys that a developer's machine keeps: never those of a deployment.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;

use crate::LocalError;

/// Length of each key, in bytes.
const KEY_BYTES: usize = 32;

/// A new random key.
///
/// # Errors
/// When the system has no random numbers.
pub fn random() -> Result<[u8; KEY_BYTES], LocalError> {
    let mut key = [0; KEY_BYTES];
    rand::fill(&mut key).map_err(|_| LocalError::new("the system has no random numbers"))?;
    Ok(key)
}

/// Reads the key in a file, and makes the file with a new key if it does not exist. Only its owner may read it.
///
/// # Errors
/// When the file cannot be read or made, or holds something else.
pub fn kept_in(path: &Path) -> Result<[u8; KEY_BYTES], LocalError> {
    let said = path.display().to_string();
    if !path.exists() {
        make(path).map_err(LocalError::of(&said))?;
    }
    let bytes = fs::read(path).map_err(LocalError::of(&said))?;
    bytes.try_into().map_err(|_| LocalError::new(format!("{said} is not a key of {KEY_BYTES} bytes")))
}

/// Makes a file with a new key, unless somebody else does so first. It is there as a whole or not at all.
fn make(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(&random().map_err(std::io::Error::other)?)?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder that only its owner may enter, unless it exists.
///
/// # Errors
/// The file system's.
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Where a server says what time it is for it, so that `cargo run -- token` mints what it accepts.
#[must_use]
pub fn clock_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/postern/clock")
}

/// Where the generated secret for tokens is kept, so that `cargo run -- token` signs what a running server accepts.
#[must_use]
pub fn jwt_secret_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/postern/jwt-secret")
}
