//! Dates and days in a text, in digits and spelled.

use std::sync::LazyLock;

use regex::{Captures, Match, Regex};

use super::super::numbers::spelled;
use super::super::plain::words;
use super::{Key, Work, is_counted, next_word, pattern, trim};
use crate::compose::guard::FindingKind;
use crate::model::Language;

/// A day, as far as it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// Day and month; both orders of a numeric date are tried. The year, where one is said.
    Date {
        day: u8,
        month: u8,
        either: bool,
        year: Option<u16>,
    },
    /// A day of whichever month.
    Nth(u8),
    /// A month, without a day.
    Month(u8),
    /// From Monday, 0.
    Weekday(u8),
    /// 1 is tomorrow, 2 the day after; 7 and 30 are next week and next month.
    Ahead(u8),
}

impl Day {
    /// Whether what is known says what is stated.
    pub(super) fn holds(self, stated: &Self) -> bool {
        match (self, *stated) {
            (
                Self::Date {
                    day,
                    month,
                    either,
                    year,
                },
                Self::Date {
                    day: d,
                    month: m,
                    either: e,
                    year: y,
                },
            ) => {
                let same = (day, month) == (d, m) || (either || e) && (day, month) == (m, d);
                same && (year.is_none() || y.is_none() || year == y)
            }
            (
                Self::Date {
                    day, month, either, ..
                },
                Self::Nth(d),
            ) => day == d || either && month == d,
            (Self::Date { month, .. }, Self::Month(m)) => month == m,
            (known, stated) => known == stated,
        }
    }
}

const MONTHS: [&str; 12] = [
    "january|jan|enero|ene|janeiro|janvier|janv|januar|janner|gennaio|gen",
    "february|feb|febrero|fevereiro|fev|fevrier|fevr|februar|febbraio|febb",
    "march|mar|marzo|marco|mars|marz|maerz",
    "april|apr|abril|abr|avril|avr|aprile",
    "may|mayo|maio|mai|maggio|mag",
    "june|jun|junio|junho|juin|juni|giugno|giu",
    "july|jul|julio|julho|juillet|juil|juli|luglio|lug",
    "august|aug|agosto|ago|aout",
    "september|sept|sep|septiembre|setiembre|setembro|set|septembre|settembre",
    "october|oct|octubre|outubro|out|octobre|oktober|okt|ottobre|ott",
    "november|nov|noviembre|novembro|novembre",
    "december|dec|diciembre|dic|dezembro|dez|decembre|dezember|dicembre",
];
const SPELLED: &str = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[ -]first|thirtieth|primero?|premier|ersten?|dritten?|[a-z]{3,20}(?:[ -](?:y|e|et|und)[ -][a-z]{3,10})?";
const WEEKDAYS: [&str; 7] = [
    "mondays?|lunes|segunda-feira|lundis?|montags?|lunedi",
    "tuesdays?|martes|terca-feira|mardis?|dienstags?|martedi",
    "wednesdays?|miercoles|quarta-feira|mercredis?|mittwochs?|mercoledi",
    "thursdays?|jueves|quinta-feira|jeudis?|donnerstags?|giovedi",
    "fridays?|viernes|sexta-feira|vendredis?|freitags?|venerdi",
    "saturdays?|sabados?|samedis?|samstags?|sonnabends?|sabato",
    "sundays?|domingos?|dimanches?|sonntags?|domenica",
];
const AHEAD: [(u8, &str); 4] = [
    (
        2,
        "day after tomorrow|pasado manana|depois de amanha|apres-demain|ubermorgen|uebermorgen|dopodomani",
    ),
    (1, "tomorrow|tmrw|amanha|demain|domani"),
    (
        7,
        "next week|proxima semana|semana que (?:viene|vem|entra)|semaine prochaine|nachsten? woche|naechsten? woche|prossima settimana|settimana prossima",
    ),
    (
        30,
        "next month|proximo mes|mes que (?:viene|vem|entra)|mois prochain|nachsten? monat|naechsten? monat|prossimo mese|mese prossimo",
    ),
];

fn months() -> String {
    MONTHS.join("|")
}

