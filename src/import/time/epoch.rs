//! Times as numbers: so long after 1970, or days as spreadsheets count them.

use chrono::{DateTime, NaiveDate, TimeDelta};

use super::Local;

/// `1772442000` (seconds), `1772442000000` (milliseconds), and so on to nanoseconds: a time of these decades has so many
/// digits in each. Seconds may have a fraction.
pub(super) fn since_1970(text: &str) -> Option<Local> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(is_digits(whole) && is_digits(fraction)) || fraction.len() > 9 {
        return None;
    }
    let whole_number: i64 = whole.parse().ok()?;
    let micros = match (whole.len(), fraction.len()) {
        (10, digits) => {
            let parts: i64 = if digits == 0 {
                0
            } else {
                fraction.parse().ok()?
            };
            let scale = 10_i64.checked_pow(u32::try_from(digits).ok()?)?;
            whole_number * 1_000_000 + parts * 1_000_000 / scale
        }
        (13, _) => whole_number * 1000,
        (16, 0) => whole_number,
        (19, 0) => whole_number / 1000,
        _ => return None,
    };
    let at = DateTime::from_timestamp_micros(micros)?;
    Some((at.naive_utc(), Some(0)))
}

/// `46083.375`: days since 1899-12-30, as spreadsheets show a time whose cell has lost its format. A whole number of
/// days is no time.
pub(super) fn serial(text: &str) -> Option<Local> {
    let (days, fraction) = text.split_once(['.', ','])?;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if days.len() != 5 || !is_digits(days) || !is_digits(fraction) || fraction.len() > 17 {
        return None;
    }
    let parts: f64 = format!("0.{fraction}").parse().ok()?;
    // Milliseconds of a day are few enough to be exact.
    #[expect(clippy::cast_possible_truncation, reason = "less than a day")]
    let millis = (parts * 86_400_000.0).round() as i64;
    let first = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_hms_opt(0, 0, 0)?;
    let day = first.checked_add_signed(TimeDelta::days(days.parse().ok()?))?;
    Some((
        day.checked_add_signed(TimeDelta::milliseconds(millis))?,
        None,
    ))
}
