//! How far the sources that are asked by an API have been read.

use anyhow::Result;
use rusqlite::OptionalExtension;

use super::Store;

/// Where an API's source goes on. Stored in the same transaction as the messages before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncCursor<'a> {
    /// The account that it belongs to.
    pub account: &'a str,
    /// The API's own text.
    pub cursor: &'a str,
}

impl Store {
    /// Where a source goes on; `None` when it has never been read from this account.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cursor(&self, source: i64, account: &str) -> Result<Option<String>> {
        let sql = "SELECT cursor FROM cursors WHERE source = ?1 AND account = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row((source, account), |row| row.get(0));
        Ok(found.optional()?)
    }

    /// The same for the source of this name, which may be new.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cursor_of(&self, name: &str, account: &str) -> Result<Option<String>> {
        let sql = "SELECT cursor FROM cursors JOIN sources s ON s.id = source WHERE s.name = ?1 AND account = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row((name, account), |row| row.get(0));
        Ok(found.optional()?)
    }

    /// Inside [`Store::durably`]: keeps where a source goes on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_cursor(&self, source: i64, cursor: SyncCursor<'_>) -> Result<()> {
        let sql = "INSERT INTO cursors (source, account, cursor) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (source) DO UPDATE SET account = excluded.account, cursor = excluded.cursor";
        let values = (source, cursor.account, cursor.cursor);
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}
