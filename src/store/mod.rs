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
mod ingest;
mod listing;
mod lock;
mod numbers;
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
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Failure, Outcome};
use crate::model::Timestamp;

pub use actions::{ActionEnd, OpenAction};
pub use bookings::{BookingSource, BookingsTaken};
pub use claims::{Claim, Claimed, Ledger};
pub use cursors::SyncCursor;
pub use exported::MessageRow;
pub use ingest::{Ahead, Batch, BatchReader, Dnd, Doubts, Imported, Ingest, Page, Reading};
pub use listing::{Counts, FollowUpRow, HeldContact};
pub use lock::RunLock;
pub use outcomes::{Outcome as SendOutcome, Resolution};
pub use people::PersonId;
pub use readings::{Reading as ModelReading, Unread};
pub use review::DraftVerdict;
pub use snapshot::Moment;
pub use sources::{FileState, TakenBefore};
pub use threads::{ContactKey, Threads};
pub use unknowns::UnknownFollowUp;
pub use wake::{Derived, UNCONFIRMED};

/// How long a writer waits for another one.
const BUSY_PATIENCE: Duration = Duration::from_secs(30);
/// The level of `PRAGMA synchronous` at which a commit waits for the disk.
const FULL: i64 = 2;
/// How many prepared statements are kept.
const STATEMENTS: usize = 64;

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

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Made when it is missing; its schema is brought up to date.
    Write,
    /// Must exist; nothing is written.
    Read,
}

impl Store {
    /// Opens the database at `path`.
    ///
    /// # Errors
    /// [`Outcome::Permission`] for a file that is not ours, newer than this program, or a copy of another
    /// one; [`Outcome::NoInput`] when it is missing and `access` is [`Access::Read`].
    pub fn open(path: &Path, access: Access) -> Result<Self> {
        let is_there = path.try_exists().map_err(|_| unopenable(path))?;
        if !is_there {
            if access == Access::Read {
                let words = format!(
                    "there is no database at {} yet: import something first, with followup import FILE",
                    path.display()
                );
                return Err(Failure::new(Outcome::NoInput, words).into());
            }
            Self::create(path)?;
        }
        Self::attach(path)
    }

    /// Makes a whole database aside and puts it in its place at once: who comes at the same time finds none,
    /// or all of it.
    fn create(path: &Path) -> Result<()> {
        let failed = || format!("failed to create {}", path.display());
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        let aside = tempfile::Builder::new()
            .prefix(".followup-")
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .with_context(failed)?
            .into_temp_path();
        Self::attach(&aside)?;
        match aside.persist_noclobber(path) {
            Err(error) if error.error.kind() != ErrorKind::AlreadyExists => {
                Err(error.error).with_context(failed)
            }
            _ => Ok(()),
        }
    }

    fn attach(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = open_at(path, flags)?;
        set_up(&connection)?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
            prefix: String::new(),
            settled_at: Cell::new(None),
            numbering: OnceCell::new(),
        };
        store.prepare().map_err(|error| store.explain(error))?;
        let key = store.meta("hash_key")?.unwrap_or_default();
        store.prefix = format!("fu_{}_", key.get(..8).unwrap_or_default());
        Ok(store)
    }

    fn prepare(&self) -> Result<()> {
        self.connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -12288;",
        )?;
        let (application, version) = self.versions()?;
        if application != schema::APPLICATION_ID && (application, version) != (0, 0) {
            return Err(self.refuse("is not a followup database; choose another store.path"));
        }
        if (application, version) == (0, 0) {
            self.connection
                .execute_batch("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;")?;
        }
        if version > schema::VERSION {
            return Err(self.refuse("was written by a newer followup; upgrade this one"));
        }
        if version < schema::VERSION {
            self.migrate()?;
        }
        self.check_home()
    }

    fn versions(&self) -> Result<(i32, u32)> {
        let sql =
            "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version";
        Ok(self
            .connection
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    fn migrate(&self) -> Result<()> {
        let home = self.home();
        let key = random_hex()?;
        let transaction = self.immediate()?;
        // Read again: another process may have migrated in the meantime.
        let version: u32 =
            transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if version == 0 && tables > 0 {
            drop(transaction);
            return Err(self.refuse("is not a followup database; choose another store.path"));
        }
        for migration in schema::MIGRATIONS
            .iter()
            .skip(usize::try_from(version).unwrap_or(0))
        {
            transaction.execute_batch(migration)?;
        }
        if version == 0 {
            let insert = "INSERT INTO meta (key, value) VALUES (?1, ?2)";
            transaction.execute(insert, ("home", home))?;
            transaction.execute(insert, ("hash_key", key))?;
            transaction.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
        }
        transaction.pragma_update(None, "user_version", schema::VERSION)?;
        transaction.commit()?;
        Ok(())
    }

    /// Which file on which machine this is: a copy does not know what was sent since it was made.
    fn home(&self) -> String {
        let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
        format!("{}:{}", machine.trim(), inode(&self.path))
    }

    fn check_home(&self) -> Result<()> {
        if self.meta("home")?.as_deref() == Some(self.home().as_str()) {
            return Ok(());
        }
        Err(self.refuse(
            "is a copy: what was sent since it was copied is not in it, and would be sent again. \
             If the original is no longer used, make this one the original with: followup doctor --adopt",
        ))
    }

    /// Makes a copy the original.
    ///
    /// # Errors
    /// When the file is not one of ours, or cannot be written.
    pub fn adopt(path: &Path) -> Result<()> {
        let connection = open_at(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let store = Self {
            connection,
            path: path.to_owned(),
            prefix: String::new(),
            settled_at: Cell::new(None),
            numbering: OnceCell::new(),
        };
        if store.versions()?.0 != schema::APPLICATION_ID {
            return Err(store.refuse("is not a followup database"));
        }
        let sql = "UPDATE meta SET value = ?1 WHERE key = 'home'";
        store.connection.execute(sql, [store.home()])?;
        Ok(())
    }

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

    fn refuse(&self, words: &str) -> anyhow::Error {
        Failure::new(
            Outcome::Permission,
            format!("{} {words}", self.path.display()),
        )
        .into()
    }

    fn explain(&self, error: anyhow::Error) -> anyhow::Error {
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

fn open_at(path: &Path, flags: OpenFlags) -> Result<Connection> {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied};
    Connection::open_with_flags(path, flags).map_err(|error| match error.sqlite_error_code() {
        Some(CannotOpen | PermissionDenied) => unopenable(path).into(),
        _ => anyhow::Error::from(error).context(format!("failed to open {}", path.display())),
    })
}

/// What to do about a database that the operating system does not open.
fn unopenable(path: &Path) -> Failure {
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

fn set_up(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY_PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it, statements on tables with partial indexes are prepared anew for every other value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Makes an empty file that only its owner can read, from the first byte.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

#[cfg(unix)]
fn inode(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| std::os::unix::fs::MetadataExt::ino(&m))
}

#[cfg(not(unix))]
fn inode(_: &Path) -> u64 {
    0
}

fn random_hex() -> Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("failed to get random bytes: {e}"))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
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
