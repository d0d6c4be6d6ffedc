use std::io::{self, Write};

use super::ExportFormat;
use super::rows::Rows;
use crate::import::{FOLLOW_UP_COLUMNS, FollowUpRecord};

/// Writes the log of follow-ups: the columns of [`crate::import::FOLLOW_UP_COLUMNS`].
#[derive(Debug)]
pub struct FollowUpWriter<W> {
    rows: Rows<W>,
}

impl<W: Write> FollowUpWriter<W> {
    /// Begins a file.
    pub fn new(out: W, format: ExportFormat) -> Self {
        let rows = Rows::new(out, format, &FOLLOW_UP_COLUMNS);
        Self { rows }
    }

    /// Writes one follow-up. The file is written in blocks.
    ///
    /// # Errors
    /// The block cannot be written.
    pub fn write(&mut self, record: &FollowUpRecord) -> io::Result<()> {
        let (rows, it) = (&mut self.rows, &record.follow_up);
        rows.text(Some(&it.id));
        rows.text(Some(&record.contact_id));
        rows.word(it.scenario.as_str());
        rows.plain(&it.step.to_string());
        rows.word(it.state.as_str());
        rows.word(it.channel.as_str());
        let refused_on: Vec<String> = it.refused_on.iter().map(ToString::to_string).collect();
        rows.list(refused_on.iter().map(String::as_str));
        rows.text(Some(&it.address));
        rows.time(Some(it.episode));
        rows.time(Some(it.due_at));
        rows.time(Some(it.claimed_at));
        rows.time(it.sent_at);
        rows.time(it.retry_at);
        rows.plain(&it.attempts.to_string());
        rows.text(it.provider_id.as_deref());
        rows.text(Some(&it.text));
        rows.word(it.text_source.as_str());
        rows.text(it.error.as_deref());
        rows.text(record.conversation_id.as_deref());
        rows.json(record.because.as_deref());
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