static ISO: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:\b|t)"));
static NUMERIC: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})\b"));
static SHORT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{1,2})(?:/|\.)(\d{1,2})(?:\.|\b)"));
static DAY_MONTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(\d{{1,2}})(?:st|nd|rd|th|o|a|er|\.)?(?:\s+(?:of|de|do|di))?[\s.-]*({})\b(?:[.,]?\s*(?:of|de|del|do)?\s*(\d{{4}}))?",
        months()
    ))
});
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b({})\.?\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}})\b)?",
        months()
    ))
});
static SPELLED_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b({SPELLED})\s+(?:of\s+|de\s+|di\s+|do\s+)?({})\b",
        months()
    ))
});
static MONTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:in|en|em|im|a|until|hasta|ate|bis|fino a|since|desde|next|en el mes de|this)\s+({})\b",
        months()
    ))
});
static DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:the|on the)\s+(\d{1,2})(?:st|nd|rd|th)\b|\b(?:el|el dia|dia|le|il|il giorno|giorno)\s+(\d{1,2})\b|\b(?:am|zum|bis zum|ab dem)\s+(\d{1,2})\.(?:\s|$)",
    )
});
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    let alternatives: Vec<String> = WEEKDAYS.iter().map(|d| format!("({d})")).collect();
    pattern(&format!(r"\b(?:{})\b", alternatives.join("|")))
});
static NEXT: LazyLock<Regex> = LazyLock::new(|| {
    let alternatives: Vec<String> = AHEAD.iter().map(|(_, d)| format!("({d})")).collect();
    pattern(&format!(r"\b(?:{})\b", alternatives.join("|")))
});
/// "mañana" and "morgen" are tomorrow, unless they are a morning.
static MORNING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:\b([a-z]+)\s+)?\b(manana|morgen)\b(?:\s+([a-z]+))?"));

pub(super) fn find_dates(work: &mut Work<'_>, language: Option<Language>) {
    let two = |c: &Captures<'_>, day: usize, month: usize| -> Option<(u8, u8)> {
        let (day, month) = (number(c.get(day))?, number(c.get(month))?);
        Some((day, month))
    };
    work.take(&ISO, FindingKind::Date, |c, _| {
        let (day, month) = two(c, 3, 2)?;
        let year = c.get(1)?.as_str().parse().ok();
        date(day, month, false, year).map(|key| (key, trim(c)))
    });
    work.take(&NUMERIC, FindingKind::Date, |c, _| {
        let (day, month) = two(c, 1, 2)?;
        let year: u16 = c.get(3)?.as_str().parse().ok()?;
        let year = if year < 100 { year + 2000 } else { year };
        date(day, month, true, Some(year)).map(|key| (key, trim(c)))
    });
    work.take(&DAY_MONTH, FindingKind::Date, |c, _| {
        let month = month(c.get(2)?.as_str())?;
        let year = c.get(3).and_then(|y| y.as_str().parse().ok());
        date(number(c.get(1))?, month, false, year).map(|key| (key, trim(c)))
    });
    work.take(&MONTH_DAY, FindingKind::Date, |c, _| {
        let month = month(c.get(1)?.as_str())?;
        let year = c.get(3).and_then(|y| y.as_str().parse().ok());
        date(number(c.get(2))?, month, false, year).map(|key| (key, trim(c)))
    });
    work.take(&SPELLED_DAY, FindingKind::Date, |c, _| {
        let (day, name) = (c.get(1)?, c.get(2)?);
        // "may" is a verb more often than a month.
        let joined = day.end() + 1 < name.start();
        let value = ordinal(day.as_str())?;
        let sure =
            joined || !matches!(name.as_str(), "may" | "mar" | "set" | "out" | "gen" | "mag");
        let key = date(value, month(name.as_str())?, false, None).filter(|_| sure)?;
        Some((key, trim(c)))
    });
    work.take(&SHORT, FindingKind::Date, |c, work| {
        let whole = c.get(0)?;
        if whole.as_str().starts_with("24/7") || whole.as_str() == "50/50" {
            return None;
        }
        let dotted = !whole.as_str().contains('/');
        let next = work.text.get(whole.end()..).unwrap_or_default();
        let previous = work.text.get(..whole.start()).unwrap_or_default();
        if previous.ends_with(['/', '.', '-']) || next.starts_with('/') {
            return None;
        }
        // "3.30" is a time or an amount; "3.4." is a German date.
        if dotted && !whole.as_str().ends_with('.')
            || next.starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        let (day, month) = two(c, 1, 2)?;
        date(day, month, true, None).map(|key| (key, trim(c)))
    });
    work.take(&MONTH, FindingKind::Date, |c, _| {
        let name = c.get(1)?;
        let sure = name.as_str().len() > 4
            || matches!(
                name.as_str(),
                "june" | "july" | "mayo" | "mars" | "juin" | "aout" | "maio" | "juni" | "juli"
            );
        let month = month(name.as_str()).filter(|_| sure)?;
        Some((Key::Day(Day::Month(month)), name.range()))
    });
    work.take(&DAY, FindingKind::Date, |c, work| {
        let day = (1..=3).find_map(|i| c.get(i))?;
        let next = next_word(&work.text, day.end());
        let value = number(Some(day)).filter(|d| (1..=31).contains(d))?;
        if next.is_some_and(is_counted) {
            return None;
        }
        Some((Key::Day(Day::Nth(value)), trim(c)))
    });
    let tentative = |work: &Work<'_>, at: usize| is_tentative(work.plain.sentence(at), language);
    work.take(&WEEKDAY, FindingKind::Date, |c, work| {
        let whole = c.get(0)?;
        let day = (1..=7).position(|i| c.get(i).is_some())?;
        let day = u8::try_from(day).ok()?;
        (!tentative(work, whole.start())).then(|| (Key::Day(Day::Weekday(day)), whole.range()))
    });
    work.take(&NEXT, FindingKind::Date, |c, work| {
        let whole = c.get(0)?;
        let which = (1..=AHEAD.len()).position(|i| c.get(i).is_some())?;
        let (days, _) = AHEAD.get(which)?;
        (!tentative(work, whole.start())).then(|| (Key::Day(Day::Ahead(*days)), whole.range()))
    });
    work.take(&MORNING, FindingKind::Date, |c, work| {
        let word = c.get(2)?;
        let before = c.get(1).map_or("", |w| w.as_str());
        let after = c.get(3).map_or("", |w| w.as_str());
        let morning = matches!(
            before,
            "la" | "esta"
                | "cada"
                | "una"
                | "buena"
                | "linda"
                | "media"
                | "de"
                | "guten"
                | "gute"
                | "heute"
                | "jeden"
                | "einen"
                | "den"
                | "am"
                | "schonen"
        ) || matches!(after, "allerseits" | "zusammen");
        (!morning && !tentative(work, word.start()))
            .then(|| (Key::Day(Day::Ahead(1)), word.range()))
    });
}

