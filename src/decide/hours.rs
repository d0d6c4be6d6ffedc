//! Opening hours (rules D12, D13).

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};

use crate::model::Timestamp;
use crate::zone::Zone;

/// When a follow-up may be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// For each day of the week, Monday first: the intervals that begin on it, sorted, not overlapping.
    pub week: [Vec<Interval>; 7],
    /// Dates that are shut, whole: nothing of an interval lies on them.
    pub closed: Vec<ClosedDates>,
    /// Whose clock the hours are on.
    pub zone: HoursZone,
}

/// An interval of a day, in minutes since its midnight; `end` is exclusive and may lie beyond 1440, on the
/// following day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// The first minute.
    pub start: u16,
    /// The first minute after it.
    pub end: u16,
}

/// A closed range of dates, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedDates {
    /// The first shut day.
    pub first: NaiveDate,
    /// The last shut day.
    pub last: NaiveDate,
}

/// Whose clock opening hours are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoursZone {
    /// The contact's; the bot's when it is unknown.
    Contact,
    /// The bot's.
    Bot,
    /// This one.
    Named(Zone),
}

const DAY: u16 = 24 * 60;

impl Hours {
    /// The first instant at or after `at` that is open on clocks of `zone`; `None` when there is none within
    /// 366 days (rule D13).
    #[must_use]
    pub fn next_open(&self, at: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let today = zone.local(at).date();
        // Intervals of yesterday may reach into today.
        let first = today.checked_sub_days(Days::new(1))?;
        (0..=367)
            .filter_map(|n| first.checked_add_days(Days::new(n)))
            .flat_map(|date| self.spans_from(date, zone))
            .find(|(_, end)| *end > at)
            .map(|(start, _)| start.max(at))
    }

    /// The open spans that begin on `date`'s intervals, as instants, without what lies on a closed date.
    fn spans_from<'a>(
        &'a self,
        date: NaiveDate,
        zone: &'a Zone,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + 'a {
        let index = date.weekday().num_days_from_monday() as usize;
        self.week[index].iter().flat_map(move |interval| {
            let tonight = Interval {
                start: interval.start,
                end: interval.end.min(DAY),
            };
            let beyond = Interval {
                start: 0,
                end: interval.end.saturating_sub(DAY),
            };
            [(Some(date), tonight), (date.succ_opt(), beyond)]
                .into_iter()
                .filter_map(move |(date, part)| {
                    let date = date.filter(|d| part.start < part.end && !self.is_closed(*d))?;
                    let span = (wall(date, part.start, zone)?, wall(date, part.end, zone)?);
                    (span.0 < span.1).then_some(span)
                })
        })
    }

    fn is_closed(&self, date: NaiveDate) -> bool {
        self.closed
            .iter()
            .any(|c| c.first <= date && date <= c.last)
    }

    /// Whether any day of the week has an interval.
    #[must_use]
    pub fn ever_opens(&self) -> bool {
        self.week.iter().any(|day| !day.is_empty())
    }
}

fn wall(date: NaiveDate, minute: u16, zone: &Zone) -> Option<Timestamp> {
    let (date, minute) = if minute >= DAY {
        (date.succ_opt()?, minute - DAY)
    } else {
        (date, minute)
    };
    let time = NaiveTime::from_hms_opt(u32::from(minute / 60), u32::from(minute % 60), 0)?;
    Some(zone.instant(date.and_time(time)))
}

/// Why a text is no opening rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Not of the form `Mo-Fr 08:00-13:00,15:00-19:00`.
    #[error("not opening hours; write days and times: \"Mo-Fr 08:00-13:00,15:00-19:00\"")]
    Syntax,
    /// An interval that is empty or longer than a day.
    #[error("an interval must end after it begins, within 24 hours: \"Fr 20:00-02:00\"")]
    Interval,
    /// Not of the form `2026-12-25` or `2026-12-31..2027-01-02`.
    #[error("not a date; write \"2026-12-25\" or \"2026-12-31..2027-01-02\"")]
    Date,
}

/// Reads one entry of `hours.open`, in the spelling of OpenStreetMap and schema.org: the days and their
/// intervals. An end at or before its start lies on the following day; `24:00` is the end of the day.
///
/// ```
/// let (days, intervals) = followup::decide::hours::parse_open("Mo-We,Fr 09:00-13:00,20:00-02:00")?;
/// assert_eq!((days.len(), intervals[1].start, intervals[1].end), (4, 20 * 60, 26 * 60));
/// # Ok::<(), followup::decide::hours::HoursError>(())
/// ```
///
/// # Errors
/// When the text is of another form.
pub fn parse_open(text: &str) -> Result<(Vec<Weekday>, Vec<Interval>), HoursError> {
    let text = text.trim();
    let (days, times) = match text.split_once(char::is_whitespace) {
        Some((days, times)) => (parse_days(days)?, times),
        None => (parse_days("Mo-Su")?, text), // "09:00-18:00" is every day
    };
    let intervals = times
        .split(',')
        .map(|t| parse_interval(t.trim()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((days, intervals))
}

fn parse_days(text: &str) -> Result<Vec<Weekday>, HoursError> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (parse_day(first)?, parse_day(last)?);
        let mut day = first;
        loop {
            days.push(day);
            if day == last {
                break;
            }
            day = day.succ();
        }
    }
    Ok(days)
}

fn parse_day(text: &str) -> Result<Weekday, HoursError> {
    Ok(match text {
        "Mo" => Weekday::Mon,
        "Tu" => Weekday::Tue,
        "We" => Weekday::Wed,
        "Th" => Weekday::Thu,
        "Fr" => Weekday::Fri,
        "Sa" => Weekday::Sat,
        "Su" => Weekday::Sun,
        _ => return Err(HoursError::Syntax),
    })
}

