//! The date and the time at the beginning of a message, as phones of many countries write them.

use super::clock::{ERAS, Half, digit, era, half_after, half_before, plain};
use crate::import::words::is_direction_mark;

/// Which of date and time stands first: the time in Vietnam, and in what is copied from WhatsApp Web.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DateFirst,
    TimeFirst,
}

/// A date and a time as they are written.
pub(super) struct Stamp<'a> {
    /// The numbers, what separates them, and whether the year stands first.
    pub(super) date: ([u32; 3], char, bool),
    pub(super) comma: bool,
    pub(super) word: &'a str,
    /// Hour, minute, second, and whether there are seconds.
    pub(super) time: ([u32; 3], bool),
    /// Where it does not follow the time at the end.
    pub(super) half: Option<Half>,
    pub(super) order: Order,
}

/// A blank of any width, or an invisible mark of direction.
pub(super) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}') || is_direction_mark(c)
}

/// What is still to be read.
pub(super) struct Cursor<'a>(pub(super) &'a str);

impl<'a> Cursor<'a> {
    /// Takes this character, if it is next.
    pub(super) fn eat(&mut self, c: char) -> bool {
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
    pub(super) fn skip_marks(&mut self) -> bool {
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

    /// Takes blanks; whether there were some.
    pub(super) fn skip_blanks(&mut self) -> bool {
        if self.begins_plain() {
            return false;
        }
        let rest = self.0.trim_start_matches(is_blank);
        let some = rest.len() < self.0.len();
        self.0 = rest;
        some
    }

    /// A date and a time, in either order.
    pub(super) fn stamp(&mut self) -> Option<Stamp<'a>> {
        let whole = self.0;
        let Some(date) = self.date() else {
            self.0 = whole;
            return self.time_first();
        };
        let comma = self.eat(',') || self.eat('،') || self.eat('၊');
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
        let (first, digits) = self.number().or_else(|| self.year_of_an_era())?;
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
        let (third, third_digits) = self.number().or_else(|| self.year_of_an_era())?;
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

    /// `R6`: a year, as if it were written with four digits.
    fn year_of_an_era(&mut self) -> Option<(u32, usize)> {
        let (before, rest) = era(self.0)?;
        let mut at = Self(rest);
        let (year, digits) = at.number()?;
        self.0 = at.0;
        (digits <= 2).then_some((before + year, 4))
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
            c.is_alphabetic()
                || is_blank(c)
                || matches!(c, '.' | '(' | ')' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
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
            return self.rest_in_words(hour);
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

    /// What follows the hour in `15 h 05` or `15 h 05 min 12 s`, as in Canada.
    fn rest_in_words(&mut self, hour: u32) -> Option<([u32; 3], bool)> {
        self.skip_blanks();
        if !self.eat('h') {
            return None;
        }
        self.skip_blanks();
        let (minute, digits) = self.number()?;
        let mut at = Self(self.0);
        at.skip_blanks();
        let mut second = None;
        if let Some(rest) = at.0.strip_prefix("min") {
            at.0 = rest;
            at.skip_blanks();
            second = at.number().map(|(second, _)| second);
            at.skip_blanks();
            at.eat('s');
            self.0 = at.0;
        }
        let seconds = second.unwrap_or(0);
        let good = hour < 24 && minute < 60 && seconds < 60 && digits == 2;
        good.then_some(([hour, minute, seconds], second.is_some()))
    }
}
