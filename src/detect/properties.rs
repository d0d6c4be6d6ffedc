//! What holds for any text whatever.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::grammar::GRAMMAR;
use super::{Detector, Input, Reading};
use crate::model::{Language, SignalKind, Timestamp};
use crate::zone::Zone;

fn read(text: &str, sent_at: Timestamp, zone: &Zone, language: Option<Language>) -> Reading {
    Detector::new(&["no gracias".to_owned()]).read(&Input {
        text,
        sent_at,
        zone,
        language,
        default_language: Language::Es,
    })
}

#[test]
fn s5_a_keyword_is_one_with_pictures_unseen_marks_and_said_again() {
    let (now, zone) = (Timestamp::UNIX_EPOCH, Zone::named("UTC").unwrap());
    let signal = |text| read(text, now, &zone, None).signal;
    for text in [
        "🛑 stop",
        "STOP 🙏🏽",
        "❌ BAJA",
        "stop\u{200f}",
        "\u{feff}st\u{ad}op",
        "ＳＴＯＰ",
        "stop stop stop",
        "STOP\nSTOP",
    ] {
        assert_eq!(signal(text), Some(SignalKind::OptOut), "{text:?}");
    }
    for text in [
        "🚌 stop 4",
        "stop by 😊",
        "🛑",
        "fine 👍",
        "cancel my 3pm 🙏",
    ] {
        assert_ne!(signal(text), Some(SignalKind::OptOut), "{text:?}");
    }
}

fn languages() -> impl Strategy<Value = Option<Language>> {
    proptest::option::of(proptest::sample::select(Language::ALL))
}

fn zones() -> impl Strategy<Value = Zone> {
    let names = vec![
        "UTC",
        "Europe/Madrid",
        "America/Mexico_City",
        "Pacific/Apia",
    ];
    proptest::sample::select(names).prop_map(|name| Zone::named(name).unwrap())
}

/// Instants of a few centuries, and the ends of the calendar.
fn instants() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        20 => (-5_000_000_000_i64..20_000_000_000)
            .prop_map(|s| Timestamp::from_timestamp(s, 0).unwrap()),
        1 => Just(Timestamp::MAX_UTC),
        1 => Just(Timestamp::MIN_UTC),
    ]
}

/// Texts of the rules' own words, numbers and signs: the likeliest to lead somewhere.
fn wordy() -> impl Strategy<Value = String> {
    let words = GRAMMAR.vocabulary.len();
    let word = (1..words).prop_map(|id| {
        let id = u32::try_from(id).unwrap();
        GRAMMAR.vocabulary.word(id).to_owned()
    });
    let number = "[0-9]{1,4}([:/.,-][0-9]{1,4}){0,2}(pm|h|th|st)?";
    let sign = proptest::sample::select(vec![" ", ".", ", ", "? ", "\n", "-", "'", "/", ":"]);
    let part = prop_oneof![
        6 => word,
        3 => number.prop_map(String::from),
        1 => sign.prop_map(str::to_owned)
    ];
    (proptest::collection::vec(part, 0..24), any::<bool>())
        .prop_map(|(parts, tight)| parts.join(if tight { "" } else { " " }))
}

fn holds(text: &str, sent_at: Timestamp, reading: &Reading) -> Result<(), TestCaseError> {
    for span in &reading.times {
        prop_assert!(span.at > sent_at, "{text:?}: {span:?}");
        if let (Some(from), Some(to)) = (span.from, span.to) {
            prop_assert!(from <= to, "{text:?}: {span:?}");
        }
    }
    if let Some(at) = reading.at {
        let ahead = at - sent_at;
        prop_assert!(
            ahead >= TimeDelta::minutes(5) && ahead <= TimeDelta::days(180),
            "{text:?}"
        );
        prop_assert_eq!(reading.signal, Some(SignalKind::AskedForTime));
    }
    prop_assert_eq!(reading.signal.is_none(), reading.rule.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn s4_any_text_is_read_and_no_time_is_past(
        text in any::<String>(), at in instants(), zone in zones(), language in languages()
    ) {
        holds(&text, at, &read(&text, at, &zone, language))?;
    }

    #[test]
    fn s4_any_words_of_the_rules_are_read_and_no_time_is_past(
        text in wordy(), at in instants(), zone in zones(), language in languages()
    ) {
        holds(&text, at, &read(&text, at, &zone, language))?;
    }
}
