//! The beginning of a message in a chat export: `[21/11/25, 9:33:35] ` or `12/16/19, 2:35 PM - `, as phones of many
//! countries write it.

use chrono::{NaiveDate, NaiveDateTime};
use memchr::memchr_iter;

use super::clock::{self, ERAS, Half, digit, half_after, half_before, plain};
use crate::config::DateOrder;
use crate::import::words::is_direction_mark;

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
    /// In brackets: iOS.
    pub(super) bracket: bool,
    /// The first number has four digits.
    pub(super) year_first: bool,
    separator: char,
    comma: bool,
    /// `None` rather than an empty text, which would be compared by its bytes.
    word: Option<String>,
    seconds: bool,
    halves: bool,
    order: Order,
}

/// Which of date and time stands first: the time in Vietnam, and in what is copied from WhatsApp Web.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    DateFirst,
    TimeFirst,
}

/// A date and a time as they are written.
struct Stamp<'a> {
    /// The numbers, what separates them, and whether the year stands first.
    date: ([u32; 3], char, bool),
    comma: bool,
    word: &'a str,
    /// Hour, minute, second, and whether there are seconds.
    time: ([u32; 3], bool),
    /// Where it does not follow the time at the end.
    half: Option<Half>,
    order: Order,
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
        let (between, rest) = match bracket {
            true => at.0.split_once(']')?,
            false => split_at_dash(at.0)?,
        };
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
                bracket,
                year_first,
                separator,
                comma,
                word: (!word.is_empty()).then(|| word.to_owned()),
                seconds,
                halves: half.is_some(),
                order,
            },
            rest: if bracket {
                rest.strip_prefix(' ').unwrap_or(rest)
            } else {
                rest
            },
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

/// What stands before and after the first ` - `.
fn split_at_dash(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.trim_start_matches(is_blank).strip_prefix("– ") {
        return Some(("", rest));
    }
    let bytes = text.as_bytes();
    let mut dashes = memchr_iter(b'-', bytes);
    let at =
        dashes.find(|at| *at > 0 && bytes[at - 1] == b' ' && bytes.get(at + 1) == Some(&b' '))?;
    Some((&text[..at - 1], &text[at + 2..]))
}

/// A blank of any width, or an invisible mark of direction.
pub(super) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}') || is_direction_mark(c)
}

struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn eat(&mut self, c: char) -> bool {
        let mut chars = self.0.chars();
        let is_there = chars.next() == Some(c);
        if is_there {
            self.0 = chars.as_str();
        }
        is_there
    }

    /// Whether a character is next that is neither a blank nor a mark, as far as one byte tells.
    fn begins_plain(&self) -> bool {
        self.0.as_bytes().first().is_some_and(u8::is_ascii_graphic)
    }

    /// Takes marks of direction and order; whether U+200E was among them.
    fn skip_marks(&mut self) -> bool {
        if self.begins_plain() {
            return false;
        }
        let rest = self
            .0
            .trim_start_matches(|c| is_direction_mark(c) || c == '\u{feff}');
        let marks = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        marks.contains('\u{200e}')
    }

    fn skip_blanks(&mut self) -> bool {
        if self.begins_plain() {
            return false;
        }
        let rest = self.0.trim_start_matches(is_blank);
        let some = rest.len() < self.0.len();
        self.0 = rest;
        some
    }

    /// A date and a time, in either order.
    fn stamp(&mut self) -> Option<Stamp<'a>> {
        let whole = self.0;
        let Some(date) = self.date() else {
            self.0 = whole;
            return self.time_first();
        };
        let comma = self.eat(',') || self.eat('،');
        let blank = self.skip_blanks();
        if !comma && !blank {
            return None;
        }
        let word = self.word();
        let time = self.time()?;
        let half = match word {
            "" => None,
            word => half_before(word, time.0[0]),
        };
        Some(Stamp {
            date,
            comma,
            word: if half.is_some() { "" } else { word },
            time,
            half,
            order: Order::DateFirst,
        })
    }

    /// `10:15, 5/3/2024` or `10:15 am, 5/3/2024`.
    fn time_first(&mut self) -> Option<Stamp<'a>> {
        let time = self.time()?;
        let (between, rest) = self.0.split_at(self.0.find(|c| digit(c).is_some())?);
        self.0 = rest;
        let word = plain(between);
        let comma = word.contains(',');
        let half = match word.trim_matches([',', '،']) {
            "" if between.is_empty() => return None,
            "" => None,
            word => half_after(word)?,
        };
        let date = self.date()?;
        Some(Stamp {
            date,
            comma,
            word: "",
            time,
            half,
            order: Order::TimeFirst,
        })
    }

    /// A number and how many digits it has, of whatever script.
    fn number(&mut self) -> Option<(u32, usize)> {
        // Latin digits, and then something plain, as in most exports.
        let bytes = self.0.as_bytes();
        let latin = bytes.iter().take(5).take_while(|b| b.is_ascii_digit());
        let digits = latin.count();
        if bytes.get(digits).is_some_and(u8::is_ascii) && digits < 5 {
            let (number, rest) = self.0.split_at(digits);
            self.0 = rest;
            let value = |number, b| number * 10 + u32::from(b - b'0');
            return (digits > 0).then(|| (number.bytes().fold(0, value), digits));
        }
        let (mut number, mut digits) = (0, 0);
        let mut chars = self.0.chars();
        loop {
            let rest = chars.as_str();
            match chars.next().and_then(digit) {
                Some(d) if digits < 4 => (number, digits) = (number * 10 + d, digits + 1),
                Some(_) => return None,
                None => {
                    self.0 = rest;
                    return (digits > 0).then_some((number, digits));
                }
            }
        }
    }

    /// `21/11/25`, `27.09.23`, `2019-01-20`, `2024. 3. 5.`: the numbers, what separates them, and whether the year
    /// stands first.
    fn date(&mut self) -> Option<([u32; 3], char, bool)> {
        let (first, digits) = self.number()?;
        self.skip_marks();
        let separator = self.0.chars().next()?;
        let (second_separator, end) = match separator {
            '/' | '-' => (separator, None),
            '.' => (separator, Some('.')),
            '年' => ('月', Some('日')),
            _ => return None,
        };
        self.eat(separator);
        self.skip_blanks();
        let (second, second_digits) = self.number()?;
        self.skip_marks();
        if !self.eat(second_separator) {
            return None;
        }
        self.skip_blanks();
        let (third, third_digits) = self.number()?;
        if let Some(end) = end {
            self.eat(end);
        }
        self.skip_era();
        let year_first = digits == 4;
        let year_digits = if year_first {
            third_digits <= 2
        } else {
            digits <= 2 && matches!(third_digits, 2 | 4)
        };
        (year_digits && second_digits <= 2).then_some((
            [first, second, third],
            separator,
            year_first,
        ))
    }

    /// Takes the word for an era after a date.
    fn skip_era(&mut self) {
        if self.begins_plain() {
            return;
        }
        let next = self.0.trim_start_matches(is_blank);
        if let Some(rest) = ERAS.iter().find_map(|era| next.strip_prefix(era)) {
            self.0 = rest;
        }
    }

    /// A short word before the time: `klo`, `à`, `um`, `kl.`, `下午`.
    fn word(&mut self) -> &'a str {
        if self.0.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return ""; // as most have none
        }
        let end = self.0.find(|c: char| digit(c).is_some()).unwrap_or(0);
        let (word, rest) = self.0.split_at(end);
        // Vowels of Indian scripts are no letters by themselves.
        let of_word = |c: char| {
            c.is_alphabetic() || is_blank(c) || matches!(c, '.' | '(' | ')' | '\u{900}'..='\u{eff}')
        };
        let short = word.chars().count() <= 12 && word.chars().all(of_word);
        if !short {
            return "";
        }
        self.0 = rest;
        word.trim_matches(is_blank)
    }

    /// `9:33:35`, `14:37`, `21.25.15`: hour, minute, second, and whether there are seconds.
    fn time(&mut self) -> Option<([u32; 3], bool)> {
        let (hour, hour_digits) = self.number()?;
        let separator = if self.eat(':') {
            ':'
        } else if self.eat('.') {
            '.'
        } else {
            return None;
        };
        let (minute, minute_digits) = self.number()?;
        let (second, second_digits) = if self.eat(separator) {
            self.number()?
        } else {
            (0, 0)
        };
        let good = hour < 24
            && minute < 60
            && second < 60
            && hour_digits <= 2
            && minute_digits == 2
            && matches!(second_digits, 0 | 2);
        good.then_some(([hour, minute, second], second_digits == 2))
    }
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
            "[",
            "[1/",
            "\u{200e}",
        ] {
            assert_eq!(Header::read(line), None, "{line}");
        }
    }
}
