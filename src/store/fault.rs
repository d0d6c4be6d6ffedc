//! What a database meets with that a person can mend: in words, with an outcome.

use std::path::Path;

use super::Store;
use crate::error::{Failure, Outcome};

/// The same error, or, where the database met with what a person can mend, words and an outcome for it.
#[must_use]
pub fn explained(error: anyhow::Error) -> anyhow::Error {
    use rusqlite::ErrorCode::{DatabaseBusy, DiskFull, ReadOnly, SystemIoFailure};
    let code = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<rusqlite::Error>())
        .and_then(rusqlite::Error::sqlite_error_code);
    let (outcome, words) = match code {
        Some(DiskFull) => (Outcome::TryLater, "the disk is full; make room on it"),
        Some(DatabaseBusy) => (Outcome::TryLater, "another process has been writing to it"),
        Some(SystemIoFailure) => (Outcome::TryLater, "the disk fails, or is full"),
        Some(ReadOnly) => (Outcome::Permission, "check who owns it and its directory"),
        _ => return error,
    };
    Failure::new(
        outcome,
        format!("the database cannot be written, {words}: {error:#}"),
    )
    .into()
}

/// What to do about a database that the operating system does not open.
pub(super) fn unopenable(path: &Path) -> Failure {
    let shown = path.display();
    if path.is_dir() {
        let words =
            format!("{shown} is a folder; name a file in store.path, such as {shown}/followup.db");
        return Failure::new(Outcome::Config, words);
    }
    let words = format!(
        "{shown} cannot be opened by this user; run followup as the one who owns it, or check the permissions of it \
         and its folder"
    );
    Failure::new(Outcome::Permission, words)
}

impl Store {
    pub(super) fn refuse(&self, words: &str) -> anyhow::Error {
        Failure::new(
            Outcome::Permission,
            format!("{} {words}", self.path.display()),
        )
        .into()
    }

    pub(super) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        use rusqlite::ErrorCode::{CannotOpen, NotADatabase, ReadOnly};
        let code = error
            .downcast_ref::<rusqlite::Error>()
            .and_then(|e| e.sqlite_error_code());
        match code {
            Some(NotADatabase) => {
                self.refuse("is not a SQLite database; choose another store.path")
            }
            Some(ReadOnly | CannotOpen) => {
                self.refuse("cannot be written; check who owns it and its directory")
            }
            _ => error,
        }
    }
}
