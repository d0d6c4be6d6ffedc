//! The beginning of a message in a chat export: `[21/11/25, 9:33:35] ` or `12/16/19, 2:35 PM - `, as phones of many
//! countries write it.

use chrono::{NaiveDate, NaiveDateTime};
use memchr::memchr2_iter;

use super::clock::{self, half_after};
use super::sender::sender;
use super::stamp::{Cursor, Order, Stamp, is_blank};
use crate::config::DateOrder;

/// A line that begins a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header<'a> {
    /// U+200E stands before the bracket: iOS marks attachments so.
    pub(super) marked: bool,
    /// The three numbers of the date, as written.
    pub(super) date: [u32; 3],
    /// Hour, minute and second.
    time: [u32; 3],
    /// What all headers of one export share.
    pub(super) shape: Shape,
    /// What follows: sender and text, or a system line.
    pub(super) rest: &'a str,
}

/// How an export writes its headers. A line of another shape is part of a message, such as a pasted chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    frame: Frame,
    /// The first number has four digits.
    pub(super) year_first: bool,
    separator: char,
    comma: bool,
    /// Whether a word stands before the time: `a las` nine, but `a la` one.
    has_word: bool,
    seconds: bool,
    halves: bool,
    order: Order,
}

/// What stands around a date and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// Brackets: iOS.
    Brackets,
    /// A dash behind them: Android.
    Dash,
    /// A colon behind them: iOS before 2018.
    Colon,
}

impl Shape {
    /// Whether iOS wrote the export, whose own lines have a sender and begin with U+200E.
    pub(super) fn is_ios(&self) -> bool {
        self.frame != Frame::Dash
    }
}

impl<'a> Header<'a> {
    /// Reads the beginning of `line`; `None` when it does not begin a message.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let mut at = Cursor(line);
        let marked = at.skip_marks();
        let bracket = at.eat('[');
        at.skip_blanks();
        let Stamp {
            date: (date, separator, year_first),
            comma,
            word,
            time: (time, seconds),
            half,
            order,
        } = at.stamp()?;
        let (between, rest, frame) = match bracket {
            true => {
                let (between, rest) = at.0.split_once(']')?;
                let rest = rest.strip_prefix(' ').unwrap_or(rest);
                (
                    between,
                    rest.strip_prefix("- ").unwrap_or(rest),
                    Frame::Brackets,
                )
            }
            false => split_at_end(at.0)?,
        };
        if frame == Frame::Colon && !seconds && sender(rest).is_none() {
            return None; // "5/3/24, 10:00: bring the papers"
        }
        let half = match half {
            None if !between.is_empty() => half_after(between)?,
            Some(_) if !between.trim_matches(is_blank).is_empty() => return None,
            half => half,
        };
        let hour = half.map_or(time[0], |half| half.hour(time[0]));
        Some(Self {
            marked,
            date,
            time: [hour, time[1], time[2]],
            shape: Shape {
                frame,
                year_first,
                separator,
                comma,
                has_word: !word.is_empty(),
                seconds,
                halves: half.is_some(),
                order,
            },
            rest,
        })
    }

    /// The date in `order`, if there is such a day.
    pub(super) fn day(&self, order: DateOrder) -> Option<NaiveDate> {
        if self.shape.year_first != (order == DateOrder::Ymd) {
            return None;
        }
        clock::day(self.date, order)
    }

    /// The local time in `order`, if there is such a day.
    pub(super) fn local(&self, order: DateOrder) -> Option<NaiveDateTime> {
        let [hour, minute, second] = self.time;
        self.day(order)?.and_hms_opt(hour, minute, second)
    }
}

