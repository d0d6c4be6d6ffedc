//! All messages, written out in pieces.

use std::borrow::Cow;
use std::io::{self, Write};

use anyhow::Result;

use crate::export::{ExportFormat, MessageWriter};
use crate::import::{Record, Tells};
use crate::store::{MessageRow, Store};

/// How many contacts are a piece.
const PIECE: u32 = 256;

/// Writes every message, as they are at one moment.
pub(super) fn messages(store: &Store, format: ExportFormat, out: &mut dyn Write) -> Result<()> {
    MessageWriter::new(&mut *out, format).finish()?;
    store.abreast(
        &store.pieces(PIECE)?,
        |store, contacts, give| {
            let mut writer = MessageWriter::continued(Blocks(give), format);
            store.each_message(contacts, |row| Ok(writer.write(&record(row))?))?;
            writer.finish()?;
            Ok(())
        },
        |block: Vec<u8>| Ok(out.write_all(&block)?),
    )
}

/// Gives on what is written to it, block by block.
struct Blocks<'b>(&'b mut dyn FnMut(Vec<u8>) -> Result<()>);

impl Write for Blocks<'_> {
    fn write(&mut self, block: &[u8]) -> io::Result<usize> {
        (self.0)(block.to_vec()).map_err(io::Error::other)?;
        Ok(block.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
