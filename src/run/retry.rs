//! When a message that was certainly not sent is tried again (rule X4).

use chrono::TimeDelta;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::Timestamp;

/// The waits after the first, second, … failed attempt, in seconds; after one more it is `failed`.
const WAITS: [u32; 5] = [30, 60, 300, 900, 3600];

/// When to try again after `attempts` failed ones, not before the provider's `after` seconds; `None` is never.
/// The wait is stretched by up to a quarter, by chance that is the same for the same follow-up.
pub(super) fn next_attempt(
    follow_up_id: &str,
    attempts: u32,
    after: Option<u32>,
    now: Timestamp,
) -> Option<Timestamp> {
    let wait = *WAITS.get(usize::try_from(attempts.checked_sub(1)?).ok()?)?;
    let chance = xxh3_64_with_seed(follow_up_id.as_bytes(), u64::from(attempts)) % 250;
    let millis = u64::from(wait) * (1000 + chance);
    let wait = TimeDelta::milliseconds(i64::try_from(millis).ok()?);
    Some(now + wait.max(TimeDelta::seconds(i64::from(after.unwrap_or(0)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x4_waits_grow_spread_and_end() {
        let now = Timestamp::UNIX_EPOCH;
        for (attempts, seconds) in [(1, 30), (2, 60), (3, 300), (4, 900), (5, 3600)] {
            let waits: Vec<i64> = (0..100)
                .map(|i| {
                    (next_attempt(&format!("fu_{i}"), attempts, None, now).unwrap() - now)
                        .num_milliseconds()
                })
                .collect();
            let (least, most) = (*waits.iter().min().unwrap(), *waits.iter().max().unwrap());
            assert!(
                least >= seconds * 1000 && most < seconds * 1250,
                "{attempts}: {least}..{most}"
            );
            assert!(most - least > seconds * 125, "{attempts}: not spread");
        }
        assert_eq!(next_attempt("fu_1", 6, None, now), None);
    }

    #[test]
    fn x4_never_before_retry_after() {
        let now = Timestamp::UNIX_EPOCH;
        let at = next_attempt("fu_1", 1, Some(7200), now).unwrap();
        assert_eq!((at - now).num_seconds(), 7200);
    }
}
