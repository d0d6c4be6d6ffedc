//! `followup schema`.

use std::io::Write;

use crate::config;
use crate::error::Outcome;

/// Writes the JSON Schema of the configuration, for editors.
///
/// # Errors
/// When writing fails.
pub fn run(out: &mut dyn Write) -> anyhow::Result<Outcome> {
    serde_json::to_writer_pretty(&mut *out, &config::schema())?;
    writeln!(out)?;
    Ok(Outcome::Done)
}
