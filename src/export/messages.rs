use std::io::{self, Write};

use super::ExportFormat;
use super::rows::Rows;
use crate::import::{COLUMNS, Record};

/// Writes messages: the columns of [`crate::import::COLUMNS`].
#[derive(Debug)]
pub struct MessageWriter<W> {
    rows: Rows<W>,
}

impl<W: Write> MessageWriter<W> {
    /// Begins a file.
    pub fn new(out: W, format: ExportFormat) -> Self {
        let rows = Rows::new(out, format, &COLUMNS);
        Self { rows }
    }

    /// Goes on with a file that another writer has begun.
    pub fn continued(out: W, format: ExportFormat) -> Self {
        let rows = Rows::continued(out, format, &COLUMNS);
        Self { rows }
    }

    /// Writes one message. The file is written in blocks.
    ///
    /// # Errors
    /// The block cannot be written.
    pub fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let rows = &mut self.rows;
        rows.text(Some(&record.contact_id));
        rows.word(record.channel.as_str());
        rows.word(record.author.direction().as_str());
        rows.time(Some(record.sent_at));
        rows.text(Some(&record.text));
        for text in [&record.message_id, &record.conversation_id] {
            rows.text(text.as_deref());
        }
        rows.word(record.author.as_str());
        for text in [
            &record.name,
            &record.phone,
            &record.email,
            &record.address,
            &record.timezone,
            &record.language,
        ] {
            rows.text(text.as_deref());
        }
        let tags = record.tags.as_deref().unwrap_or_default();
        rows.list(tags.split(';').filter(|tag| !tag.is_empty()));
        rows.text(record.status.as_deref());
        for mark in [record.automatic, record.ad_click] {
            rows.plain(if mark { "true" } else { "false" });
        }
        rows.end()
    }

    /// Writes what is left, and gives the output back.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.rows.finish()
    }
}
