//! Reading beside the writer, and telling whether anybody else has written.

use std::cell::{Cell, OnceCell};

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags, Transaction};

use super::opening::set_up;
use super::{Store, Threads};

/// The database as it is at one moment, whatever is written meanwhile, for as long as this lives.
pub struct Moment<'s> {
    /// Reads the threads of that moment.
    pub threads: Threads<'s>,
    _snapshot: Transaction<'s>,
}

impl Store {
    /// The same database once more, for another thread that only reads.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn reader(&self) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)
            .with_context(|| format!("failed to open {} again", self.path.display()))?;
        set_up(&connection)?;
        connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cache_size = -4096;")?;
        Ok(Self {
            connection,
            path: self.path.clone(),
            prefix: self.prefix.clone(),
            settled_at: Cell::new(None),
            numbering: OnceCell::new(),
        })
    }

    /// Runs `read` on the database as it is at one moment, whatever is written meanwhile.
    ///
    /// # Errors
    /// Those of `read`, and when the database cannot be read.
    pub fn at_one_moment<T>(&self, read: impl FnOnce() -> Result<T>) -> Result<T> {
        let _snapshot = self.connection.unchecked_transaction()?;
        read()
    }

    /// The database as it is now, to be kept for a while.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn moment(&self) -> Result<Moment<'_>> {
        let snapshot = self.connection.unchecked_transaction()?;
        Ok(Moment {
            threads: self.threads()?,
            _snapshot: snapshot,
        })
    }

    /// A number that is another one after anybody else, in this process or not, has written: what was read since
    /// it was last looked at is then no longer the newest. What this store writes itself leaves it as it is.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn foreign_writes(&self) -> Result<i64> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}
