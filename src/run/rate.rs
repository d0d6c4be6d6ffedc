//! Token buckets that hold across runs: what is left in a bucket is kept in the store.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::Rate;
use crate::model::Timestamp;

/// A channel's allowance.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    per_second: f64,
    capacity: f64,
    tokens: f64,
    at: Timestamp,
}

/// How much of a second's allowance may go out at once: enough that a busy loop keeps up, too little to
/// break a provider's limit.
const BURST_SECONDS: f64 = 0.05;

impl Bucket {
    /// The bucket as an earlier run left it; full when none did.
    pub(super) fn new(rate: Rate, left: Option<(f64, Timestamp)>, now: Timestamp) -> Self {
        let per_second = f64::from(rate.count) / rate.per.as_secs_f64();
        let capacity = (per_second * BURST_SECONDS).max(1.0);
        let (tokens, at) = left.unwrap_or((capacity, now));
        // A clock that was set back must not stop the channel.
        let mut bucket = Self {
            per_second,
            capacity,
            tokens,
            at: at.min(now),
        };
        bucket.refill(now);
        bucket
    }

    fn refill(&mut self, now: Timestamp) {
        let elapsed = (now - self.at).to_std().unwrap_or_default();
        self.tokens = (self.tokens + elapsed.as_secs_f64() * self.per_second).min(self.capacity);
        self.at = self.at.max(now);
    }

    /// Takes a token, or says how long until there is one.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        self.refill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64(
            ((1.0 - self.tokens) / self.per_second).clamp(0.001, 86_400.0),
        ))
    }

    /// Whether there is a token.
    pub(super) fn has(&mut self, now: Timestamp) -> bool {
        self.refill(now);
        self.tokens >= 1.0
    }

    /// After this long nothing is left of what was taken.
    pub(super) fn time_to_fill(rate: Rate) -> TimeDelta {
        let full = Self::new(rate, None, Timestamp::UNIX_EPOCH);
        let millis = full.capacity / full.per_second * 1000.0;
        TimeDelta::milliseconds(millis.ceil() as i64) // saturates; rates are far from it
    }

    /// How many tokens it holds at most.
    pub(super) const fn burst(&self) -> usize {
        self.capacity as usize // cuts off the fraction
    }

    /// What is to be kept for the next run.
    pub(super) fn left(&self) -> (f64, Timestamp) {
        (self.tokens, self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::milliseconds(millis)
    }

    #[test]
    fn a_rate_holds_over_any_length_and_across_runs() {
        for (count, per, hertz) in [(1, 1, 1.0), (100, 10, 10.0), (80, 1, 80.0)] {
            let rate = Rate {
                count,
                per: Duration::from_secs(per),
            };
            let mut bucket = Bucket::new(rate, None, at(0));
            let mut taken = 0;
            for millis in 0..20_000 {
                if millis % 3_000 == 0 {
                    bucket = Bucket::new(rate, Some(bucket.left()), at(millis)); // the next run
                }
                taken += u32::from(bucket.take(at(millis)).is_ok());
            }
            let allowed = 20.0 * hertz;
            let slack = (hertz * BURST_SECONDS).max(1.0) + 1.0;
            assert!(
                (f64::from(taken) - allowed).abs() <= slack,
                "{count}/{per}s: {taken} of {allowed}"
            );
        }
    }

    #[test]
    fn waiting_as_long_as_told_is_enough_and_a_clock_set_back_stops_nothing() {
        let rate = Rate {
            count: 1,
            per: Duration::from_secs(60),
        };
        let mut bucket = Bucket::new(rate, Some((0.0, at(1_000_000_000))), at(0));
        let wait = bucket.take(at(0)).unwrap_err();
        assert!(
            bucket
                .take(at(0) + TimeDelta::from_std(wait).unwrap())
                .is_ok(),
            "{wait:?}"
        );
    }
}
