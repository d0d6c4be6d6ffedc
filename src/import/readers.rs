//! The reader of each platform's JSON.

use std::fs::File;
use std::path::Path;

use super::archive::Stored;
use super::chatwoot::Chatwoot;
use super::content::Json;
use super::elements::Source;
use super::highlevel::{self, Highlevel};
use super::intercom::Intercom;

use super::meta::Meta;
use super::open::Records;
use super::own_document::OwnList;
use super::platform::{HasLists, Platform, PlatformReader};
use super::signal::{self, SignalBackup, SignalDesktop, SignalTool};
use super::telegram::Telegram;
use super::twilio::{Conversations, Twilio};
use super::whatsapp_cloud::WhatsappCloud;
use super::{Progress, ReadError, Reader, SourceSettings, kind};
use crate::config::Format;
use crate::model::Channel;

impl Json {
    /// What `source` has.
    ///
    /// # Errors
    /// It cannot be read as a whole, or what must be known is not.
    pub(super) fn records(
        self,
        source: Source,
        progress: &Progress,
        path: Option<&Path>,
        settings: &SourceSettings,
    ) -> Result<Records, ReadError> {
        let lists = self.has_lists;
        Ok(Records::Messages(match self.format {
            Format::Messenger => reader(Meta::new(Channel::Facebook, settings), source, progress)?,
            Format::Instagram => reader(Meta::new(Channel::Instagram, settings), source, progress)?,
            Format::Telegram => reader(Telegram::new(settings), source, progress)?,
            Format::Twilio if self.conversations => {
                reader(Conversations::new(settings, lists), source, progress)?
            }
            Format::Twilio => reader(Twilio::new(settings, lists), source, progress)?,
            Format::Highlevel if self.contacts => {
                let contacts = highlevel::api_contacts(source, lists == HasLists::No, progress)?;
                return Ok(Records::Contacts(contacts));
            }
            Format::Highlevel => reader(Highlevel::new(settings, lists), source, progress)?,
            Format::Chatwoot => reader(Chatwoot::new(settings, self.chatwoot), source, progress)?,
            Format::Intercom => reader(Intercom::new(settings, lists), source, progress)?,
            Format::Signal => match self.signal {
                signal::Shape::Backup => reader(SignalBackup::new(settings), source, progress)?,
                signal::Shape::Desktop => reader(SignalDesktop::new(settings), source, progress)?,
                signal::Shape::Tool => {
                    let folder = path.and_then(Path::parent).and_then(Path::file_name);
                    let chat = folder.and_then(|name| name.to_str()).map(str::to_owned);
                    reader(SignalTool::new(settings, chat), source, progress)?
                }
            },
            Format::WhatsappCloud => reader(WhatsappCloud::new(settings), source, progress)?,
            _ => reader(OwnList::new(settings, self.own)?, source, progress)?,
        }))
    }
}

fn reader<P: Platform + 'static>(
    platform: P,
    source: Source,
    progress: &Progress,
) -> Result<Box<dyn Reader + Send>, ReadError> {
    Ok(Box::new(PlatformReader::new(platform, source, progress)?))
}

/// A platform's documents in an archive.
///
/// # Errors
/// There are none, or it cannot be read.
pub(super) fn documents(file: File, format: Format) -> Result<Vec<Stored>, ReadError> {
    let (texts, none) = match format {
        Format::Telegram => (
            Stored::texts(file, kind::is_telegrams)?,
            "the zip has no result.json in it; export again from Telegram Desktop as \"Machine-readable JSON\"",
        ),
        _ => (
            Stored::texts(file, kind::is_meta_messages)?,
            "the zip has no message_1.json in it; ask Meta for your information as JSON, with messages",
        ),
    };
    if texts.is_empty() {
        return Err(ReadError::File(none.to_owned()));
    }
    Ok(texts)
}
