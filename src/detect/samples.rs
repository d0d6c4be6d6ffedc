//! The examples of the language files, run as tests.

use super::grammar::{GRAMMAR, Grammar, Slot, Want, known_section};
use super::intent::{denied, matches, ruled_out, takes_back};
use super::languages::{FILES, place_of};
use super::strip::{own_words, plain};
use super::time::compose::find;
use super::time::reader::{Reader, Room};
use super::token::tokens;
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
        Want::NotInterested | Want::NotInterestedNot | Want::NotInterestedNever => {
            SignalKind::NotInterested
        }
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

/// A rule of a language file, and the examples below it.
struct Ruled {
    language: Language,
    section: &'static str,
    line: usize,
    rule: &'static str,
    examples: Vec<&'static str>,
}

/// The rules of all files that must have an example: all but the lists of words.
fn rules() -> Vec<Ruled> {
    let mut rules: Vec<Ruled> = Vec::new();
    for &(language, text) in FILES.iter() {
        let mut section = "";
        for (line, rule) in (1..).zip(text.lines()) {
            let rule = rule.trim();
            if let Some(name) = rule.strip_prefix('[').and_then(|l| l.strip_suffix(']'))
                && known_section(name)
            {
                section = name;
            } else if rule.starts_with("> ") || rule.starts_with("x ") {
                if let Some(last) = rules.last_mut() {
                    last.examples.push(rule);
                }
            } else if !rule.is_empty() && !rule.starts_with('#') {
                rules.push(Ruled {
                    language,
                    section,
                    line,
                    rule,
                    examples: Vec::new(),
                });
            }
        }
    }
    // A line of a section of times that only lists words is vocabulary, as are whole sections of it.
    let composes = |rule: &str| {
        let words = rule.split_once(" = ").map_or(rule, |(_, words)| words);
        words.contains(['<', '(', '[', '{'])
    };
    rules.retain(|r| match Slot::named(r.section) {
        Some(slot) => RULES.contains(&slot) && composes(r.rule),
        None => Want::named(r.section).is_some(),
    });
    rules
}

/// The sections of times whose lines are rules; those of all others are words.
const RULES: [Slot; 10] = [
    Slot::Span,
    Slot::Part,
    Slot::Clock,
    Slot::Loose,
    Slot::Zone,
    Slot::Day,
    Slot::Period,
    Slot::Time,
    Slot::Past,
    Slot::Nothing,
];

/// The lines of the rules that read a message: for those that take others back, that do so.
fn fired(text: &str, language: Language) -> Vec<usize> {
    let text = plain(own_words(text));
    let tokens = tokens(&text, &GRAMMAR.vocabulary);
    let now = "2026-03-11T10:20:00".parse().unwrap();
    let mut room = Room::default();
    let speech = &GRAMMAR.speeches[language as usize];
    let mut reader = Reader::new(&tokens, speech, now, &mut room);
    let said = find(&mut reader);
    let mut labels: Vec<&str> = reader.rules().collect();
    let hits = matches(&GRAMMAR, &tokens, &said);
    for hit in &hits {
        let idle = match ruled_out(hit.want) {
            Some(of) => !hits.iter().any(|h| h.want == of),
            None => denied(hit.want).is_some() && !hits.iter().any(|h| takes_back(hit, h)),
        };
        if !idle && hit.language == language {
            labels.push(hit.label);
        }
    }
    labels
        .iter()
        .filter_map(|label| place_of(label))
        .map(|place| place.line)
        .collect()
}

#[test]
fn every_rule_has_an_example_that_it_reads() {
    let mut wanting = Vec::new();
    for rule in rules() {
        let reads = |example: &&str| {
            let text = example.get(2..).unwrap_or_default().trim();
            let text = match Slot::named(rule.section) {
                Some(_) => text.rsplit_once(" = ").map_or(text, |(text, _)| text),
                None => text,
            };
            fired(text, rule.language).contains(&rule.line)
        };
        if !rule.examples.iter().any(reads) {
            wanting.push(format!(
                "{}.rules:{}: [{}] {}",
                rule.language, rule.line, rule.section, rule.rule
            ));
        }
    }
    assert!(
        wanting.is_empty(),
        "\n{}\n{} rules",
        wanting.join("\n"),
        wanting.len()
    );
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