/// What stands before and after the dash or the colon that ends a date and a time.
fn split_at_end(text: &str) -> Option<(&str, &str, Frame)> {
    if let Some(rest) = text.strip_prefix(" - ") {
        return Some(("", rest, Frame::Dash)); // as most
    }
    memchr2_iter(b' ', b':', text.as_bytes()).find_map(|at| {
        let (before, end) = text.split_at(at);
        if let Some(rest) = end
            .strip_prefix(": ")
            .or_else(|| (end == ":").then_some(""))
        {
            return Some((before, rest, Frame::Colon));
        }
        let dash = end.strip_prefix(' ')?.strip_prefix(['-', '–', '—'])?;
        Some((before, dash.strip_prefix(' ')?, Frame::Dash))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_many_phones_are_read() {
        use DateOrder::{Dmy, Mdy, Ymd};
        for (line, order, local) in [
            ("[21/11/25, 9:33:35] A: b", Dmy, "2025-11-21T09:33:35"),
            ("[1/12/25, 9:33:35] A: b", Dmy, "2025-12-01T09:33:35"),
            ("[20/09/2024, 20:47:00] A: b", Dmy, "2024-09-20T20:47:00"),
            ("[20/09/2024 20:47:00] A: b", Dmy, "2024-09-20T20:47:00"),
            ("[27.09.23, 09:18:41] A: b", Dmy, "2023-09-27T09:18:41"),
            ("[7.9.2023, 09:18:41] A: b", Dmy, "2023-09-07T09:18:41"),
            ("[03/06/24, 1:05:09 PM] A: b", Dmy, "2024-06-03T13:05:09"),
            (
                "[03/6/2024, 1:05:09\u{202f}pm] A: b",
                Dmy,
                "2024-06-03T13:05:09",
            ),
            (
                "\u{200e}[27.09.23, 09:18:41] A: b",
                Dmy,
                "2023-09-27T09:18:41",
            ),
            ("03/01/2022, 14:37 - A: b", Dmy, "2022-01-03T14:37:00"),
            ("12/16/19, 2:35 PM - A: b", Mdy, "2019-12-16T14:35:00"),
            ("16/12/19, 12:35 AM - A: b", Dmy, "2019-12-16T00:35:00"),
            ("16/12/19, 12:05 pm - A: b", Dmy, "2019-12-16T12:05:00"),
            ("06/20/2020, 00:08 a. m. - A: b", Mdy, "2020-06-20T00:08:00"),
            (
                "06/20/2020, 3:55\u{a0}p.\u{a0}m. - A: b",
                Mdy,
                "2020-06-20T15:55:00",
            ),
            ("2019/01/20, 11:23 - A: b", Ymd, "2019-01-20T11:23:00"),
            ("2019-01-20 11:23 - A: b", Ymd, "2019-01-20T11:23:00"),
            ("13.6.2018 klo 21.25.15 - A: b", Dmy, "2018-06-13T21:25:15"),
            ("13.6.2018 klo 21.25 - A: b", Dmy, "2018-06-13T21:25:00"),
            ("13/06/2018 à 21:25 - A: b", Dmy, "2018-06-13T21:25:00"),
            ("13.06.18 um 21:25 - A: b", Dmy, "2018-06-13T21:25:00"),
            ("[06.13.18 21:25:15] A: b", Mdy, "2018-06-13T21:25:15"),
            ("[01/20/19 11:23] A: b", Mdy, "2019-01-20T11:23:00"),
            ("[2024/3/5 下午3:05:12] A: b", Ymd, "2024-03-05T15:05:12"),
            ("2024. 3. 5. 오후 3:05 - A: b", Ymd, "2024-03-05T15:05:00"),
            (
                "[\u{200f}٣/١٢/٢٠٢٤، ١٠:١٥:٠٠ م] A: b",
                Dmy,
                "2024-12-03T22:15:00",
            ),
            // Arabic puts U+200F behind each number of a date.
            (
                "[٣\u{200f}/١٢\u{200f}/٢٠٢٤، ١٠:١٥:٠٠ ص] A: b",
                Dmy,
                "2024-12-03T10:15:00",
            ),
            (
                "3\u{200f}/12\u{200f}/2024، 10:15 م - A: b",
                Dmy,
                "2024-12-03T22:15:00",
            ),
            (
                "[15.9.2026, 8:46:00 אחה״צ] A: b",
                Dmy,
                "2026-09-15T20:46:00",
            ),
            ("१३/०५/२३, १०:१५ pm - A: b", Dmy, "2023-05-13T22:15:00"),
            ("05/03/24 22.40 - A: b", Dmy, "2024-03-05T22:40:00"),
            ("5.03.24 г., 15:05 - A: b", Dmy, "2024-03-05T15:05:00"),
            ("5. 3. 2024. 15:05 - A: b", Dmy, "2024-03-05T15:05:00"),
            ("2024/3/5 中午12:05 - A: b", Ymd, "2024-03-05T12:05:00"),
            ("2024年3月5日 下午3:05 - A: b", Ymd, "2024-03-05T15:05:00"),
            ("5.03.2024 ÖS 3:05 - A: b", Dmy, "2024-03-05T15:05:00"),
            (
                "5/3/24 a la(s) 3:05 p. m. - A: b",
                Dmy,
                "2024-03-05T15:05:00",
            ),
            ("5/3/2567 15:05 - A: b", Dmy, "2024-03-05T15:05:00"),
            ("[5/3/2567 BE, 15:05:01] A: b", Dmy, "2024-03-05T15:05:01"),
            (
                "[۱۴۰۲/۵/۱۳،\u{200f} ۱۰:۱۵:۰۰] A: b",
                Ymd,
                "2023-08-04T10:15:00",
            ),
            ("15:05, 05/03/2024 - A: b", Dmy, "2024-03-05T15:05:00"),
            ("3:05 CH, 05/03/2024 - A: b", Dmy, "2024-03-05T15:05:00"),
            ("[15:05, 3/5/2024] A: b", Mdy, "2024-03-05T15:05:00"),
            ("[3:05 pm, 05/03/2024] A: b", Dmy, "2024-03-05T15:05:00"),
            ("05/03/2024, 15:05 – A: b", Dmy, "2024-03-05T15:05:00"),
            ("09/17/19, 8:30:52 PM – A: b", Mdy, "2019-09-17T20:30:52"),
            // iOS before 2018
            ("3/24/14, 1:59:59 PM: A: b", Mdy, "2014-03-24T13:59:59"),
            ("24/3/14, 13:59:59: A: b", Dmy, "2014-03-24T13:59:59"),
            ("24/03/2014 13:59:59: A: b", Dmy, "2014-03-24T13:59:59"),
            ("2016-06-27, 8:04:08 AM: A: b", Ymd, "2016-06-27T08:04:08"),
            ("5.03.24 г., 15:05 ч. - A: b", Dmy, "2024-03-05T15:05:00"),
            ("2024-03-05 15 h 05 - A: b", Ymd, "2024-03-05T15:05:00"),
            (
                "[2024-03-05 15 h 05 min 12 s] A: b",
                Ymd,
                "2024-03-05T15:05:12",
            ),
            ("[R6/3/5 15:05:00] A: b", Ymd, "2024-03-05T15:05:00"),
            ("[3/5/R6, 15:05:00] A: b", Mdy, "2024-03-05T15:05:00"),
            ("2024-03-05 ප.ව. 3:05 - A: b", Ymd, "2024-03-05T15:05:00"),
            ("२०२४-०३-०५, अपराह्न ३:०५ - A: b", Ymd, "2024-03-05T15:05:00"),
            ("5/3/24, 3:05 ಅಪರಾಹ್ನ - A: b", Dmy, "2024-03-05T15:05:00"),
            ("5/3/24, 3:05 ਬਾ.ਦੁ. - A: b", Dmy, "2024-03-05T15:05:00"),
            ("2024.03.05, 3:05 ү.х. - A: b", Ymd, "2024-03-05T15:05:00"),
            ("05-03-24၊ ညနေ 3:05 - A: b", Dmy, "2024-03-05T15:05:00"),
            ("[25/03/24, 15:05:00] - A: b", Dmy, "2024-03-25T15:05:00"),
            (
                "۱۴۰۲/۱۲/۱۵،\u{200f} ۳:۰۵ بعدازظهر - A: b",
                Ymd,
                "2024-03-05T15:05:00",
            ),
        ] {
            let header = Header::read(line).unwrap_or_else(|| panic!("no header: {line}"));
            let local: NaiveDateTime = local.parse().expect("a time");
            assert_eq!(header.local(order), Some(local), "{line}");
            assert_eq!(header.rest, "A: b", "{line}");
            assert_eq!(header.marked, line.starts_with('\u{200e}'), "{line}");
        }
    }

    #[test]
    fn other_lines_do_not_begin_a_message() {
        for line in [
            "",
            "hello",
            "12/16/19",
            "12/16/19, 2:35 PM",
            "12/16/19, 2:35 PM A: b",
            "[12/16/19] A: b",
            "[12:35] A: b",
            "12/16/19, 25:35 - A: b",
            "12/16/19, 2:5 - A: b",
            "12/16/199, 2:55 - A: b",
            "123/16/19, 2:55 - A: b",
            "12/16/19, 2:35 in the afternoon - A: b",
            "12/16-19, 2:35 - A: b",
            "99/99 two: 99:99",
            "1/2/24,10:00:00:00 - x",
            "10:00 1.5 kg - x",
            "10:00, 1/2",
            "10:00 to 11:00 - on 1/2/24",
            "1445/9/1",
            "12/16/19, 2:35: bring the papers",
            "12/16/19, 2:35 PM, A wrote: b",
            "R6",
            "[",
            "[1/",
            "\u{200e}",
        ] {
            assert_eq!(Header::read(line), None, "{line}");
        }
    }
}