/// Whether a sentence only asks or supposes, so that a day in it says nothing.
fn is_tentative(sentence: &str, language: Option<Language>) -> bool {
    if sentence.trim_end().ends_with('?') || sentence.contains('¿') {
        return true;
    }
    let suppositions: &[&str] = match language {
        Some(Language::En) | None => &["if", "or", "whether"],
        Some(Language::Es) => &["si", "o"],
        Some(Language::Pt) => &["se", "ou", "caso"],
        Some(Language::Fr) => &["si", "ou"],
        Some(Language::De) => &["wenn", "falls", "ob", "oder"],
        Some(Language::It) => &["se", "o"],
    };
    words(sentence).any(|w| suppositions.contains(&w))
}

pub(super) fn number(found: Option<Match<'_>>) -> Option<u8> {
    found?.as_str().parse().ok()
}

/// A date, when it can be one.
fn date(day: u8, month: u8, either: bool, year: Option<u16>) -> Option<Key> {
    let can = |day: u8, month: u8| (1..=31).contains(&day) && (1..=12).contains(&month);
    if !(can(day, month) || either && can(month, day)) {
        return None;
    }
    Some(Key::Day(Day::Date {
        day,
        month,
        either,
        year,
    }))
}

fn month(name: &str) -> Option<u8> {
    let place = MONTHS
        .iter()
        .position(|m| m.split('|').any(|n| n == name))?;
    u8::try_from(place + 1).ok()
}

const ORDINALS: [&str; 20] = [
    "first primero primer primeiro premier erste ersten primo",
    "second segundo zweite zweiten",
    "third tercero dritte dritten",
    "fourth vierte vierten",
    "fifth funfte funften",
    "sixth sechste sechsten",
    "seventh siebte siebten",
    "eighth achte achten",
    "ninth neunte neunten",
    "tenth zehnte zehnten",
    "eleventh elfte elften",
    "twelfth zwolfte zwolften",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth zwanzigste zwanzigsten",
];

/// The day that words spell.
fn ordinal(text: &str) -> Option<u8> {
    let place = |word: &str| {
        ORDINALS
            .iter()
            .position(|o| o.split(' ').any(|w| w == word))
    };
    let spelled_words: Vec<&str> = words(text).collect();
    let last = *spelled_words.last()?;
    if let Some(place) = place(last) {
        let tens = match spelled_words.first() {
            Some(&"twenty") => 20,
            Some(&"thirty") => 30,
            _ => 0,
        };
        return u8::try_from(place + 1 + tens).ok();
    }
    if last == "thirtieth" {
        return Some(30);
    }
    let hundredths = spelled(&spelled_words)?;
    u8::try_from(hundredths / 100).ok()
}
