//! `followup init`.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;

use crate::config::Environment;
use crate::error::{Failure, Outcome};
use crate::model::Language;
use crate::zone::Zone;

const STARTER: &str = include_str!("starter.toml");

/// Writes a commented `followup.toml` into `directory`, which is made if need be. The zone and the language are
/// those of this machine. Never overwrites.
///
/// # Errors
/// [`Outcome::Usage`] when there is one already; or writing fails.
pub fn run(
    directory: &Path,
    environment: &Environment,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    fs::create_dir_all(directory)
        .with_context(|| format!("failed to make the directory {}", directory.display()))?;
    let path = directory.join("followup.toml");
    let shown = path.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            let message = format!(
                "{shown} is there already and stays as it is; edit it, or name another directory: \
                 followup init DIR"
            );
            return Err(Failure::new(Outcome::Usage, message).into());
        }
        opened => opened.with_context(|| format!("failed to write {shown}"))?,
    };
    file.write_all(starter(environment).as_bytes())
        .with_context(|| format!("failed to write {shown}"))?;
    writeln!(
        out,
        "wrote {shown}\nnext: look through it, then run: followup check"
    )?;
    Ok(Outcome::Done)
}

fn starter(environment: &Environment) -> String {
    let (zone, language) = local(environment);
    let in_place = |key: &str, of: &str, value: &str| {
        let old = format!("{key} = \"{of}\"");
        let new = format!("{key} = \"{value}\"");
        // The comments behind the values stay below each other, where there is room.
        let spare = " ".repeat(new.len().saturating_sub(old.len()));
        (format!("{old}{spare}"), old, new)
    };
    let values = [
        in_place("timezone", "UTC", &zone),
        in_place("language", "en", &language),
    ];
    values
        .iter()
        .fold(STARTER.to_owned(), |text, (with_room, old, new)| match text
            .contains(with_room.as_str())
        {
            true => text.replacen(with_room.as_str(), new, 1),
            false => text.replacen(old.as_str(), new, 1),
        })
}

/// The zone and the language of this machine, by name.
pub(super) fn local(environment: &Environment) -> (String, String) {
    let zone = zone(environment);
    let zone = zone.as_ref().map_or("UTC", Zone::name);
    (zone.to_owned(), language(environment).to_string())
}

/// The zone of this machine, where it can be found out.
fn zone(environment: &Environment) -> Option<Zone> {
    if let Some(name) = environment.get("TZ") {
        return Zone::named(name.to_str()?.trim_start_matches(':'));
    }
    let link = fs::read_link("/etc/localtime").ok()?;
    let (_, name) = link.to_str()?.split_once("zoneinfo/")?;
    Zone::named(name)
}

/// The language of this user, if it is one of ours.
fn language(environment: &Environment) -> Language {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| environment.get(name))
        .and_then(|tag| Language::from_tag(tag.to_str()?))
        .unwrap_or(Language::En)
}
