use std::io::{self, Write};

use super::ExportFormat;
use super::rows::Rows;
use crate::import::{CONTACT_COLUMNS, ContactRecord};

/// Writes contacts with what was said about them: the columns of [`crate::import::CONTACT_COLUMNS`].
#[derive(Debug)]
pub struct ContactWriter<W> {
    rows: Rows<W>,
}

impl<W: Write> ContactWriter<W> {
    /// Begins a file.
    pub fn new(out: W, format: ExportFormat) -> Self {
        let rows = Rows::new(out, format, &CONTACT_COLUMNS);
        Self { rows }
    }

    /// Writes one contact. The file is written in blocks.
    ///
    /// # Errors
    /// The block cannot be written.
    pub fn write(&mut self, record: &ContactRecord) -> io::Result<()> {
        let (rows, contact) = (&mut self.rows, &record.contact);
        rows.text(Some(&contact.contact_id));
        for text in [
            &contact.name,
            &contact.phone,
            &contact.email,
            &contact.timezone,
            &contact.language,
        ] {
            rows.text(text.as_deref());
        }
        rows.list(contact.tags.iter().map(String::as_str));
        rows.json(object(&contact.addresses).as_deref());
        let words = (!record.words.is_empty()).then(|| serde_json::to_string(&record.words));
        rows.json(words.transpose()?.as_deref());
        let joins = (!record.joins.is_empty()).then(|| serde_json::to_string(&record.joins));
        rows.json(joins.transpose()?.as_deref());
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

/// A JSON object of these entries in their order; `None` without any.
fn object(entries: &[(crate::model::Channel, String)]) -> Option<String> {
    if entries.is_empty() {
        return None;
    }
    let entries = entries.iter().map(|(channel, address)| {
        let address = serde_json::Value::from(address.as_str());
        format!("\"{channel}\":{address}")
    });
    Some(format!("{{{}}}", entries.collect::<Vec<_>>().join(",")))
}
