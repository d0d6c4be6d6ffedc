//! The beginning of a message in a chat export: `[21/11/25, 9:33:35] ` or `12/16/19, 2:35 PM - `, as phones of many
//! countries write it.

use chrono::{NaiveDate, NaiveDateTime};
use memchr::memchr_iter;

use crate::config::DateOrder;
use crate::import::time::date_of;
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
}

impl<'a> Header<'a> {
    /// Reads the beginning of `line`; `None` when it does not begin a message.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let mut at = Cursor(line);
        let marked = at.skip_marks();
        let bracket = at.eat('[');
        at.skip_blanks();
        let (date, separator, year_first) = at.date()?;
        let comma = at.eat(',') || at.eat('،');
        let blank = at.skip_blanks();
        if !comma && !blank {
            return None;
        }
        let word = at.word();
        let before = half_before(word);
        let (time, seconds) = at.time()?;
        let (between, rest) = match bracket {
            true => at.0.split_once(']')?,
            false => split_at_dash(at.0)?,
        };
        let half = match before {
            None if !between.is_empty() => half_after(between)?,
            _ => before,
        };
        let hour = match half {
            Some(half) if time[0] <= 12 => time[0] % 12 + 12 * u32::from(half == Half::Afternoon),
            _ => time[0],
        };
        Some(Self {
            marked,
            date,
            time: [hour, time[1], time[2]],
            shape: Shape {
                bracket,
                year_first,
                separator,
                comma,
                word: (before.is_none() && !word.is_empty()).then(|| word.to_owned()),
                seconds,
                halves: half.is_some(),
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
        date_of(self.date, order)
    }

    /// The local time in `order`, if there is such a day.
    pub(super) fn local(&self, order: DateOrder) -> Option<NaiveDateTime> {
        let [hour, minute, second] = self.time;
        self.day(order)?.and_hms_opt(hour, minute, second)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

/// A word for the half of the day before the time.
fn half_before(word: &str) -> Option<Half> {
    match word {
        "上午" | "오전" | "午前" | "凌晨" | "早上" => Some(Half::Morning),
        "下午" | "오후" | "午後" | "晚上" => Some(Half::Afternoon),
        _ => None,
    }
}

/// A word for the half of the day after the time: `Some(None)` for none at all, `None` for another word.
#[expect(
    clippy::option_option,
    reason = "no word is one answer, a wrong one is another"
)]
fn half_after(written: &str) -> Option<Option<Half>> {
    let word = written.trim_matches(is_blank);
    if word.eq_ignore_ascii_case("am") {
        return Some(Some(Half::Morning)); // as most are
    }
    if word.eq_ignore_ascii_case("pm") {
        return Some(Some(Half::Afternoon));
    }
    match plain(word).as_str() {
        "" => Some(None),
        "am" | "ص" | "πμ" | "vorm" | "öö" | "fm" | "dop" => Some(Some(Half::Morning)),
        "pm" | "م" | "μμ" | "nachm" | "ös" | "em" | "odp" => Some(Some(Half::Afternoon)),
        _ => None,
    }
}

/// What stands before and after the first ` - `.
fn split_at_dash(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut dashes = memchr_iter(b'-', bytes);
    let at =
        dashes.find(|at| *at > 0 && bytes[at - 1] == b' ' && bytes.get(at + 1) == Some(&b' '))?;
    Some((&text[..at - 1], &text[at + 2..]))
}

/// Letters only, in lower case.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|c| !is_blank(*c) && *c != '.');
    letters.flat_map(char::to_lowercase).collect()
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

    /// Takes marks of direction and order; whether there was one.
    fn skip_marks(&mut self) -> bool {
        if self.begins_plain() {
            return false;
        }
        let rest = self
            .0
            .trim_start_matches(|c| is_direction_mark(c) || c == '\u{feff}');
        let marked = rest.len() < self.0.trim_start_matches('\u{feff}').len();
        self.0 = rest;
        marked
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

    /// A number and how many digits it has: Latin, Arabic or Persian ones.
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
        let separator = self.0.chars().next()?;
        if !matches!(separator, '/' | '.' | '-') {
            return None;
        }
        self.eat(separator);
        self.skip_blanks();
        let (second, second_digits) = self.number()?;
        if !self.eat(separator) {
            return None;
        }
        self.skip_blanks();
        let (third, third_digits) = self.number()?;
        if separator == '.' {
            self.eat('.');
        }
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

    /// A short word before the time: `klo`, `à`, `um`, `kl.`, `下午`.
    fn word(&mut self) -> &'a str {
        if self.0.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return ""; // as most have none
        }
        let end = self.0.find(|c: char| digit(c).is_some()).unwrap_or(0);
        let (word, rest) = self.0.split_at(end);
        let short = word.chars().count() <= 8
            && word
                .chars()
                .all(|c| c.is_alphabetic() || is_blank(c) || c == '.');
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

fn digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(u32::from(c) - u32::from('0')),
        '٠'..='٩' => Some(u32::from(c) - u32::from('٠')),
        '۰'..='۹' => Some(u32::from(c) - u32::from('۰')),
        _ => None,
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
            "[",
            "[1/",
            "\u{200e}",
        ] {
            assert_eq!(Header::read(line), None, "{line}");
        }
    }
}
