//! The order of day and month in an export that does not name it: by evidence only, never by a guess.

use chrono::{NaiveDate, TimeDelta};

use super::header::Header;
use crate::config::DateOrder;

/// What an export's dates show.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    year_first: bool,
    /// A date that only day-month-year fits, and one that only month-day-year fits: with its line.
    only_dmy: Option<(u64, [u32; 3])>,
    only_mdy: Option<(u64, [u32; 3])>,
    /// A date that is another day in the other order.
    unlike: bool,
    dmy: Walk,
    mdy: Walk,
    /// The date that was seen last, and whether it was a message's: to see it again tells nothing new.
    last: Option<([u32; 3], bool)>,
}

/// The days of an export's messages as one order has them.
#[derive(Debug, Default)]
struct Walk {
    last: Option<NaiveDate>,
    back: bool,
}

/// How far back in time a chat may go: a phone that was away delivers late.
const LATE: TimeDelta = TimeDelta::days(7);

impl Evidence {
    /// Takes the header on `line` into account; `chronological` when it is a message's. False when there is no such
    /// day in any order.
    pub(super) fn see(&mut self, line: u64, header: &Header<'_>, chronological: bool) -> bool {
        if self.last == Some((header.date, chronological)) {
            return true;
        }
        if header.shape.year_first {
            self.year_first = true;
            let is_day = header.day(DateOrder::Ymd).is_some();
            self.last = is_day.then_some((header.date, chronological));
            return is_day;
        }
        let (dmy, mdy) = (header.day(DateOrder::Dmy), header.day(DateOrder::Mdy));
        match (dmy, mdy) {
            (None, None) => return false,
            (Some(_), None) => {
                self.only_dmy.get_or_insert((line, header.date));
            }
            (None, Some(_)) => {
                self.only_mdy.get_or_insert((line, header.date));
            }
            (Some(a), Some(b)) => self.unlike |= a != b,
        }
        if chronological {
            self.dmy.step(dmy);
            self.mdy.step(mdy);
        }
        self.last = Some((header.date, chronological));
        true
    }

    /// The order of the dates: the one that was `told`, else the one that the evidence leaves.
    ///
    /// # Errors
    /// The evidence leaves both or neither, or speaks against what was told; in words that say what to do.
    pub(super) fn order(&self, told: Option<DateOrder>) -> Result<DateOrder, String> {
        if self.year_first {
            return match told {
                None | Some(DateOrder::Ymd) => Ok(DateOrder::Ymd),
                Some(order) => Err(format!(
                    "the dates begin with the year, but the source says date_order = \"{order}\"; leave it out"
                )),
            };
        }
        match (told, self.only_dmy, self.only_mdy) {
            (Some(DateOrder::Mdy), Some(against), None)
            | (Some(DateOrder::Dmy), None, Some(against)) => Err(against_told(told, against)),
            (Some(DateOrder::Ymd), ..) => {
                Err("the dates do not begin with the year; set date_order to \"dmy\" or \"mdy\"".to_owned())
            }
            (Some(order), ..) => Ok(order),
            (None, Some(_), None) => Ok(DateOrder::Dmy),
            (None, None, Some(_)) => Ok(DateOrder::Mdy),
            (None, Some(dmy), Some(mdy)) => Err(format!(
                "{} fits only day/month and {} only month/day; set `date_order` on the source (or --date-order) to \"dmy\" or \"mdy\"",
                date_at(dmy),
                date_at(mdy)
            )),
            (None, None, None) => match (self.dmy.back, self.mdy.back) {
                _ if !self.unlike => Ok(DateOrder::Dmy), // every date is the same day in both orders
                (false, true) => Ok(DateOrder::Dmy),
                (true, false) => Ok(DateOrder::Mdy),
                _ => Err("the dates can be read as day/month and as month/day; set `date_order` on the source (or --date-order) to \"dmy\" or \"mdy\"".to_owned()),
            },
        }
    }
}

impl Walk {
    fn step(&mut self, day: Option<NaiveDate>) {
        if let (Some(last), Some(day)) = (self.last, day) {
            self.back |= last - day > LATE;
        }
        self.last = day.or(self.last);
    }
}

fn against_told(told: Option<DateOrder>, against: (u64, [u32; 3])) -> String {
    let told = told.map_or("", DateOrder::as_str);
    format!(
        "{} is no date in the order that the source gives (date_order = \"{told}\"); correct `date_order`",
        date_at(against)
    )
}

fn date_at((line, [a, b, c]): (u64, [u32; 3])) -> String {
    format!("the date {a}/{b}/{c} on line {line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(dates: &[&str], told: Option<DateOrder>) -> Result<DateOrder, String> {
        let mut evidence = Evidence::default();
        for (line, date) in (1..).zip(dates) {
            let line_text = format!("{date}, 10:00 - A: b");
            let header = Header::read(&line_text).expect("a header");
            evidence.see(line, &header, true);
        }
        evidence.order(told)
    }

    #[test]
    fn only_evidence_decides() {
        use DateOrder::{Dmy, Mdy, Ymd};
        for (dates, found) in [
            (&["01/01/19", "20/01/19"][..], Dmy),
            (&["01/01/19", "01/20/19"], Mdy),
            (&["2019/01/02"], Ymd),
            (&["05/03/24", "12/03/24", "01/04/24"], Dmy), // month first would go from December to January
            (&["03/05/24", "03/12/24", "04/01/24"], Mdy),
            (&["03/03/24", "04/04/24"], Dmy), // the same days in both orders
            (&["05/03/24", "02/03/24", "09/03/24", "01/04/24"], Dmy), // delivered late by three days
        ] {
            assert_eq!(order(dates, None), Ok(found), "{dates:?}");
        }
        for dates in [
            &["03/04/26"][..],
            &["05/01/24", "06/01/24"],
            &["01/05/24", "01/06/24", "01/07/24"],
            &["25/12/24", "12/25/24"],
            &["05/03/24", "01/04/24", "01/02/24"], // back in time in both
        ] {
            let fault = order(dates, None).expect_err("ambiguous");
            assert!(fault.contains("`date_order`"), "{fault}");
        }
    }

    #[test]
    fn what_was_told_counts_unless_no_date_fits_it() {
        use DateOrder::{Dmy, Mdy, Ymd};
        assert_eq!(order(&["05/01/24", "06/01/24"], Some(Mdy)), Ok(Mdy));
        assert_eq!(order(&["25/12/24", "12/25/24"], Some(Dmy)), Ok(Dmy));
        let fault = order(&["05/01/24", "25/12/24"], Some(Mdy)).expect_err("no such date");
        assert!(fault.contains("25/12/24 on line 2"), "{fault}");
        assert!(order(&["05/01/24"], Some(Ymd)).is_err());
        assert!(order(&["2024/01/05"], Some(Dmy)).is_err());
    }
}
