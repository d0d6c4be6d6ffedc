//! The examples of the language files, run as tests.

use super::grammar::{GRAMMAR, Grammar, Slot, Want};
use super::languages::FILES;
use super::{Detector, Input, Reading};
use crate::model::{Language, SignalKind};
use crate::zone::Zone;

fn read(text: &str, language: Language) -> Reading {
    Detector::default().read(&Input {
        text,
        sent_at: "2026-03-11T10:20:00Z".parse().unwrap(),
        zone: &Zone::utc(),
        language: Some(language),
        default_language: language,
    })
}

fn signal(want: Want) -> Option<SignalKind> {
    Some(match want {
        Want::OptOutWord | Want::OptOut | Want::OptOutNot => SignalKind::OptOut,
        Want::OptIn => SignalKind::OptIn,
        Want::NotInterested | Want::NotInterestedNot => SignalKind::NotInterested,
        Want::Booked | Want::BookedNot => SignalKind::Booked,
        Want::Ask | Want::AskNot | Want::Available | Want::Free => SignalKind::AskedForTime,
        Want::Busy | Want::BusyNot | Want::BusyNever => SignalKind::Busy,
        Want::Closing => SignalKind::Closing,
        Want::Ack => SignalKind::Ack,
        Want::Automatic => return None,
    })
}

/// What is wrong with the reading of an example, if anything.
fn fault(section: &str, example: &str, language: Language) -> Option<String> {
    let (yes, text) = match example.strip_prefix("> ") {
        Some(text) => (true, text.trim()),
        None => (false, example.strip_prefix("x ")?.trim()),
    };
    if let Some(want) = Want::named(section) {
        let reading = read(text, language);
        if want == Want::Automatic {
            return (reading.automatic != yes).then(|| format!("{reading:?}"));
        }
        let is = reading.signal == signal(want);
        return (is != yes).then(|| format!("{reading:?}"));
    }
    Slot::named(section)?;
    let (text, expected) = text.rsplit_once(" = ").unwrap_or((text, ""));
    let reading = read(text, language);
    let got = reading
        .times
        .first()
        .map(|t| t.at.format("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default();
    (got != expected).then(|| format!("{got:?} of {reading:?}"))
}

#[test]
fn every_line_of_every_language_reads() {
    let mut faults = Vec::new();
    let grammar = Grammar::build(&mut faults);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert_eq!(grammar.intents.len(), GRAMMAR.intents.len());
}

#[test]
fn every_example_reads_as_it_says() {
    let mut wrong = Vec::new();
    let mut examples = 0;
    for &(language, text) in FILES.iter() {
        let mut section = "";
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']'))
                && (Slot::named(name).is_some() || Want::named(name).is_some())
            {
                section = name;
            }
            if !line.starts_with("> ") && !line.starts_with("x ") {
                continue;
            }
            examples += 1;
            if let Some(what) = fault(section, line, language) {
                wrong.push(format!("{language}.rules:{number}: {line}: {what}"));
            }
        }
    }
    assert!(examples > 50, "{examples}");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
