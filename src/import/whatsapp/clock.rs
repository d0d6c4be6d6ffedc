//! What phones of many countries write around the digits of a date and a time: halves of the day, digits, eras.

use chrono::{NaiveDate, TimeDelta};

use super::stamp::is_blank;
use crate::config::DateOrder;
use crate::import::time::date_of;

/// A half of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Morning,
    Afternoon,
}

impl Half {
    /// The hour of 24 that is `hour` of 12 in this half. Hours beyond 12 are of 24 already.
    pub(super) const fn hour(self, hour: u32) -> u32 {
        match self {
            _ if hour > 12 => hour,
            Self::Morning => hour % 12,
            Self::Afternoon => hour % 12 + 12,
        }
    }
}

/// A word for the half of the day before an hour of 12.
pub(super) fn half_before(word: &str, hour: u32) -> Option<Half> {
    match plain(word).as_str() {
        "凌晨" | "早上" | "清晨" | "午夜" | "半夜" | "de" => Some(Half::Morning),
        "晚上" | "傍晚" | "du" => Some(Half::Afternoon),
        "中午" if matches!(hour, 10 | 11) => Some(Half::Morning), // around noon
        "中午" => Some(Half::Afternoon),
        word => half(word),
    }
}

/// Words for the halves of the day, as [`plain`] has them.
const MORNING: &str = "am ص πμ vorm öö fm dop vm ap sa pg дп прпр проб fh pd قظ قبلازظهر لפנה״צ לפנה״צ לפנה\"צ पूर्वाह्न मपू \
ก่อนเที่ยง priešpiet priekšp পূর্বাহ্ণ পূৰ্বাহ্ন முற்பகல் ಪೂರ್ವಾಹ್ನ ਪੂਦੁ පෙව ກ່ອນທ່ຽງ ព្រឹក နံနက် ጥዋት үө կա eparadites to yb sn rn тң \
asubuhi goöň बिहान 上午 오전 午前";
const AFTERNOON: &str = "pm م μμ nachm ös em odp nm ip ch ptg пп слоб eh md بظ بعدازظهر אחה״צ אחה\"צ अपराह्न मउ \
หลังเที่ยง popiet pēcp pop অপরাহ্ণ অপৰাহ্ন பிற்பகல் ಅಪರಾಹ್ನ ਬਾਦੁ පව ຫຼັງທ່ຽງ ល្ងាច ညနေ ከሰዓት үх կհ epasdites tk yh gn in тк \
alasiri gosoň बेलुका 下午 오후 午後";

/// A word for the half of the day after the time: `Some(None)` for none at all, `None` for another word.
#[expect(
    clippy::option_option,
    reason = "no word is one answer, a wrong one is another"
)]
pub(super) fn half_after(written: &str) -> Option<Option<Half>> {
    let word = written.trim_matches(is_blank);
    if word.eq_ignore_ascii_case("am") {
        return Some(Some(Half::Morning)); // as most are
    }
    if word.eq_ignore_ascii_case("pm") {
        return Some(Some(Half::Afternoon));
    }
    match plain(word).as_str() {
        "" | "ч" => Some(None), // "hours", in Bulgarian
        word => half(word).map(Some),
    }
}

/// The half that `word`, as [`plain`] has it, stands for.
fn half(word: &str) -> Option<Half> {
    let is_in = |list: &str| list.split(' ').any(|one| one == word);
    if is_in(MORNING) {
        Some(Half::Morning)
    } else {
        is_in(AFTERNOON).then_some(Half::Afternoon)
    }
}

/// Letters only, in lower case.
pub(super) fn plain(text: &str) -> String {
    let letters = text
        .chars()
        .filter(|c| !is_blank(*c) && !matches!(c, '.' | '\u{200c}' | '\u{200b}'));
    letters.flat_map(char::to_lowercase).collect()
}

/// The value of a digit: Latin, Arabic, Persian, of India's scripts, Thai, Burmese or Khmer.
pub(super) fn digit(c: char) -> Option<u32> {
    const ZEROS: [char; 14] = [
        '٠', '۰', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '၀', '០',
    ];
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let value = |zero: char| u32::from(c).checked_sub(u32::from(zero));
    ZEROS.iter().find_map(|z| value(*z).filter(|v| *v < 10))
}

/// Words that may follow the digits of a date: "year" in Bulgarian, the Buddhist and the Persian era.
pub(super) const ERAS: [&str; 6] = ["г.", "BE", "พ.ศ.", "AP", "ه\u{200d}.ش.", "هـ.ش."];

