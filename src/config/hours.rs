use chrono::{Days, NaiveDate};

use super::file::Table;
use super::findings::{Findings, Spotted};
use super::validate::named_zone;
use crate::decide::hours::{ClosedDates, Hours, HoursZone, Interval, parse_closed, parse_open};
use crate::zone::Zone;

const OPEN: &str = "open = [\"Mo-Fr 09:00-13:00,15:00-19:00\"]";
const CLOSED: &str = "closed = [\"2026-12-25\"]";

/// `[hours]` (rules D12, D13); `None` without the table.
pub(super) fn read(
    mut table: Table<'_>,
    bot: Option<&Zone>,
    findings: &mut Findings,
) -> Option<Hours> {
    let is_present = table.is_present();
    let before = findings.faults.len();
    let open_spot = table.spot_of("open");
    let open = table.texts("open", OPEN, findings);
    let closed = table.texts("closed", CLOSED, findings);
    let zone = table.parsed("timezone", "timezone = \"contact\"", findings, |text| {
        Ok(match text {
            "contact" => HoursZone::Contact,
            "bot" => HoursZone::Bot,
            name => HoursZone::Named(named_zone(name, "\"contact\", \"bot\"")?),
        })
    });
    table.done(findings);
    if !is_present {
        return None;
    }
    let mut hours = Hours {
        week: week(&open, findings),
        closed: Vec::new(),
        zone: zone.unwrap_or(HoursZone::Contact),
    };
    let closed_spot = closed.first().map(|c| c.spot.clone());
    for dates in &closed {
        let parsed = dates.parse(findings, |t| parse_closed(t).map_err(|e| e.to_string()));
        hours.closed.extend(parsed);
    }
    if findings.faults.len() > before {
        return None; // hours that were not understood are not judged
    }
    if !hours.ever_opens() {
        let message = format!("never open: nothing could ever be sent; write, for example: {OPEN}");
        findings.fault(&open_spot, message);
        return None;
    }
    let zone = match &hours.zone {
        HoursZone::Named(zone) => Some(zone),
        HoursZone::Contact | HoursZone::Bot => bot,
    };
    if let (Some(zone), Some(spot)) = (zone, closed_spot)
        && !opens_within_a_year(&hours, zone)
    {
        findings.fault(
            &spot,
            "never open within 366 days of a closed date; open on some of them",
        );
    }
    Some(hours)
}

/// Each day's intervals; an interval that overlaps another is a fault of the later entry.
fn week(open: &[Spotted<&str>], findings: &mut Findings) -> [Vec<Interval>; 7] {
    const DAY: u16 = 24 * 60;
    const WEEK: u16 = 7 * DAY;
    let mut week: [Vec<Interval>; 7] = Default::default();
    // (first minute of the week, one after the last, the entry's index)
    let mut taken: Vec<(u16, u16, usize)> = Vec::new();
    for (index, entry) in open.iter().enumerate() {
        let parsed = entry.parse(findings, |t| parse_open(t).map_err(|e| e.to_string()));
        let Some((days, intervals)) = parsed else {
            continue;
        };
        let mut clash = None;
        for day in days {
            let number = day.num_days_from_monday() as usize;
            let midnight = u16::try_from(number).unwrap_or(0) * DAY;
            for interval in &intervals {
                let (start, end) = (midnight + interval.start, midnight + interval.end);
                // Sunday's night reaches into Monday: compare also a week earlier and later.
                let overlaps = |&&(s, e, _): &&(u16, u16, usize)| {
                    (start < e && s < end)
                        || (start < e + WEEK && s + WEEK < end)
                        || (start + WEEK < e && s < end + WEEK)
                };
                if let Some((_, _, other)) = taken.iter().find(overlaps) {
                    clash.get_or_insert((day, *other));
                }
                taken.push((start, end, index));
                week[number].push(*interval);
            }
        }
        if let Some((day, other)) = clash {
            let message = if other == index {
                format!("its own times overlap on {day}; write each time once")
            } else {
                format!(
                    "overlaps {:?} on {day}; write each time once",
                    open[other].value
                )
            };
            findings.fault(&entry.spot, message);
        }
    }
    for day in &mut week {
        day.sort_unstable();
    }
    week
}

/// Whether a wait from any moment ends within 366 days (rule D13). A longer one needs each of 52 weeks' open
/// days to be closed, and begins in the week before a closed date.
fn opens_within_a_year(hours: &Hours, zone: &Zone) -> bool {
    let days = |c: &ClosedDates| (c.last - c.first).num_days() + 1;
    if hours.closed.iter().map(days).sum::<i64>() < 52 {
        return true;
    }
    let mut starts = hours.closed.iter().flat_map(|c| week_before(c.first));
    starts.all(|date| hours.next_open(zone.start_of(date), zone).is_some())
}

/// A date and the seven before it.
fn week_before(date: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    (0..=7).filter_map(move |n| date.checked_sub_days(Days::new(n)))
}
