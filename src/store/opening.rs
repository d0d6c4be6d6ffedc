//! Opens a database: makes a new one, brings an old one up to date, and refuses one that is not ours, or a copy.

use std::cell::{Cell, OnceCell};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::unopenable;
use super::{Store, schema};
use crate::error::{Failure, Outcome};

/// How long a writer waits for another one.
pub(super) const BUSY_PATIENCE: Duration = Duration::from_secs(30);
/// How many prepared statements are kept.
const STATEMENTS: usize = 64;

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
}

fn open_at(path: &Path, flags: OpenFlags) -> Result<Connection> {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied};
    Connection::open_with_flags(path, flags).map_err(|error| match error.sqlite_error_code() {
        Some(CannotOpen | PermissionDenied) => unopenable(path).into(),
        _ => anyhow::Error::from(error).context(format!("failed to open {}", path.display())),
    })
}

pub(super) fn set_up(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY_PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it, statements on tables with partial indexes are prepared anew for every other value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
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