fn parse_interval(text: &str) -> Result<Interval, HoursError> {
    let (start, end) = text.split_once('-').ok_or(HoursError::Syntax)?;
    let (start, end) = (parse_minute(start)?, parse_minute(end)?);
    let end = if end <= start { end + DAY } else { end };
    if start >= DAY || end - start > DAY || end == start {
        return Err(HoursError::Interval);
    }
    Ok(Interval { start, end })
}

fn parse_minute(text: &str) -> Result<u16, HoursError> {
    let (hour, minute) = text.split_once(':').ok_or(HoursError::Syntax)?;
    let number = |t: &str| match t.len() {
        1 | 2 if t.bytes().all(|b| b.is_ascii_digit()) => {
            t.parse::<u16>().map_err(|_| HoursError::Syntax)
        }
        _ => Err(HoursError::Syntax),
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    if minute > 59 || hour > 24 || (hour == 24 && minute > 0) {
        return Err(HoursError::Syntax);
    }
    Ok(hour * 60 + minute)
}

/// Reads one entry of `hours.closed`.
///
/// # Errors
/// When the text is of another form, or the range ends before it begins.
pub fn parse_closed(text: &str) -> Result<ClosedDates, HoursError> {
    let date =
        |t: &str| NaiveDate::parse_from_str(t.trim(), "%Y-%m-%d").map_err(|_| HoursError::Date);
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let range = ClosedDates {
        first: date(first)?,
        last: date(last)?,
    };
    if range.first <= range.last {
        Ok(range)
    } else {
        Err(HoursError::Date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(open: &[&str], closed: &[&str]) -> Hours {
        let mut week: [Vec<Interval>; 7] = Default::default();
        for rule in open {
            let (days, intervals) = parse_open(rule).unwrap();
            for day in days {
                week[day.num_days_from_monday() as usize].extend(&intervals);
            }
        }
        for day in &mut week {
            day.sort();
        }
        let closed = closed.iter().map(|c| parse_closed(c).unwrap()).collect();
        Hours {
            week,
            closed,
            zone: HoursZone::Contact,
        }
    }

    fn check(hours: &Hours, zone: &str, cases: &[(&str, &str)]) {
        let zone = Zone::named(zone).unwrap();
        for (at, expected) in cases {
            let local = |t: &str| zone.instant(t.parse().unwrap());
            let got = hours.next_open(local(at), &zone).unwrap();
            assert_eq!(zone.local(got), zone.local(local(expected)), "{at}");
        }
    }

    #[test]
    fn d12_next_opening() {
        // 2026-03-02 is a Monday.
        let split = hours(
            &["Mo-Fr 08:00-13:00,15:00-19:00", "Sa 09:00-14:00"],
            &["2026-03-04", "2026-03-09..2026-03-10"],
        );
        check(
            &split,
            "America/Mexico_City",
            &[
                ("2026-03-02T07:59:59", "2026-03-02T08:00:00"),
                ("2026-03-02T08:00:00", "2026-03-02T08:00:00"),
                ("2026-03-02T12:59:59", "2026-03-02T12:59:59"),
                ("2026-03-02T13:00:00", "2026-03-02T15:00:00"), // the end is exclusive
                ("2026-03-03T19:00:00", "2026-03-05T08:00:00"), // the 4th is closed
                ("2026-03-07T14:00:00", "2026-03-11T08:00:00"), // Sunday, then two closed days
            ],
        );
    }

    #[test]
    fn d12_intervals_across_midnight() {
        let night = hours(&["Fr-Sa 20:00-02:00"], &["2026-03-07"]);
        check(
            &night,
            "Europe/Madrid",
            &[
                ("2026-03-06T23:30:00", "2026-03-06T23:30:00"),
                ("2026-03-07T00:30:00", "2026-03-08T00:00:00"), // Saturday is shut, its night's end is Sunday
                ("2026-03-08T01:59:59", "2026-03-08T01:59:59"),
                ("2026-03-08T02:00:00", "2026-03-13T20:00:00"),
            ],
        );
    }

    #[test]
    fn d12_clock_changes() {
        // 02:00 to 03:00 does not exist on 2026-03-29 in Madrid: the hours begin at the first valid instant.
        check(
            &hours(&["02:30-05:00"], &[]),
            "Europe/Madrid",
            &[("2026-03-29T00:00:00", "2026-03-29T03:00:00")],
        );
        // An interval that lies wholly in the gap never opens that day.
        check(
            &hours(&["02:00-03:00"], &[]),
            "Europe/Madrid",
            &[("2026-03-29T00:00:00", "2026-03-30T02:00:00")],
        );
        check(
            &hours(&["02:15-04:00"], &[]),
            "Australia/Lord_Howe",
            &[("2026-10-04T00:00:00", "2026-10-04T02:30:00")],
        );
    }

    #[test]
    fn d13_hours_that_never_open_are_found() {
        let zone = Zone::utc();
        let at: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        assert_eq!(hours(&[], &[]).next_open(at, &zone), None);
        assert_eq!(
            hours(&["Mo 10:00-11:00"], &["2026-01-01..2028-01-01"]).next_open(at, &zone),
            None
        );
    }

    #[test]
    fn what_is_no_opening_rule_is_refused() {
        for text in [
            "",
            "Mo-Fr",
            "Mo 8-17",
            "Mo 08:00",
            "Mon 08:00-17:00",
            "Mo 08:00-25:00",
            "Mo 24:00-02:00",
            "Mo 08:60-09:00",
        ] {
            assert!(parse_open(text).is_err(), "{text}");
        }
        for text in ["25.12.2026", "2026-02-30", "2027-01-02..2026-12-31"] {
            assert_eq!(parse_closed(text), Err(HoursError::Date), "{text}");
        }
    }
}
