//! `followup detect`: what the detector makes of a text, for people and, streaming, for programs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, BufWriter, Write};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::Context;
use crate::cli::Detect;
use crate::detect::{Detector, Grain, Input, Reading, TimeSpan, place_of};
use crate::error::{Failure, Outcome};
use crate::model::{Language, Timestamp};
use crate::report::terminal::plain_lines;
use crate::zone::Zone;

/// How texts are read that do not say it themselves.
#[derive(Debug)]
pub struct Settings {
    /// With the business's own words.
    pub detector: Detector,
    /// When the texts were sent.
    pub at: Timestamp,
    /// Where the contact is.
    pub zone: Zone,
    /// The contact's language, where known.
    pub language: Option<Language>,
    /// The bot's language.
    pub default_language: Language,
}

/// Reads the texts of the command line, or standard input.
pub(super) fn detect(context: &mut Context<'_>, arguments: &Detect) -> Result<Outcome> {
    let settings = settings(context, arguments)?;
    if !arguments.text.is_empty() {
        let out = &mut *context.out;
        for (number, text) in (1_u64..).zip(&arguments.text) {
            let reading = settings.read(text);
            if arguments.json {
                write_json(out, &number.into(), &reading)?;
            } else {
                write_for_people(out, text, &reading, &settings.zone)?;
            }
        }
        return Ok(Outcome::Done);
    }
    if !arguments.json {
        let words =
            "give a TEXT, or --json for JSON Lines on standard input; see followup detect --help";
        return Err(Failure::new(Outcome::Usage, words).into());
    }
    let input = BufReader::with_capacity(1 << 16, (context.input)());
    let mut rejected = Vec::new();
    stream(&settings, input, &mut *context.out, &mut rejected)?;
    for what in &rejected {
        context.warn(what);
    }
    Ok(if rejected.is_empty() {
        Outcome::Done
    } else {
        Outcome::InputRejected
    })
}

fn settings(context: &mut Context<'_>, arguments: &Detect) -> Result<Settings> {
    // A text can be read without any configuration; one that is there counts.
    let found = context.config.is_some() || context.find_config().is_ok();
    let config = if found { Some(context.load()?) } else { None };
    let zone = match &arguments.timezone {
        Some(name) => Zone::named(name).ok_or_else(|| {
            let words = format!("--timezone {name}: no such zone; write one like Europe/Madrid");
            Failure::new(Outcome::Usage, words)
        })?,
        None => config
            .as_ref()
            .map_or_else(Zone::utc, |c| c.bot.zone.clone()),
    };
    let language = match &arguments.language {
        Some(tag) => Some(Language::from_tag(tag).ok_or_else(|| {
            let words = format!("--language {tag}: not one of en, es, pt, fr, de, it");
            Failure::new(Outcome::Usage, words)
        })?),
        None => None,
    };
    let words = config.as_ref().map(|c| c.stop.opt_out_words.as_slice());
    Ok(Settings {
        detector: Detector::new(words.unwrap_or_default()),
        at: arguments
            .at
            .map_or_else(context.clock, |at| at.instant(&zone)),
        zone,
        language,
        default_language: config.map_or(Language::En, |c| c.bot.language),
    })
}

impl Settings {
    fn read(&self, text: &str) -> Reading {
        self.detector.read(&Input {
            text,
            sent_at: self.at,
            zone: &self.zone,
            language: self.language,
            default_language: self.default_language,
        })
    }
}

/// One line of the input.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    id: serde_json::Value,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    timezone: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    language: Option<Cow<'a, str>>,
}

/// One line of the output.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a serde_json::Value,
    signal: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    evidence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
    source: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    automatic: bool,
    times: &'a [SpanLine<'a>],
}

#[derive(Serialize)]
struct SpanLine<'a> {
    text: &'a str,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Timestamp>,
    grain: Grain,
}

impl<'a> SpanLine<'a> {
    fn of(span: &'a TimeSpan) -> Self {
        Self {
            text: &span.text,
            at: span.at,
            from: span.from,
            to: span.to,
            grain: span.grain,
        }
    }
}

fn write_json(out: &mut dyn Write, id: &serde_json::Value, reading: &Reading) -> Result<()> {
    let times: Vec<_> = reading.times.iter().map(SpanLine::of).collect();
    let answer = Answer {
        id,
        signal: reading.signal.map_or("none", |s| s.as_str()),
        at: reading.at,
        evidence: &reading.evidence,
        language: reading.language,
        source: "rules",
        automatic: reading.automatic,
        times: &times,
    };
    serde_json::to_writer(&mut *out, &answer)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Reads JSON Lines `{"id","text","at","timezone","language"}` and writes one object a line. What cannot be read
/// is told in `rejected`, by line, and left out.
///
/// # Errors
/// When `input` cannot be read or `out` not be written.
pub fn stream(
    settings: &Settings,
    mut input: impl BufRead,
    out: &mut dyn Write,
    rejected: &mut Vec<String>,
) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let mut zones: HashMap<String, Zone> = HashMap::new();
    let mut line = Vec::new();
    let mut number: u64 = 0;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Err(what) = answer(settings, &line, &mut zones, &mut out)? {
            rejected.push(format!("standard input:{number}: {what}"));
        }
    }
    out.flush()?;
    Ok(())
}

