mod messages;

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::Context;
use super::new_file::write_file;
use crate::cli::{Export, Exported};
use crate::error::Outcome;
use crate::export::{ContactWriter, ExportFormat, FollowUpWriter};
use crate::import::{ContactRecord, FollowUpRecord};
use crate::store::{Access, Store};
use messages::messages;

/// Writes what is stored, so that it can be imported again: to standard output, or whole or not at all to a file.
pub(super) fn export(context: &mut Context<'_>, arguments: &Export) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let format = arguments.format.unwrap_or_else(|| by_name(arguments));
    match &arguments.output {
        None => write(&store, arguments.what, format, &mut *context.out)?,
        Some(path) => write_file(&config, path, |out| {
            write(&store, arguments.what, format, out)
        })?,
    }
    Ok(Outcome::Done)
}

/// The format that the file's name tells; without one, CSV.
fn by_name(arguments: &Export) -> ExportFormat {
    let extension = arguments.output.as_deref().and_then(Path::extension);
    match extension.and_then(|e| e.to_str()) {
        Some("jsonl" | "ndjson") => ExportFormat::Jsonl,
        _ => ExportFormat::Csv,
    }
}

fn write(store: &Store, what: Exported, format: ExportFormat, out: &mut dyn Write) -> Result<()> {
    match what {
        Exported::Messages => {
            messages(store, format, out)?;
        }
        Exported::Contacts => {
            let mut writer = ContactWriter::new(out, format);
            let mut threads = store.threads()?;
            for key in store.rows()? {
                if let Some((contact, words)) = threads.contact(key)? {
                    let line = 0;
                    writer.write(&ContactRecord {
                        line,
                        contact,
                        words,
                        joins: store.joins(key)?,
                        dnd_off: false,
                        opted_out: None,
                    })?;
                }
            }
            writer.finish()?;
        }
        Exported::Followups => {
            let mut writer = FollowUpWriter::new(out, format);
            store.each_follow_up(None, None, |row| {
                Ok(writer.write(&FollowUpRecord {
                    line: 0,
                    contact_id: row.contact_id.clone(),
                    conversation_id: row.conversation_id.clone(),
                    follow_up: row.follow_up.clone(),
                    because: Some(row.because.clone()),
                })?)
            })?;
            writer.finish()?;
        }
    }
    Ok(())
}
