//! Token buckets: rate limits that hold across runs.

use anyhow::Result;
use rusqlite::OptionalExtension;

use super::{Store, micros};
use crate::model::{Channel, Timestamp};

impl Store {
    /// The channel's token bucket as it was left: tokens, and when.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rate(&self, channel: Channel) -> Result<Option<(f64, Timestamp)>> {
        let sql = "SELECT tokens, at FROM rates WHERE channel = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([channel.as_str()], |row| {
            Ok((row.get(0)?, super::time(row.get(1)?)))
        });
        Ok(found.optional()?)
    }

    /// Inside [`Store::durably`]: leaves the channel's token bucket for the next run.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_rate(&self, channel: Channel, tokens: f64, at: Timestamp) -> Result<()> {
        let sql = "INSERT INTO rates (channel, tokens, at) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (channel) DO UPDATE SET tokens = excluded.tokens, at = excluded.at";
        self.connection
            .prepare_cached(sql)?
            .execute((channel.as_str(), tokens, micros(at)))?;
        Ok(())
    }

    /// The token bucket of one address on a channel, as the last message to it left it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn address_rate(
        &self,
        channel: Channel,
        address: &str,
    ) -> Result<Option<(f64, Timestamp)>> {
        let sql = "SELECT tokens, at FROM address_rates WHERE channel = ?1 AND address = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row((channel.as_str(), address), |row| {
            Ok((row.get(0)?, super::time(row.get(1)?)))
        });
        Ok(found.optional()?)
    }

    /// Inside [`Store::durably`]: leaves an address's token bucket for the next message to it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_address_rate(
        &self,
        channel: Channel,
        address: &str,
        tokens: f64,
        at: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO address_rates (channel, address, tokens, at) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (channel, address) DO UPDATE SET tokens = excluded.tokens, at = excluded.at";
        let values = (channel.as_str(), address, tokens, micros(at));
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Inside [`Store::durably`]: drops the buckets of a channel's addresses that were last used before `before`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget_address_rates(&self, channel: Channel, before: Timestamp) -> Result<()> {
        let sql = "DELETE FROM address_rates WHERE channel = ?1 AND at < ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute((channel.as_str(), micros(before)))?;
        Ok(())
    }
}
