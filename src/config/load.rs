use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::diagnostic::Source;
use super::file::{Deferred, Findings, Spot};
use super::{Config, Diagnostics, Environment, Warning, template, validate};

/// Reads and validates a configuration, quickly: no template is compiled and no secret is read.
///
/// # Errors
/// Every fault at once; also when the file cannot be read.
pub fn load(file: &Path) -> Result<(Config, Vec<Warning>), Diagnostics> {
    parse(file, &read(file)?)
}

/// As [`load`], and what takes longer: renders each template once, and reads each secret, which may run its
/// command.
///
/// # Errors
/// Every fault at once.
pub fn check(
    file: &Path,
    environment: &Environment,
) -> Result<(Config, Vec<Warning>), Diagnostics> {
    examine(file, &read(file)?, Some(environment))
}

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
    environment: Option<&Environment>,
) -> Result<(Config, Vec<Warning>), Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(Source::new(file, text, Vec::new()).syntax(&errors));
    }
    let mut findings = Findings::default();
    let config = validate::read(file, &root_of(file), document.get_ref(), &mut findings);
    findings.finish();
    if let Some(environment) = environment {
        look_closer(&mut findings, environment);
    }
    let source = Source::new(file, text, findings.masked);
    match config {
        Some(config) if findings.faults.is_empty() => Ok((config, source.notes(findings.warnings))),
        _ => Err(source.diagnostics(findings.faults)),
    }
}

/// What only `check` looks into.
fn look_closer(findings: &mut Findings, environment: &Environment) {
    for (spot, deferred) in std::mem::take(&mut findings.deferred) {
        let fault = match deferred {
            Deferred::Template(source) => template::check(&source).err(),
            Deferred::Secret(secret) => {
                secret.resolve(environment).map_err(|e| e.to_string()).err()
            }
        };
        if let Some(message) = fault {
            findings.fault(&spot, message);
        }
    }
}

fn root_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
