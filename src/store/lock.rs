use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

/// One `run` at a time per database (rule X3): a lock that the kernel frees when the process dies.
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock beside the database; `None` when another run holds it.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub fn take(database: &Path) -> Result<Option<Self>> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&path)
            .with_context(|| format!("failed to open {}", Path::new(&path).display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).context("failed to lock the database"),
        }
    }
}
