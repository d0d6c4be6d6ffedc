//! Where messages come from, and how fresh they are (rule D15).

use anyhow::Result;
use rusqlite::OptionalExtension;

use super::{Store, micros, time};
use crate::model::{SourceAge, Timestamp};

/// What is remembered of a file that was imported whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// Where it is.
    pub path: String,
    /// Its size, modification time and the settings that it was read with.
    pub fingerprint: String,
}

/// What an earlier import made of a file that has not changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBefore {
    /// How many of its rows could not be used.
    pub rejected: u64,
    /// The source is complete up to a later time than before.
    pub is_fresher: bool,
}

impl Store {
    /// The row of the source of this name, made when it is new.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn source(&self, name: &str) -> Result<i64> {
        let find = "SELECT id FROM sources WHERE name = ?1";
        let found = self
            .connection
            .prepare_cached(find)?
            .query_row([name], |row| row.get(0));
        if let Some(id) = found.optional()? {
            return Ok(id);
        }
        let sql = "INSERT INTO sources (name, as_of) VALUES (?1, 0) \
                   ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id";
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_row([name], |row| row.get(0))?)
    }

    /// What an earlier import made of the file, if it has not changed since. An unchanged file makes its source
    /// no older than `as_of`.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn taken_before(
        &self,
        file: &FileState,
        source: &str,
        as_of: Timestamp,
    ) -> Result<Option<TakenBefore>> {
        let sql = "SELECT rejected, s.id, as_of FROM files JOIN sources s ON s.id = source \
                   WHERE path = ?1 AND fingerprint = ?2 AND name = ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let known = statement.query_row((&file.path, &file.fingerprint, source), |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
            ))
        });
        let Some((rejected, id, before)) = known.optional()? else {
            return Ok(None);
        };
        let is_fresher = before < micros(as_of);
        if is_fresher {
            let sql = "UPDATE sources SET as_of = ?2 WHERE id = ?1";
            self.connection
                .prepare_cached(sql)?
                .execute((id, micros(as_of)))?;
        }
        Ok(Some(TakenBefore {
            rejected: rejected.cast_unsigned(),
            is_fresher,
        }))
    }

    /// Marks a source as cut off until [`Store::source_complete`]: what an import has stored so far may lack
    /// the replies that come later in the file.
    pub(super) fn source_incomplete(&self, source: i64) -> Result<()> {
        let sql = "UPDATE sources SET incomplete = 1 WHERE id = ?1 AND incomplete = 0";
        self.connection.prepare_cached(sql)?.execute([source])?;
        Ok(())
    }

    /// The source is complete up to `as_of`; `file` need not be read again while it is unchanged.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn source_complete(
        &self,
        source: i64,
        as_of: Timestamp,
        file: Option<(&FileState, u64)>,
    ) -> Result<()> {
        let sql = "UPDATE sources SET as_of = max(as_of, ?2), incomplete = 0 WHERE id = ?1";
        self.connection
            .prepare_cached(sql)?
            .execute((source, micros(as_of)))?;
        if let Some((file, rejected)) = file {
            let sql = "INSERT INTO files (path, source, fingerprint, rejected) VALUES (?1, ?2, ?3, ?4) \
                       ON CONFLICT (path) DO UPDATE SET source = excluded.source, \
                       fingerprint = excluded.fingerprint, rejected = excluded.rejected";
            self.connection.prepare_cached(sql)?.execute((
                &file.path,
                source,
                &file.fingerprint,
                rejected.cast_signed(),
            ))?;
        }
        Ok(())
    }

    /// Every source and its age.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sources(&self) -> Result<Vec<SourceAge>> {
        let sql = "SELECT id, name, as_of, incomplete FROM sources ORDER BY name";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            let as_of = if row.get(3)? {
                Timestamp::UNIX_EPOCH
            } else {
                time(row.get(2)?)
            };
            Ok(SourceAge {
                id: row.get(0)?,
                name: row.get(1)?,
                as_of,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
