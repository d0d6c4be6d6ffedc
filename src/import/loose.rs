//! Values of JSON as platforms write them: an id is a text here and a number there, a time is in seconds, in
//! milliseconds or in words.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::time::instant;
use super::words::shown;
use crate::model::Timestamp;
use crate::zone::Zone;

/// A text, or a number or truth value as text; borrowed where it has no escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'a> Text<'a> {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text, unless there is none or it is empty.
#[inline]
pub(crate) fn filled<'a>(text: Option<Text<'a>>) -> Option<Cow<'a, str>> {
    text.map(|t| t.0).filter(|t| !t.is_empty())
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text)))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(if value { "true" } else { "false" })))
            }
        }
        input.deserialize_any(Texts)
    }
}

/// Whether a value says yes: a truth value, the word for one, or 0 or 1. `None` for null and all else.
pub(crate) fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<Option<bool>, D::Error> {
    let text = Option::<Text<'de>>::deserialize(input)?;
    Ok(match text.as_ref().map(Text::as_str) {
        Some("true" | "True" | "1" | "yes") => Some(true),
        Some("false" | "False" | "0" | "no") => Some(false),
        _ => None,
    })
}

/// Values that are a list, or stand in one that an object has under one of these keys.
#[derive(Debug)]
pub(crate) struct Listed<T>(pub(crate) Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Lists<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Lists<T> {
            type Value = Listed<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E>(self) -> Result<Listed<T>, E> {
                Ok(Listed::default())
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Listed<T>, S::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Listed(all))
            }
            fn visit_map<M: MapAccess<'de>>(self, mut entries: M) -> Result<Listed<T>, M::Error> {
                let mut all = Vec::new();
                while let Some(Text(key)) = entries.next_key()? {
                    if matches!(key.as_ref(), "contacts" | "conversation_parts" | "data") {
                        let list: Option<Vec<T>> = entries.next_value()?;
                        all = list.unwrap_or_default();
                    } else {
                        entries.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Listed(all))
            }
        }
        input.deserialize_any(Lists(PhantomData))
    }
}

/// Reads one row; on failure in words, without serde_json's line, which is of the row and not of the file.
pub(crate) fn row<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|e| {
        let words = e.to_string();
        let words = words.split(" at line ").next().unwrap_or_default();
        format!("cannot be read: {words}")
    })
}

/// The row with halves of letters made whole, after it could not be read for `reason`: a text that was cut in the middle
/// of an emoji ends in one (`\\ud83d`). `None` when that is not what is wrong.
pub(crate) fn mended(json: &str, reason: &str) -> Option<String> {
    if !(reason.contains("hex escape") || reason.contains("surrogate")) {
        return None;
    }
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut out, mut from, mut at) = (String::with_capacity(json.len()), 0, 0);
    while let Some(next) = memchr::memchr(b'\\', json.as_bytes().get(at..)?) {
        at += next;
        at += match unit(at) {
            None => 2, // some other escape
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                out.push_str(&json[from..at]);
                out.push('\u{fffd}');
                from = at + 6;
                6
            }
            Some(_) => 6,
        };
    }
    (from > 0).then(|| out + &json[from..])
}

/// The instant that is so many seconds after 1970-01-01T00:00:00Z; a fraction may follow.
pub(crate) fn seconds(text: &str) -> Result<Timestamp, String> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let micros = fraction
        .bytes()
        .take(6)
        .chain(std::iter::repeat(b'0'))
        .take(6)
        .try_fold(0_i64, |n, b| {
            b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'))
        });
    let at = whole
        .parse::<i64>()
        .ok()
        .zip(micros)
        .and_then(|(seconds, micros)| seconds.checked_mul(1_000_000)?.checked_add(micros));
    at.and_then(plausible)
        .ok_or_else(|| format!("{} is not a time in seconds since 1970", shown(text)))
}

/// The same, or a time in words, which is UTC's where it has no offset.
pub(crate) fn seconds_or_words(text: &str) -> Result<Timestamp, String> {
    if text.contains('-') && !text.starts_with('-') {
        instant(text, Some(&Zone::utc()), None)
    } else {
        seconds(text)
    }
}

/// The instant that is so many milliseconds after 1970-01-01T00:00:00Z.
pub(crate) fn milliseconds(text: &str) -> Result<Timestamp, String> {
    let at = text.trim().parse::<i64>().ok();
    at.and_then(|ms| plausible(ms.checked_mul(1000)?))
        .ok_or_else(|| format!("{} is not a time in milliseconds since 1970", shown(text)))
}

/// An instant from 1970 to 9999: seconds taken for milliseconds, or the other way round, are none.
fn plausible(micros: i64) -> Option<Timestamp> {
    const END: i64 = 253_402_300_800_000_000;
    (0..END)
        .contains(&micros)
        .then(|| DateTime::<Utc>::from_timestamp_micros(micros))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_or_none() {
        let at = |text: &str| seconds(text).map(|t| t.timestamp_micros());
        assert_eq!(at("1544006350"), Ok(1_544_006_350_000_000));
        assert_eq!(at("1544006350.25"), Ok(1_544_006_350_250_000));
        assert_eq!(
            milliseconds("1646512246863").map(|t| t.timestamp_micros()),
            Ok(1_646_512_246_863_000)
        );
        for text in [
            "",
            "soon",
            "-1",
            "1e9",
            "1544006350.x",
            "1646512246863000",
            "99999999999999999999",
        ] {
            assert!(at(text).is_err(), "{text}");
        }
        assert!(milliseconds("1646512246863000000").is_err() && milliseconds("x").is_err());
    }

    #[test]
    fn halves_of_letters_are_made_whole() {
        for (json, text) in [
            (r#""see you \ud83d""#, Some("see you \u{fffd}")),
            (
                r#""\ude00\ud83d\ude00 \\ud83d \uD83D, \u00e9""#,
                Some("\u{fffd}😀 \\ud83d \u{fffd}, é"),
            ),
            (r#""\ud83d\ud83d\ude00""#, Some("\u{fffd}😀")),
            (r#""\ud83d\n""#, Some("\u{fffd}\n")),
            (r#""\ud83""#, None),
            (r#""\"#, None),
        ] {
            let reason = row::<Text<'_>>(json).expect_err(json);
            let whole = mended(json, &reason);
            let read = whole
                .as_deref()
                .map(|json| row::<Text<'_>>(json).expect(json).0);
            assert_eq!(read.as_deref(), text, "{json}");
        }
        assert_eq!(mended("{", "EOF while parsing"), None);
    }

    #[test]
    fn ids_are_texts_or_numbers() {
        for (json, text) in [
            ("\"a\\n\"", "a\n"),
            ("12", "12"),
            ("-1", "-1"),
            ("true", "true"),
            ("\"\"", ""),
        ] {
            assert_eq!(
                row::<Text<'_>>(json).map(|t| t.0.into_owned()).as_deref(),
                Ok(text)
            );
        }
        let fault = row::<Text<'_>>("[1]").expect_err("a list");
        assert_eq!(
            fault,
            "cannot be read: invalid type: sequence, expected a text or a number"
        );
    }
}
