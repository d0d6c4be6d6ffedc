//! Times of day in a text.

use std::sync::LazyLock;

use regex::Regex;

use super::super::numbers::spelled;
use super::dates::number;
use super::{Claim, Key, Work, is_counted, next_word, pattern, trim};
use crate::compose::guard::FindingKind;

const HALF: &str = r"(?:a\.?\s?m|p\.?\s?m)\b\.?";
const EN: &str = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve";
const ES: &str = "una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce";
const PT: &str = "uma|duas|tres|quatro|cinco|seis|sete|oito|nove|dez|onze|doze";
const FR: &str = "une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze";
const DE: &str = "eins|zwei|drei|vier|funf|sechs|sieben|acht|neun|zehn|elf|zwolf";
const IT: &str = "due|tre|quattro|cinque|sei|sette|otto|nove|dieci|undici|dodici";

static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(\d{{1,2}})\s?[:h]\s?(\d{{2}})\b(?::\d{{2}})?(?:\s?({HALF}))?"
    ))
});
static DOTTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:at|las|um|alle|a|as|gegen|ab|bis|until|from)\s+(\d{{1,2}})\.(\d{{2}})\b|\b(\d{{1,2}})\.(\d{{2}})\s?(?:{HALF}|uhr\b|h\b|hs\b|hrs\b)"
    ))
});
static HALVES: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"\b(\d{{1,2}}|{EN})\s?({HALF})")));
static RANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:from|between|de|das|des|entre|von|zwischen|dalle|tra le|desde las|open|hours:?)\s+(\d{1,2})\s*(?:h|uhr)?\s*(?:-|to|and|a|as|y|et|e|bis|und|alle|hasta las|a las)\s*(\d{1,2})\b",
    )
});
/// A number after a word that makes it a time of day.
static AT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:(?:at|by|until|till|around|before|after|@)\s+(\d{{1,2}})|(?:at\s+)?(\d{{1,2}}|{EN})\s+o'?\s?clock|at\s+({EN})|(?:a|hasta|sobre|desde|hacia|de|para)\s+las?\s+(\d{{1,2}}|{ES})|(?:as|ate as|das|pelas)\s+(\d{{1,2}}|{PT})\s*(?:h|hs|horas?)|(?:a|vers|des|jusqu'a|avant|apres)\s+(\d{{1,2}}|{FR})\s*(?:h|heures?)|(?:um|gegen|ab|bis|vor|nach)?\s*(\d{{1,2}}|{DE})\s+uhr|um\s+(\d{{1,2}}|{DE})|(?:alle|dalle|verso le|prima delle|dopo le|fino alle|per le)\s+(?:ore\s+)?(\d{{1,2}}|{IT}))\b"
    ))
});
static PAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:half past|quarter past|quarter to|halb|viertel nach|viertel vor|ten past|ten to|twenty past|twenty to)\s+(\d{{1,2}}|{EN}|{DE})\b"
    ))
});
static NOON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:at (?:noon|midday|midnight)|a mediodia|al mediodia|a medianoche|ao meio-dia|a meia-noite|a midi|a minuit|um mitternacht|a mezzogiorno|a mezzanotte)\b",
    )
});

pub(super) fn find_clocks(work: &mut Work<'_>) {
    work.take(&CLOCK, FindingKind::Time, |c, _| {
        let minutes = number(c.get(2)).filter(|m| *m < 60)?;
        clock(c.get(1)?.as_str(), minutes).map(|key| (key, trim(c)))
    });
    work.take(&DOTTED, FindingKind::Time, |c, _| {
        let (hour, minute) = (c.get(1).or(c.get(3))?, c.get(2).or(c.get(4)));
        let minutes = number(minute).filter(|m| *m < 60)?;
        clock(hour.as_str(), minutes).map(|key| (key, trim(c)))
    });
    work.take(&HALVES, FindingKind::Time, |c, _| {
        let (hour, half) = (c.get(1)?, c.get(2)?);
        clock(hour.as_str(), 0).map(|key| (key, hour.start()..half.end()))
    });
    let mut ranges = Vec::new();
    for c in RANGE.captures_iter(&work.text) {
        if let (Some(from), Some(to)) = (c.get(1), c.get(2)) {
            let next = next_word(&work.text, to.end());
            if !next.is_some_and(is_counted) {
                ranges.extend([from, to].map(|m| (m.as_str().to_owned(), m.range())));
            }
        }
    }
    for (hour, range) in ranges {
        if let Some(key) = clock(&hour, 0) {
            work.blot(range.clone());
            work.claims.push(Claim {
                kind: FindingKind::Time,
                key,
                range,
            });
        }
    }
    work.take(&PAST, FindingKind::Time, |c, _| {
        clock(c.get(1)?.as_str(), 30).map(|key| (key, trim(c)))
    });
    work.take(&AT, FindingKind::Time, |c, work| {
        let hour = (1..=9).find_map(|i| c.get(i))?;
        let whole = c.get(0)?;
        let rest = work.text.get(whole.end()..).unwrap_or_default();
        let next = next_word(&work.text, whole.end());
        if next.is_some_and(is_counted)
            || rest.starts_with(['.', ',', '%'])
                && rest
                    .get(1..)
                    .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()))
        {
            return None;
        }
        // A spelled hour before another word counts something: "a las dos opciones".
        let counts = hour.as_str().starts_with(char::is_alphabetic)
            && !whole.as_str().ends_with("clock")
            && !whole.as_str().ends_with("uhr")
            && next.is_some_and(|n| {
                !matches!(
                    n,
                    "y" | "e"
                        | "et"
                        | "de"
                        | "del"
                        | "en"
                        | "em"
                        | "da"
                        | "di"
                        | "in"
                        | "or"
                        | "and"
                        | "on"
                        | "today"
                        | "hoy"
                        | "hoje"
                        | "heute"
                        | "oggi"
                        | "menos"
                        | "pm"
                        | "am"
                )
            });
        if counts {
            return None;
        }
        clock(hour.as_str(), 0).map(|key| (key, trim(c)))
    });
    work.take(&NOON, FindingKind::Time, |c, _| {
        Some((Key::Time(0), trim(c)))
    });
}

/// A time of day, in minutes after noon or midnight: "5" may be five and seventeen o'clock.
fn clock(hour: &str, minutes: u8) -> Option<Key> {
    let hour = match hour.parse::<u16>() {
        Ok(hour) => hour,
        Err(_) => u16::try_from(spelled(&[hour])? / 100).ok()?,
    };
    (hour <= 24).then(|| Key::Time((hour * 60 + u16::from(minutes)) % 720))
}
