use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::Run;
use super::super::rate::Bucket;
use super::lane::MOST_AHEAD;
use crate::model::Channel;

/// How many texts lie ready for each channel, beyond what may be claimed.
const SPARE: usize = 64;

/// How many steps may be on their way to each channel, from before the text is written to the outcome.
pub(super) struct Slots {
    free: Vec<Arc<AtomicUsize>>,
    most: usize,
}

/// A place among these, free again when it is dropped.
pub(super) struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl Slots {
    pub(super) fn of(run: &Run<'_>) -> Self {
        let now = (run.clock)();
        let free = Channel::ALL.iter().map(|channel| {
            let rate = run.rates.get(channel);
            let burst = rate.map(|rate| Bucket::new(*rate, None, now).burst());
            let ahead = burst.map_or(MOST_AHEAD + SPARE, |burst| {
                burst.min(MOST_AHEAD) + burst.min(SPARE)
            });
            Arc::new(AtomicUsize::new(run.concurrency + ahead))
        });
        Self {
            free: free.collect(),
            most: run.concurrency + MOST_AHEAD + SPARE,
        }
    }

    /// A slot of the channel, if one is free.
    pub(super) fn take(&self, channel: Channel) -> Option<Slot> {
        let free = &self.free[channel as usize];
        let less = |n: usize| n.checked_sub(1);
        free.fetch_update(Ordering::AcqRel, Ordering::Acquire, less)
            .ok()?;
        Some(Slot(Arc::clone(free)))
    }

    /// How many are free now.
    pub(super) fn free(&self, channel: Channel) -> usize {
        self.free[channel as usize].load(Ordering::Acquire)
    }

    /// How many a channel without a rate has.
    pub(super) const fn most(&self) -> usize {
        self.most
    }
}
