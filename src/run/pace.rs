//! The pace of requests that are no messages: what workflows ask of platforms counts against the same limits.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use super::rate::Bucket;
use crate::config::{Config, Rate};
use crate::model::{Channel, Timestamp};
use crate::store::Store;

/// What has to wait longer is left to a later run.
const PATIENCE: Duration = Duration::from_secs(30);

/// The token buckets of channels, as the sending has left them.
pub(super) struct Pace<'a> {
    store: &'a Store,
    rates: BTreeMap<Channel, Rate>,
    buckets: BTreeMap<Channel, Bucket>,
}

impl<'a> Pace<'a> {
    pub(super) fn new(store: &'a Store, config: &Config) -> Self {
        Self {
            store,
            rates: config.rates(),
            buckets: BTreeMap::new(),
        }
    }

    /// Waits until so many requests may be made on `channel`; `false` when the first would take too long. What is
    /// begun is done: a rate that is too slow for its other requests does not hold it up for ever.
    pub(super) fn wait(
        &mut self,
        channel: Channel,
        requests: u32,
        clock: &dyn Fn() -> Timestamp,
    ) -> Result<bool> {
        let Some(rate) = self.rates.get(&channel) else {
            return Ok(true);
        };
        if !self.buckets.contains_key(&channel) {
            let left = self.store.rate(channel)?;
            self.buckets
                .insert(channel, Bucket::new(*rate, left, clock()));
        }
        let Some(bucket) = self.buckets.get_mut(&channel) else {
            return Ok(true);
        };
        for number in 0..requests {
            match bucket.take(clock()) {
                Ok(()) => {}
                Err(wait) if wait > PATIENCE && number == 0 => return Ok(false),
                Err(wait) if wait > PATIENCE => break,
                Err(wait) => {
                    std::thread::park_timeout(wait);
                    // Awake too early, or by a clock that stands still: once is enough of waiting.
                    let _ = bucket.take(clock());
                }
            }
        }
        Ok(true)
    }

    /// Inside [`Store::durably`]: leaves the buckets for the next run.
    pub(super) fn keep(&self) -> Result<()> {
        for (channel, bucket) in &self.buckets {
            let (tokens, at) = bucket.left();
            self.store.set_rate(*channel, tokens, at)?;
        }
        Ok(())
    }
}
