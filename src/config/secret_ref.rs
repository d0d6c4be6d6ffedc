use std::path::PathBuf;

use super::SecretRef;
use super::file::{Table, Value};
use super::findings::{Deferred, Findings};
use super::validate::Place;

/// A secret's place: `{ env = "NAME" }`, `{ file = "PATH" }` or `{ command = ["…"] }`. A secret written in the
/// file is a fault, and is masked wherever its line is shown (threat S1).
pub(super) fn read(
    value: Value<'_>,
    variable: &str,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<SecretRef> {
    let spot = value.spot.clone();
    let example = format!("{{ env = \"{variable}\" }}");
    if value.is_text() {
        findings.mask(&spot);
        findings.fault(
            &spot,
            format!(
                "a secret is never written in this file; put it into an environment variable or a \
                 file and write {example}, {{ file = \"PATH\" }} or {{ command = [\"PROGRAM\", \"ARGUMENT\"] }}"
            ),
        );
        return None;
    }
    if !value.is_table() {
        findings.mask(&spot);
        value.mismatch("a secret's place", &example, findings);
        return None;
    }
    let mut table = value.table(findings)?;
    for (_, entry) in table
        .entries()
        .iter()
        .filter(|(k, v)| *k != "command" && !v.is_text())
    {
        findings.mask(&entry.spot);
    }
    let env = table.text("env", &example, findings);
    let file = table.text("file", "{ file = \"twilio.token\" }", findings);
    let command = table.texts(
        "command",
        "{ command = [\"pass\", \"show\", \"twilio\"] }",
        findings,
    );
    table.done(findings);
    let found = match (env, file, command.as_slice()) {
        (Some(env), None, []) => {
            if env.value.bytes().any(|b| b.is_ascii_lowercase()) || !is_variable(env.value) {
                findings.mask(&env.spot); // it may be the secret itself
            }
            env.parse(findings, |name| match is_variable(name) {
                true => Ok(SecretRef::env(name)),
                false => Err(format!(
                    "not the name of an environment variable; write, for example: {example}"
                )),
            })?
        }
        (None, Some(file), []) => {
            let path = file.parse(
                findings,
                super::validate::path("{ file = \"twilio.token\" }"),
            )?;
            SecretRef::file(PathBuf::from(path), place.root)
        }
        (None, None, words @ [_, ..]) => {
            let words = words.iter().map(|w| w.value.to_owned()).collect();
            SecretRef::command(words, place.root)
        }
        _ => {
            findings.fault(
                &spot,
                format!("write one of `env`, `file` and `command`, for example: {example}"),
            );
            return None;
        }
    };
    findings
        .deferred
        .push((spot, Deferred::Secret(found.clone())));
    Some(found)
}

/// A secret that is required.
pub(super) fn required(
    table: &mut Table<'_>,
    key: &'static str,
    variable: &str,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<SecretRef> {
    match table.take(key) {
        Some(value) => read(value, variable, place, findings),
        None => {
            table.missing(
                key,
                &format!("{key} = {{ env = \"{variable}\" }}"),
                findings,
            );
            None
        }
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
