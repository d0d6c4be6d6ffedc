//! What the dashboard counts: which steps are answered, and at which hours contacts write.

use std::collections::BTreeMap;

use chrono::{Datelike, TimeDelta, Timelike};
use serde::Serialize;

use crate::model::{Author, Scenario, SignalKind, Thread, Timestamp};
use crate::report::scenario_words;
use crate::zone::Zone;

/// How long after a follow-up a message counts as its answer.
const ANSWER: TimeDelta = TimeDelta::hours(24);

/// For each step, how many went out and what came back within a day, before the next one.
#[derive(Debug, Default)]
pub(super) struct Funnel(BTreeMap<(Scenario, u32), Counts>);

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    sent: u32,
    replied: u32,
    booked: u32,
    opted_out: u32,
}

/// A step's line.
#[derive(Debug, Serialize)]
pub(super) struct FunnelRow {
    scenario: &'static str,
    step: u32,
    sent: u32,
    replied: u32,
    /// The replied share in percent, and the bounds of its 95 % interval.
    share: u32,
    from: u32,
    to: u32,
    booked: u32,
    opted_out: u32,
}

impl Funnel {
    pub(super) fn add(&mut self, thread: &Thread) {
        let mut sent: Vec<_> = thread
            .follow_ups
            .iter()
            .filter(|f| f.counts_as_sent())
            .collect();
        sent.sort_by_key(|f| f.went_out_at());
        for (n, follow_up) in sent.iter().enumerate() {
            let at = follow_up.went_out_at();
            let next = sent.get(n + 1).map_or(at + ANSWER, |f| f.went_out_at());
            let until = next.min(at + ANSWER);
            let counts = self.0.entry((follow_up.scenario, follow_up.step));
            let counts = counts.or_default();
            counts.sent += 1;
            let answers = || {
                let messages = thread.messages.iter();
                messages.filter(move |m| {
                    m.author == Author::Contact
                        && !m.automatic
                        && m.sent_at >= at
                        && m.sent_at <= until
                })
            };
            let any = |kind| {
                let said = |m: &crate::model::Message| {
                    m.signal.as_ref().is_some_and(|signal| signal.kind == kind)
                };
                u32::from(answers().any(said))
            };
            counts.replied += u32::from(answers().next().is_some());
            counts.booked += any(SignalKind::Booked);
            counts.opted_out += any(SignalKind::OptOut);
        }
    }

    pub(super) fn rows(&self) -> Vec<FunnelRow> {
        let row = |((scenario, step), counts): (&(Scenario, u32), &Counts)| {
            let (from, to) = wilson(counts.replied, counts.sent);
            FunnelRow {
                scenario: scenario_words(*scenario),
                step: *step,
                sent: counts.sent,
                replied: counts.replied,
                share: percent(f64::from(counts.replied) / f64::from(counts.sent.max(1))),
                from: percent(from),
                to: percent(to),
                booked: counts.booked,
                opted_out: counts.opted_out,
            }
        };
        self.0.iter().map(row).collect()
    }
}

/// The 95 % Wilson score interval of a share: honest also for few.
fn wilson(hits: u32, of: u32) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (z, n) = (1.96_f64, f64::from(of));
    let p = f64::from(hits) / n;
    let middle = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (
        ((middle - spread) / scale).clamp(0.0, 1.0),
        ((middle + spread) / scale).clamp(0.0, 1.0),
    )
}

fn percent(share: f64) -> u32 {
    (share * 100.0).round() as u32
}

/// How many messages came on each day of the week in each hour, on the contacts' clocks.
#[derive(Debug, Default)]
pub(super) struct HeatMap([[u32; 24]; 7]);

/// A day's line.
#[derive(Debug, Serialize)]
pub(super) struct HeatRow {
    day: &'static str,
    hours: Vec<HeatCell>,
}

/// An hour.
#[derive(Debug, Serialize)]
pub(super) struct HeatCell {
    count: u32,
    /// From 0 to 100, of the busiest hour.
    strength: u32,
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl HeatMap {
    pub(super) fn add(&mut self, thread: &Thread, bot: &Zone, now: Timestamp) {
        let zone = thread.contact.timezone.as_deref().and_then(Zone::named);
        let zone = zone.as_ref().unwrap_or(bot);
        let inbound = thread
            .messages
            .iter()
            .filter(|m| m.author == Author::Contact && !m.automatic && m.sent_at <= now);
        for message in inbound {
            let local = zone.local(message.sent_at);
            let day = local.weekday().num_days_from_monday() as usize;
            self.0[day][local.hour() as usize] += 1;
        }
    }

    pub(super) fn rows(&self) -> Vec<HeatRow> {
        let most = self.0.iter().flatten().copied().max().unwrap_or(0).max(1);
        let cell = |count: &u32| HeatCell {
            count: *count,
            strength: percent(f64::from(*count) / f64::from(most)),
        };
        let rows = DAYS.iter().zip(&self.0);
        rows.map(|(day, hours)| HeatRow {
            day,
            hours: hours.iter().map(cell).collect(),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_few_is_wide_and_of_many_is_narrow() {
        let rounded = |hits, of| {
            let (from, to) = wilson(hits, of);
            (percent(from), percent(to))
        };
        assert_eq!(rounded(0, 0), (0, 100));
        assert_eq!(rounded(0, 10), (0, 28)); // the textbook's values
        assert_eq!(rounded(1, 2), (9, 91));
        assert_eq!(rounded(500, 1000), (47, 53));
        assert_eq!(rounded(10, 10), (72, 100));
    }
}
