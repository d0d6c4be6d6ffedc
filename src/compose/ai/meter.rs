//! What models have used, held against what they may use.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::{Allowance, Budget};
use crate::model::Usage;

/// Counts what models use. A request is counted before it is made, by an estimate, so that requests in flight
/// together do not overdraw.
#[derive(Debug)]
pub(super) struct Meter {
    budget: Budget,
    /// What was used today before this run.
    before: Usage,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    used: Usage,
    reserved: Usage,
    spent: Option<String>,
}

impl Meter {
    pub(super) fn new(budget: Budget, before: Usage) -> Self {
        Self {
            budget,
            before,
            counts: Mutex::default(),
        }
    }

    /// Sets aside what a request may use; in words, which limit that would pass.
    pub(super) fn reserve(&self, estimate: &Usage) -> Result<(), String> {
        let mut counts = self.counts();
        let mut run = counts.used;
        run += counts.reserved;
        run += *estimate;
        let mut day = self.before;
        day += run;
        type Amount = fn(&Usage) -> u64;
        let limits: [(&str, Allowance, Amount); 3] = [
            ("max_calls", self.budget.calls, |u| u.calls),
            ("max_tokens", self.budget.tokens, Usage::tokens),
            ("max_cost", self.budget.cost, |u| u.cost),
        ];
        for (key, allowance, amount) in limits {
            for (limit, used, per) in [
                (allowance.per_run, &run, "run"),
                (allowance.per_day, &day, "day"),
            ] {
                if limit.is_some_and(|limit| amount(used) > limit) {
                    let words = format!("ai.{key} of this {per} is used up");
                    counts.spent = Some(words.clone());
                    return Err(words);
                }
            }
        }
        counts.reserved += *estimate;
        Ok(())
    }

    /// Counts what a request used, in place of its estimate.
    pub(super) fn settle(&self, estimate: &Usage, used: &Usage) {
        let mut counts = self.counts();
        let reserved = &mut counts.reserved;
        reserved.calls -= estimate.calls;
        reserved.input_tokens -= estimate.input_tokens;
        reserved.output_tokens -= estimate.output_tokens;
        reserved.cost -= estimate.cost;
        counts.used += *used;
    }

    /// What this run has used.
    pub(super) fn used(&self) -> Usage {
        self.counts().used
    }

    /// Which limit kept a request from being made.
    pub(super) fn spent(&self) -> Option<String> {
        self.counts().spent.clone()
    }

    /// Notes that there is no time left.
    pub(super) fn out_of_time(&self) -> String {
        let words = "ai.max_time of this run is used up".to_owned();
        self.counts().spent = Some(words.clone());
        words
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(tokens: u64, cost: u64) -> Usage {
        Usage {
            calls: 1,
            input_tokens: tokens,
            cost,
            ..Usage::default()
        }
    }

    fn meter(budget: Budget, before: Usage) -> Meter {
        Meter::new(budget, before)
    }

    #[test]
    fn a_limit_holds_for_requests_in_flight_too() {
        let calls = Allowance {
            per_run: Some(2),
            per_day: None,
        };
        let budget = Budget {
            calls,
            ..Budget::default()
        };
        let meter = meter(budget, call(0, 0));
        let one = call(10, 0);
        assert_eq!(meter.reserve(&one), Ok(()));
        assert_eq!(meter.reserve(&one), Ok(()));
        assert!(
            meter
                .reserve(&one)
                .unwrap_err()
                .contains("max_calls of this run")
        );
        meter.settle(&one, &call(7, 0));
        assert!(meter.reserve(&one).is_err());
        assert_eq!(meter.used(), call(7, 0));
        assert!(meter.spent().is_some());
    }

    #[test]
    fn a_day_counts_what_was_used_before() {
        let per_day = |limit| Allowance {
            per_run: None,
            per_day: Some(limit),
        };
        let budget = Budget {
            tokens: per_day(100),
            cost: per_day(1000),
            ..Budget::default()
        };
        let estimate = call(30, 300);
        assert!(
            meter(budget, call(71, 0))
                .reserve(&estimate)
                .unwrap_err()
                .contains("max_tokens of this day")
        );
        assert!(
            meter(budget, call(0, 701))
                .reserve(&estimate)
                .unwrap_err()
                .contains("max_cost")
        );
        let meter = meter(budget, call(70, 700));
        assert_eq!(meter.reserve(&estimate), Ok(()));
        meter.settle(&estimate, &call(1, 1));
        assert!(meter.reserve(&estimate).is_err());
    }
}