fn answer(
    settings: &Settings,
    line: &[u8],
    zones: &mut HashMap<String, Zone>,
    out: &mut dyn Write,
) -> Result<Result<(), String>> {
    let line: Line<'_> = match serde_json::from_slice(line) {
        Ok(line) => line,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let sent_at = match line.at.as_deref().map(chrono::DateTime::parse_from_rfc3339) {
        None => settings.at,
        Some(Ok(at)) => at.to_utc(),
        Some(Err(_)) => {
            let words = "at: write RFC 3339, such as 2026-03-02T09:00:00+01:00";
            return Ok(Err(words.to_owned()));
        }
    };
    if let Some(name) = line.timezone.as_deref()
        && !zones.contains_key(name)
    {
        let Some(zone) = Zone::named(name) else {
            return Ok(Err(format!("timezone: there is no zone {name}")));
        };
        zones.insert(name.to_owned(), zone);
    }
    let zone = line.timezone.as_deref().and_then(|name| zones.get(name));
    let reading = settings.detector.read(&Input {
        text: &line.text,
        sent_at,
        zone: zone.unwrap_or(&settings.zone),
        language: match line.language.as_deref() {
            Some(tag) => Language::from_tag(tag),
            None => settings.language,
        },
        default_language: settings.default_language,
    });
    write_json(out, &line.id, &reading)?;
    Ok(Ok(()))
}

/// The words, the reading and the rule.
fn write_for_people(
    out: &mut dyn Write,
    text: &str,
    reading: &Reading,
    zone: &Zone,
) -> std::io::Result<()> {
    let clock = |at: Timestamp| zone.show(at).format("%a %Y-%m-%d %H:%M").to_string();
    writeln!(out, "{}", plain_lines(text))?;
    match reading.signal {
        None => writeln!(out, "  means     nothing for following up")?,
        Some(signal) => {
            writeln!(out, "  means     {signal}")?;
            match (signal, reading.at) {
                (_, Some(at)) => writeln!(out, "  at        {} {}", clock(at), zone.name())?,
                (crate::model::SignalKind::AskedForTime, None) => {
                    writeln!(out, "  at        unclear: a person must say when")?;
                }
                _ => {}
            }
            writeln!(out, "  words     {}", plain_lines(&reading.evidence))?;
            write_rule(out, "  rule      ", reading.rule)?;
        }
    }
    if reading.automatic {
        writeln!(out, "  automatic an automatic reply")?;
    }
    for span in &reading.times {
        let words = plain_lines(&span.text);
        writeln!(
            out,
            "  time      {} ({}): {words}",
            clock(span.at),
            span.grain
        )?;
        if let (Some(from), Some(to)) = (span.from, span.to) {
            writeln!(out, "            {} to {}", clock(from), clock(to))?;
        }
        write_rule(out, "            rule ", span.rule)?;
    }
    if let Some(language) = reading.language {
        writeln!(out, "  language  {language}")?;
    }
    Ok(())
}

/// No line is longer.
const WIDTH: usize = 78;

/// Where a rule stands, and below it its pattern in short.
fn write_rule(out: &mut dyn Write, head: &str, rule: &'static str) -> std::io::Result<()> {
    let Some(place) = place_of(rule) else {
        return writeln!(out, "{head}{rule}");
    };
    writeln!(
        out,
        "{head}[{}] in {}, line {}",
        place.section, place.file, place.line
    )?;
    let mut pattern = place.pattern;
    if let Some((end, _)) = pattern.char_indices().nth(WIDTH - head.len() - 1) {
        pattern.truncate(end);
        pattern.push('…');
    }
    writeln!(out, "{:1$}{pattern}", "", head.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            detector: Detector::default(),
            at: "2026-03-11T10:20:00Z".parse().unwrap(),
            zone: Zone::utc(),
            language: None,
            default_language: Language::En,
        }
    }

    #[test]
    fn a_line_in_is_a_line_out_and_bad_lines_are_told() {
        let input = br#"{"id":"a","text":"call me tomorrow at 3","at":"2026-03-11T10:20:00+01:00","timezone":"Europe/Madrid","language":"es-MX"}
{"id":7,"text":"STOP"}
not json
{"id":"c","text":"hi","timezone":"Mars/Base"}
"#;
        let (mut out, mut rejected) = (Vec::new(), Vec::new());
        stream(&settings(), &input[..], &mut out, &mut rejected).unwrap();
        let lines: Vec<serde_json::Value> = String::from_utf8(out)
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["id"], "a");
        assert_eq!(lines[1]["signal"], "opt_out");
        assert_eq!(lines[1]["id"], 7);
        assert_eq!(lines[1]["times"], serde_json::json!([]));
        assert_eq!(rejected.len(), 2, "{rejected:?}");
        assert!(
            rejected[0].starts_with("standard input:3: "),
            "{rejected:?}"
        );
        assert!(rejected[1].contains("Mars/Base"), "{rejected:?}");
    }

    #[test]
    fn people_see_the_words_the_reading_and_the_rule() {
        let settings = settings();
        let text = "call me tomorrow after 3";
        let mut out = Vec::new();
        write_for_people(&mut out, text, &settings.read(text), &settings.zone).unwrap();
        let shown = String::from_utf8(out).unwrap();
        for part in [
            "means     asked_for_time",
            "at        Thu 2026-03-12 15:00 UTC",
            "words     call me tomorrow after 3",
            "rule      [ask] in en.rules, line ",
            "            (call | …) (me | …)",
        ] {
            assert!(shown.contains(part), "{shown}");
        }
    }
}
