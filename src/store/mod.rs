//! All SQL. Facts, the log of follow-ups, and one derived index, in one SQLite file.
//!
//! Who may do what:
//! - Every writing transaction is `IMMEDIATE` (a deferred one that reads and then writes fails at once when
//!   another process writes) and none is open across a request.
//! - `synchronous=FULL`: a commit has reached the disk when it returns. Rule X1 rests on it. Only the batches of an
//!   import before its last one wait for that one's commit.
//! - One `run` at a time, by [`RunLock`]; imports and operator's words may come in between its transactions.
//! - `contacts.wake_at = 0` means "not yet derived": whoever stores a fact sets it in the same transaction,
//!   and [`Store::settle`] derives it. A crash in between costs time, never a decision.

mod abreast;
mod actions;
mod bookings;
mod claims;
mod cursors;
mod drafts;
mod erasure;
mod exported;
mod fault;
mod held_back;
mod ingest;
mod listing;
mod lock;
mod numbers;
mod opening;
mod operator;
mod outcomes;
mod people;
mod rates;
mod readings;
mod relaxed;
mod restore;
mod review;
mod rows;
mod schema;
mod snapshot;
mod sources;
mod threads;
mod unknowns;
mod wake;

use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::model::Timestamp;

pub use actions::{ActionEnd, OpenAction};
pub use bookings::{BookingIds, BookingSource, BookingsTaken};
pub use claims::{Claim, Claimed, Ledger};
pub use cursors::SyncCursor;
pub use exported::MessageRow;
pub use fault::explained;
pub use ingest::{
    Ahead, Batch, BatchReader, Dnd, Doubts, Imported, Ingest, Namesake, Page, Reading,
};
pub use listing::{Counts, FollowUpRow, HeldContact};
pub use lock::RunLock;
pub use opening::Access;
pub use outcomes::{Outcome as SendOutcome, Resolution};
pub use people::PersonId;
pub use readings::{Reading as ModelReading, Unread};
pub use review::DraftVerdict;
pub use snapshot::Moment;
pub use sources::{FileState, TakenBefore};
pub use threads::{ContactKey, Threads};
pub use unknowns::UnknownFollowUp;
pub use wake::{Derived, UNCONFIRMED};

/// The level of `PRAGMA synchronous` at which a commit waits for the disk.
const FULL: i64 = 2;

/// An open database.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// What the ids of follow-ups begin with: `fu_` and a part of the store's key, so that two stores never
    /// give a provider the same id.
    prefix: String,
    /// The latest time for which something was derived, once it is known.
    settled_at: Cell<Option<i64>>,
    /// How numbers without a country are read, once that is known.
    numbering: OnceCell<Option<numbers::Numbering>>,
}

impl Store {
    /// Copies the database, consistent, into a new private file.
    ///
    /// # Errors
    /// When `to` exists or cannot be written.
    pub fn backup(&self, to: &Path) -> Result<()> {
        create_private(to).with_context(|| format!("failed to create {}", to.display()))?;
        let mut copy = Connection::open(to)?;
        let backup = rusqlite::backup::Backup::new(&self.connection, &mut copy)?;
        backup.run_to_completion(4096, Duration::ZERO, None)?;
        drop(backup);
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        Ok(())
    }

    /// SQLite's own verdict on the file; empty when it is sound.
    ///
    /// # Errors
    /// When the check cannot run.
    pub fn integrity_problems(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA quick_check(20)")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        Ok(rows
            .collect::<rusqlite::Result<Vec<_>>>()?
            .into_iter()
            .filter(|r| r != "ok")
            .collect())
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The version of SQLite.
    #[must_use]
    pub fn sqlite_version() -> &'static str {
        rusqlite::version()
    }

    /// The version of the schema.
    #[must_use]
    pub const fn schema_version() -> u32 {
        schema::VERSION
    }

    fn meta(&self, key: &str) -> Result<Option<String>> {
        use rusqlite::OptionalExtension;
        let mut statement = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) \
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.connection.execute(sql, (key, value))?;
        Ok(())
    }

    /// Makes sure that a commit has reached the disk when it returns (rule X1).
    ///
    /// # Errors
    /// When that cannot be had.
    pub fn insist_on_durability(&self) -> Result<()> {
        let sql = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;";
        self.connection.execute_batch(sql)?;
        let level: i64 = self
            .connection
            .pragma_query_value(None, "synchronous", |row| row.get(0))?;
        anyhow::ensure!(level == FULL, "commits would not wait for the disk");
        Ok(())
    }

    /// Opens a writing transaction that waits its turn.
    fn immediate(&self) -> Result<Transaction<'_>> {
        Ok(Transaction::new_unchecked(
            &self.connection,
            TransactionBehavior::Immediate,
        )?)
    }
}

/// Makes an empty file that only its owner can read, from the first byte.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// How times are stored.
fn micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

/// A stored time; one out of range is the nearest that there is.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN_UTC
    } else {
        Timestamp::MAX_UTC
    })
}
