use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Context;
use crate::cli::{Export, Exported};
use crate::config::{Config, Provider};
use crate::error::{Failure, Outcome};
use crate::export::{ContactWriter, ExportFormat, FollowUpWriter, MessageWriter};
use crate::import::{ContactRecord, FollowUpRecord, Record, Tells};
use crate::store::{Access, MessageRow, Store};

/// Writes what is stored, so that it can be imported again: to standard output, or whole or not at all to a file.
pub(super) fn export(context: &mut Context<'_>, arguments: &Export) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let format = arguments.format.unwrap_or_else(|| by_name(arguments));
    match &arguments.output {
        None => write(&store, arguments.what, format, &mut *context.out)?,
        Some(path) => {
            if is_own(&config, path) {
                let words = format!(
                    "{} is a file that followup itself lives on and stays as it is; choose another name",
                    path.display()
                );
                return Err(Failure::new(Outcome::Usage, words).into());
            }
            let fault = || format!("failed to write {}", path.display());
            let mut file = NewFile::beside(path).with_context(fault)?;
            write(&store, arguments.what, format, &mut file.out)?;
            file.keep().with_context(fault)?;
        }
    }
    Ok(Outcome::Done)
}

/// Whether the path is the configuration, an outbox, the database or a file beside it.
fn is_own(config: &Config, path: &Path) -> bool {
    let Ok(real) = path.canonicalize() else {
        return false;
    };
    let beside = ["", "-wal", "-shm", "-journal", ".lock"].map(|suffix| {
        let mut name = config.store.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    });
    let outboxes = config
        .channels
        .values()
        .filter_map(|channel| match &channel.provider {
            Provider::Outbox(outbox) => Some(&outbox.path),
            _ => None,
        });
    outboxes
        .chain(&beside)
        .chain([&config.file])
        .any(|own| own.canonicalize().is_ok_and(|own| own == real))
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
            let mut writer = MessageWriter::new(out, format);
            store.each_message(|row| Ok(writer.write(&record(row))?))?;
            writer.finish()?;
        }
        Exported::Contacts => {
            let mut writer = ContactWriter::new(out, format);
            let mut everyone = store.everyone()?;
            everyone.sort_unstable();
            let mut threads = store.threads()?;
            for key in everyone {
                if let Some((contact, words)) = threads.contact(key)? {
                    let line = 0;
                    writer.write(&ContactRecord {
                        line,
                        contact,
                        words,
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

fn record<'r>(row: &MessageRow<'r>) -> Record<'r> {
    let text = |field: Option<&'r str>| field.map(Cow::Borrowed);
    Record {
        tells: Tells::Message,
        line: 0,
        contact_id: row.contact_id.into(),
        channel: row.channel,
        author: row.author,
        sent_at: row.sent_at,
        text: row.text.into(),
        automatic: row.automatic,
        ad_click: row.ad_click,
        message_id: text(row.message_id),
        conversation_id: text(row.conversation_id),
        status: text(row.status),
        name: text(row.name),
        phone: text(row.phone),
        email: text(row.email),
        address: text(row.address),
        timezone: text(row.timezone),
        language: text(row.language),
        tags: text(row.tags),
    }
}

/// A private file that takes its name only once it is complete.
struct NewFile {
    out: BufWriter<File>,
    temporary: Option<PathBuf>,
    path: PathBuf,
}

impl NewFile {
    fn beside(path: &Path) -> std::io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            out: BufWriter::new(options.open(&temporary)?),
            temporary: Some(temporary),
            path: path.to_owned(),
        })
    }

    fn keep(mut self) -> std::io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        if let Some(temporary) = &self.temporary {
            std::fs::rename(temporary, &self.path)?;
        }
        self.temporary = None;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = std::fs::remove_file(temporary);
        }
    }
}
