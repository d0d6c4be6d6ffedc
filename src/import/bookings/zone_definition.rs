//! A time zone as a calendar defines it: which offset holds from when on.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::recurrence::rule_part;
use super::zones::named;
use crate::model::Timestamp;

/// A zone as a calendar defines it.
#[derive(Debug, Default)]
pub(super) struct Defined {
    pub(super) location: Option<String>,
    pub(super) parts: Vec<Part>,
}

/// From when on which offset holds.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Seconds east of UTC.
    offset: i64,
    onset: Option<NaiveDateTime>,
    /// Every year again, until a last one.
    yearly: Option<(Yearly, Option<i32>)>,
}

/// A day that is found again every year.
#[derive(Debug)]
struct Yearly {
    month: u32,
    /// The weekday, and which one of the month, from its end where negative.
    weekday: Option<(Weekday, i64)>,
    /// Not before this day of the month.
    from: Option<u32>,
}

impl Defined {
    /// The instant at which the clocks of this zone show `local`.
    pub(super) fn instant(&self, local: NaiveDateTime) -> Option<Timestamp> {
        if let Some(zone) = self.location.as_deref().and_then(named) {
            return Some(zone.instant(local));
        }
        let in_force = |part: &&Part| part.last_onset(local).is_some();
        let found = self.parts.iter().filter(in_force);
        let found = found.max_by_key(|part| part.last_onset(local));
        let offset = found.or_else(|| self.parts.first())?.offset;
        let utc = local.checked_sub_signed(TimeDelta::seconds(offset))?;
        Some(utc.and_utc())
    }
}

impl Part {
    /// Takes a property into account.
    pub(super) fn learn(&mut self, name: &str, value: &str) {
        match name {
            "TZOFFSETTO" => self.offset = offset(value).unwrap_or_default(),
            "DTSTART" => {
                let text = value.trim_end_matches(['Z', 'z']);
                self.onset = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok();
            }
            "RRULE" => {
                let value = value.to_ascii_uppercase();
                let until = rule_part(&value, "UNTIL");
                let until = until.and_then(|until| until.get(..4)?.parse().ok());
                self.yearly = Yearly::of(&value).map(|yearly| (yearly, until));
            }
            _ => {}
        }
    }

    /// When it came into force last, by the clocks at `local`.
    fn last_onset(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let onset = self.onset?;
        let of_year = |year: i32| {
            let (yearly, until) = self.yearly.as_ref()?;
            let is_over = until.is_some_and(|until| year > until);
            let day = yearly.in_year(year).filter(|_| !is_over)?;
            Some(day.and_time(onset.time())).filter(|at| *at >= onset)
        };
        let years = [local.year() - 1, local.year()].map(of_year);
        let all = years.into_iter().flatten().chain([onset]);
        all.filter(|at| *at <= local).max()
    }
}

impl Yearly {
    fn of(rule: &str) -> Option<Self> {
        let weekday = rule_part(rule, "BYDAY").and_then(|day| {
            let day = day.split(',').next()?;
            let (which, name) = day.split_at_checked(day.len().checked_sub(2)?)?;
            let weekday = match name {
                "MO" => Weekday::Mon,
                "TU" => Weekday::Tue,
                "WE" => Weekday::Wed,
                "TH" => Weekday::Thu,
                "FR" => Weekday::Fri,
                "SA" => Weekday::Sat,
                "SU" => Weekday::Sun,
                _ => return None,
            };
            let which = which.trim_start_matches('+').parse().unwrap_or(1);
            Some((weekday, which))
        });
        let days = rule_part(rule, "BYMONTHDAY").unwrap_or_default();
        Some(Self {
            month: rule_part(rule, "BYMONTH")?.parse().ok()?,
            weekday,
            from: days.split(',').filter_map(|day| day.parse().ok()).min(),
        })
    }

    fn in_year(&self, year: i32) -> Option<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(year, self.month, self.from.unwrap_or(1))?;
        let Some((weekday, which)) = self.weekday else {
            return Some(first);
        };
        let days_to = |day: NaiveDate| i64::from(weekday.days_since(day.weekday()));
        if which > 0 || self.from.is_some() {
            let weeks = if self.from.is_some() { 0 } else { which - 1 };
            return first.checked_add_signed(TimeDelta::days(days_to(first) + weeks.min(5) * 7));
        }
        let next = match self.month {
            12 => NaiveDate::from_ymd_opt(year + 1, 1, 1),
            month => NaiveDate::from_ymd_opt(year, month + 1, 1),
        }?;
        let back = (-which).clamp(1, 5) * 7;
        next.checked_add_signed(TimeDelta::days(days_to(next) - back))
    }
}

/// Seconds east of UTC: `+0100`, `-033000`.
pub(super) fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.trim_start_matches('+')),
    };
    let two = |at: usize| digits.get(at..at + 2)?.parse::<i64>().ok();
    let seconds = two(0)? * 3600 + two(2)? * 60 + two(4).unwrap_or_default();
    (seconds < 24 * 3600).then_some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_a_month_that_a_zone_changes_on_are_found() {
        for (rule, day) in [
            ("FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "2026-03-08"),
            ("FREQ=YEARLY;BYMONTH=12;BYDAY=-1MO", "2026-12-28"),
            (
                "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU",
                "2026-11-01",
            ),
            ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1", "2026-04-01"),
        ] {
            let found = Yearly::of(rule).and_then(|yearly| yearly.in_year(2026));
            assert_eq!(found, Some(day.parse().expect("a day")), "{rule}");
        }
        for rule in [
            "",
            "BYDAY=XX",
            "BYMONTH=13;BYDAY=1SU",
            "BYMONTH=2;BYMONTHDAY=31",
        ] {
            assert_eq!(
                Yearly::of(rule).and_then(|yearly| yearly.in_year(2026)),
                None,
                "{rule}"
            );
        }
    }
}
