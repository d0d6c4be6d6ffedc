//! Offsets from UTC, in digits or by the names that zones have.

use super::clock::two;

/// Names of zones that mean the same wherever they are written, and their hours from UTC; those of RFC 5322 first.
const NAMES: [(&str, i32); 31] = [
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("AKST", -9),
    ("AKDT", -8),
    ("HST", -10),
    ("BRT", -3),
    ("ART", -3),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("MET", 1),
    ("MEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("SAST", 2),
    ("MSK", 3),
    ("HKT", 8),
    ("SGT", 8),
    ("JST", 9),
    ("KST", 9),
    ("AEST", 10),
    ("AEDT", 11),
    ("NZST", 12),
    ("NZDT", 13),
];

/// Seconds east of UTC: `Z`, `+01:00`, `+0100`, `+01`, `UTC`, `GMT+1`, `CET`; nothing at all is no offset.
#[expect(
    clippy::option_option,
    reason = "no offset is one answer, a fault is another"
)]
pub(super) fn offset(b: &[u8]) -> Option<Option<i32>> {
    let b = b.trim_ascii_start();
    let (hours, minutes) = match b {
        [] => return Some(None),
        b"Z" | b"z" => return Some(Some(0)),
        [first, ..] if first.is_ascii_alphabetic() => return named(b).map(Some),
        [_, _, _] => (two(b, 1)?, 0),
        [_, _, _, b':', _, _] => (two(b, 1)?, two(b, 4)?),
        [_, _, _, _, _] => (two(b, 1)?, two(b, 3)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    match b[0] {
        b'+' => Some(Some(seconds)),
        b'-' => Some(Some(-seconds)),
        _ => None,
    }
}

/// `UTC`, `GMT+0100`, `UTC-3`, `CEST`.
fn named(b: &[u8]) -> Option<i32> {
    let b = b.trim_ascii_end();
    let letters = b.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (name, rest) = b.split_at(letters);
    let is = |written: &str| name.eq_ignore_ascii_case(written.as_bytes());
    if ["UTC", "GMT", "UT"].into_iter().any(is) {
        return match rest {
            [] => Some(0),
            [sign @ (b'+' | b'-'), hour] => offset(&[*sign, b'0', *hour])?,
            rest => offset(rest)?,
        };
    }
    let found = NAMES.iter().find(|(written, _)| is(written))?;
    rest.is_empty().then_some(found.1 * 3600)
}
