use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

/// One `run` at a time per database (rule X3): a lock that the kernel frees when the process dies.
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock beside the database, which exists; `None` when another run holds it. By whichever link
    /// the database is reached, its lock is the same.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub fn take(database: &Path) -> Result<Option<Self>> {
        let database = database
            .canonicalize()
            .with_context(|| format!("failed to find {}", database.display()))?;
        let mut path = database.into_os_string();
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
