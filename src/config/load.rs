use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::diagnostic::Source;
use super::findings::{Deferred, Findings, Span, Spot};
use super::{Config, Diagnostics, Environment, Prose, Warning, validate};
use crate::model::Channel;

/// Reads and validates a configuration, quickly: no template is compiled and no secret is read.
///
/// # Errors
/// Every fault at once; also when the file cannot be read.
pub fn load(file: &Path) -> Result<(Config, Vec<Warning>), Diagnostics> {
    parse(file, &read(file)?)
}

/// As [`load`], and what takes longer: tries each template once, and reads each secret, which may run its
/// command.
///
/// # Errors
/// Every fault at once.
pub fn check(
    file: &Path,
    environment: &Environment,
    template: CheckTemplate,
) -> Result<(Config, Vec<Warning>), Diagnostics> {
    examine(file, &read(file)?, Some((environment, template)))
}

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateUse {
    /// A text to send.
    Text,
    /// A variable of a template that WhatsApp has approved.
    Variable,
}

/// What becomes of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateVerdict {
    /// It gives a text for every contact.
    Good,
    /// It gives a text for every contact that takes so many SMS: more than are usually meant.
    Long(usize),
    /// It can be used, and does not do for every contact.
    Doubtful(String),
    /// It fails, at a line of its source, from 1.
    Faulty(usize, String),
}

/// Tries a template; composing texts is the concern of another room.
pub type CheckTemplate = fn(&str, TemplateUse) -> TemplateVerdict;

/// As [`load`], of text that was read already; `file` is the name that faults show, and what relative paths are
/// relative to.
///
/// # Errors
/// Every fault at once.
pub fn parse(file: &Path, text: &str) -> Result<(Config, Vec<Warning>), Diagnostics> {
    examine(file, text, None)
}

fn read(file: &Path) -> Result<String, Diagnostics> {
    let unreadable = |message: String| {
        let nowhere = Spot {
            span: None,
            path: String::new(),
        };
        Source::new(file, "", Vec::new()).diagnostics(vec![(nowhere, message)])
    };
    let bytes = std::fs::read(file).map_err(|e| unreadable(format!("failed to read it: {e}")))?;
    String::from_utf8(bytes).map_err(|e| {
        let valid = e.utf8_error().valid_up_to();
        let line = e.as_bytes()[..valid]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        unreadable(format!("line {line} is not UTF-8; save the file as UTF-8"))
    })
}

fn examine(
    file: &Path,
    text: &str,
    closer: Option<(&Environment, CheckTemplate)>,
) -> Result<(Config, Vec<Warning>), Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(Source::new(file, text, Vec::new()).syntax(&errors));
    }
    let mut findings = Findings::default();
    let config = validate::read(file, &root_of(file), document.get_ref(), &mut findings);
    findings.finish();
    if let Some((environment, template)) = closer {
        let channels = config.as_ref().map(|config| &config.channels);
        let sends_sms = channels.is_some_and(|c| c.contains_key(&Channel::Sms));
        look_closer(&mut findings, text, environment, template, sends_sms);
    }
    let source = Source::new(file, text, findings.masked);
    match config {
        Some(config) if findings.faults.is_empty() => Ok((config, source.notes(findings.warnings))),
        _ => Err(source.diagnostics(findings.faults)),
    }
}

/// What only `check` looks into.
fn look_closer(
    findings: &mut Findings,
    text: &str,
    environment: &Environment,
    template: CheckTemplate,
    sends_sms: bool,
) {
    for (spot, deferred) in std::mem::take(&mut findings.deferred) {
        match deferred {
            Deferred::Template(source, purpose) => match template(&source, purpose) {
                TemplateVerdict::Good => {}
                TemplateVerdict::Long(parts) if sends_sms => findings.warn(
                    &spot,
                    format!("by SMS it takes {parts} messages, each of which is paid for; two are enough for most"),
                ),
                TemplateVerdict::Long(_) => {}
                TemplateVerdict::Doubtful(message) => findings.warn(&spot, message),
                TemplateVerdict::Faulty(line, message) => {
                    findings.fault(&line_of(&spot, text, line), message);
                }
            },
            Deferred::Program(path) => {
                if !path.is_file() {
                    let message = format!("there is no program at {}", path.display());
                    findings.warn(&spot, message);
                }
            }
            Deferred::Files(path) => {
                if let Some(message) = nothing_at(&path) {
                    findings.warn(&spot, message);
                }
            }
            Deferred::Words(path) => {
                if let Err(message) = Prose::File(path).read() {
                    findings.fault(&spot, message);
                }
            }
            Deferred::Secret(secret) => {
                if let Err(error) = secret.resolve(environment) {
                    findings.fault(&spot, error.to_string());
                }
            }
        }
    }
}

/// Why a source brings nothing: no file is where it looks for them.
fn nothing_at(path: &Path) -> Option<String> {
    let pattern = path.to_string_lossy();
    if path.exists() {
        return None;
    }
    let is_wild = |path: &Path| path.to_string_lossy().contains(['*', '?', '[']);
    let shown = path.display();
    let above = path.ancestors().skip(1).filter(|above| !is_wild(above));
    let folder = above.into_iter().next().unwrap_or(Path::new(""));
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        let folder = folder.display();
        return Some(format!(
            "there is no folder {folder} yet; {shown} is looked for, and nothing is read"
        ));
    }
    if !is_wild(path) {
        return Some(format!("there is no file {shown} yet; nothing is read"));
    }
    let mut found = glob::glob(&pattern).into_iter().flatten();
    let matches_nothing = found.next().is_none();
    matches_nothing.then(|| format!("no file matches {shown} yet; nothing is read"))
}

/// The place of the `line`th line of a text that is written over several lines.
fn line_of(spot: &Spot, text: &str, line: usize) -> Spot {
    let within = |span: &Span| -> Option<Span> {
        let written = &text[span.clone()];
        // A line break right after the opening quotes is not part of the text.
        let body = written.trim_start_matches(['"', '\'']);
        let first = usize::from(body.starts_with(['\n', '\r']));
        let mut start = span.start;
        for (index, piece) in written.split_inclusive('\n').enumerate() {
            let end = start + piece.trim_end().len();
            if index + 1 == line + first && written.contains('\n') {
                let lead = piece.len() - piece.trim_start().len();
                return Some((start + lead).min(end)..end);
            }
            start += piece.len();
        }
        None
    };
    let span = spot.span.as_ref().and_then(within);
    Spot {
        span: span.or_else(|| spot.span.clone()),
        path: spot.path.clone(),
    }
}

fn root_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
