//! `followup import-config`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Context, Verbosity, init};
use crate::cli::{ImportConfig, ImportedConfig};
use crate::compose::template;
use crate::config;
use crate::error::{Failure, Outcome};
use crate::migrate::{Local, highlevel};
use crate::report::count;

/// More than any configuration has.
const MOST: u64 = 16 << 20;

/// Writes a `followup.toml` from another tool's configuration; never over one that is there.
pub(super) fn import_config(
    context: &mut Context<'_>,
    arguments: &ImportConfig,
) -> Result<Outcome> {
    let file = &arguments.file;
    let words = || format!("failed to read {}", file.display());
    let text = read(context, file).with_context(words)?;
    let (zone, language) = init::local(context.environment);
    let local = Local {
        timezone: &zone,
        language: &language,
        accepts: |text| template::check(text).map_err(|error| error.message),
    };
    let migrated = match arguments.tool {
        ImportedConfig::Highlevel => highlevel(&text, local),
    };
    let migrated = migrated.map_err(|error| {
        let words = format!("{}: {error}", file.display());
        Failure::new(Outcome::InputRejected, words)
    })?;
    let path = context.directory.join(&arguments.output);
    let to_stdout = arguments.output == Path::new("-");
    config::parse(&path, &migrated.toml)
        .map_err(|faults| anyhow::anyhow!("what was made of it is not valid:\n{faults}"))?;
    if to_stdout {
        context.out.write_all(migrated.toml.as_bytes())?;
    } else {
        write_new(&path, &migrated.toml)?;
    }
    for missed in &migrated.missed {
        context.say(Verbosity::Normal, &format!("not carried over: {missed}"));
    }
    if !to_stdout {
        let steps = count(migrated.steps, "step", "steps");
        let missed = u64::try_from(migrated.missed.len()).unwrap_or(u64::MAX);
        let missed = match missed {
            0 => "everything was carried over".to_owned(),
            n => format!(
                "{} not carried over: look for NOT CARRIED OVER in it",
                count(n, "thing was", "things were")
            ),
        };
        let shown = arguments.output.display();
        writeln!(
            context.out,
            "wrote {shown}: {steps}\n{missed}\nnext: look through it, then run: followup check"
        )?;
    }
    Ok(Outcome::Done)
}

fn read(context: &Context<'_>, file: &Path) -> Result<String> {
    let input: Box<dyn Read> = if file == Path::new("-") {
        (context.input)()
    } else {
        let path = context.directory.join(file);
        Box::new(
            std::fs::File::open(path).map_err(|error| match error.kind() {
                ErrorKind::NotFound => {
                    Failure::new(Outcome::NoInput, "there is no such file").into()
                }
                _ => anyhow::Error::from(error),
            })?,
        )
    };
    let mut text = Vec::new();
    input.take(MOST + 1).read_to_end(&mut text)?;
    let reject = |words: &str| Failure::new(Outcome::InputRejected, words);
    if text.len() as u64 > MOST {
        return Err(reject("it is longer than 16 MiB, which no configuration is").into());
    }
    String::from_utf8(text).map_err(|_| reject("it is not UTF-8").into())
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let shown = path.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            let words =
                format!("{shown} is there already and stays as it is; name another: -o FILE");
            return Err(Failure::new(Outcome::Usage, words).into());
        }
        opened => opened.with_context(|| format!("failed to write {shown}"))?,
    };
    file.write_all(text.as_bytes())
        .with_context(|| format!("failed to write {shown}"))
}