/// The year of ours before the first of an era of Japan's: `R6` is 2024.
pub(super) fn era(text: &str) -> Option<(u32, &str)> {
    const BEFORE: [(&str, u32); 4] = [("R", 2018), ("令和", 2018), ("H", 1988), ("平成", 1988)];
    BEFORE
        .iter()
        .find_map(|(era, year)| Some((*year, text.strip_prefix(era)?)))
}

/// The day of three numbers in `order`, by the calendar that their year shows: ours, the Buddhist of Thailand or the
/// Persian. `None` for the Islamic one, whose days differ from country to country.
pub(super) fn day(numbers: [u32; 3], order: DateOrder) -> Option<NaiveDate> {
    let [a, b, c] = numbers;
    match (order, if order == DateOrder::Ymd { a } else { c }) {
        (_, 1430..=1500) => None,
        (DateOrder::Ymd, 1300..=1429) => persian(a, b, c),
        (DateOrder::Dmy, 1300..=1429) => persian(c, b, a),
        (DateOrder::Mdy, 1300..=1429) => persian(c, a, b),
        (DateOrder::Ymd, 2500..=2700) => date_of([a - 543, b, c], order),
        (_, 2500..=2700) => date_of([a, b, c - 543], order),
        _ => date_of(numbers, order),
    }
}

/// A day of the Persian calendar, by its cycle of 33 years, which is right from 1300 to 1500.
fn persian(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let days = |year: u32, month: u32, day: u32| {
        let years = i64::from(year) + 1595;
        let leaps = years / 33 * 8 + (years % 33 + 3) / 4;
        let before = i64::from(month - 1) * 30 + i64::from(month.min(7) - 1);
        365 * years + leaps + before + i64::from(day)
    };
    let longest = if month <= 6 { 31 } else { 30 };
    if !(1..=12).contains(&month) || !(1..=longest).contains(&day) {
        return None;
    }
    let found = days(year, month, day);
    if found >= days(year + 1, 1, 1) {
        return None; // the 30th of the last month, in a common year
    }
    let new_year = NaiveDate::from_ymd_opt(2021, 3, 21)?;
    new_year.checked_add_signed(TimeDelta::days(found - days(1400, 1, 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_other_calendars_are_found() {
        use DateOrder::{Dmy, Mdy, Ymd};
        for (numbers, order, found) in [
            ([2024, 3, 5], Ymd, Some("2024-03-05")),
            ([5, 3, 24], Dmy, Some("2024-03-05")),
            ([13, 5, 2566], Dmy, Some("2023-05-13")),
            ([2566, 5, 13], Ymd, Some("2023-05-13")),
            ([1402, 5, 13], Ymd, Some("2023-08-04")),
            ([13, 5, 1402], Dmy, Some("2023-08-04")),
            ([5, 13, 1402], Mdy, Some("2023-08-04")),
            ([1400, 1, 1], Ymd, Some("2021-03-21")),
            ([1403, 12, 30], Ymd, Some("2025-03-20")), // a leap year
            ([1404, 1, 1], Ymd, Some("2025-03-21")),
            ([1404, 7, 1], Ymd, Some("2025-09-23")),
            ([1404, 12, 30], Ymd, None),
            ([1404, 7, 31], Ymd, None),
            ([1404, 13, 1], Ymd, None),
            ([1404, 0, 0], Ymd, None),
            ([1445, 9, 1], Ymd, None), // Islamic
        ] {
            let found = found.map(|day| day.parse().expect("a day"));
            assert_eq!(day(numbers, order), found, "{numbers:?}");
        }
    }

    #[test]
    fn hours_of_twelve_are_read() {
        for (half, hour, found) in [
            (Half::Morning, 12, 0),
            (Half::Morning, 0, 0),
            (Half::Afternoon, 12, 12),
            (Half::Afternoon, 1, 13),
            (Half::Afternoon, 13, 13),
        ] {
            assert_eq!(half.hour(hour), found);
        }
        assert_eq!(half_before("中午", 11), Some(Half::Morning));
        assert_eq!(half_before("中午", 12), Some(Half::Afternoon));
        assert_eq!(half_before("klo", 12), None);
        assert_eq!(
            (digit('५'), digit('๙'), digit('x')),
            (Some(5), Some(9), None)
        );
    }
}
