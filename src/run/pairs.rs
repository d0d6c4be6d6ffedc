//! How often one address may be written to on a channel, whichever contact it is given by: token buckets that hold
//! across runs.

use std::collections::HashMap;

use anyhow::Result;

use super::rate::Bucket;
use crate::config::Rate;
use crate::model::{Channel, Timestamp};
use crate::store::Store;

/// The buckets of a channel's addresses, read from the store when first asked for.
pub(super) struct Pairs {
    channel: Channel,
    rate: Rate,
    buckets: HashMap<String, Bucket>,
}

impl Pairs {
    /// Inside [`Store::durably`]: forgets the buckets that are full again.
    pub(super) fn new(store: &Store, channel: Channel, rate: Rate, now: Timestamp) -> Result<Self> {
        store.forget_address_rates(channel, now - Bucket::time_to_fill(rate))?;
        Ok(Self {
            channel,
            rate,
            buckets: HashMap::new(),
        })
    }

    /// Whether a message may go to this address now.
    pub(super) fn may(&mut self, store: &Store, address: &str, now: Timestamp) -> Result<bool> {
        if !self.buckets.contains_key(address) {
            let left = store.address_rate(self.channel, address)?;
            let bucket = Bucket::new(self.rate, left, now);
            self.buckets.insert(address.to_owned(), bucket);
        }
        let bucket = self.buckets.get_mut(address);
        Ok(bucket.is_none_or(|bucket| bucket.has(now)))
    }

    /// Inside [`Store::durably`]: a message goes to this address.
    pub(super) fn take(&mut self, store: &Store, address: &str, now: Timestamp) -> Result<()> {
        if let Some(bucket) = self.buckets.get_mut(address)
            && bucket.take(now).is_ok()
        {
            let (tokens, at) = bucket.left();
            store.set_address_rate(self.channel, address, tokens, at)?;
        }
        Ok(())
    }
}
