//! The platforms' messages one by one, as their APIs answer them: the same readings as those of their exports.

use std::borrow::Cow;

use super::contacts::ContactRecord;
#[cfg(feature = "imap")]
use super::email::{Emails, Found};
use super::loose::row;
use super::platform::{HasLists, More, checked};
use super::{Record, SourceSettings};
use super::{chatwoot, highlevel, intercom, twilio};

/// A message of HighLevel; `None` for what is none.
///
/// # Errors
/// Why it cannot be used, in words.
pub(crate) fn highlevel_message(json: &str) -> Result<Option<Record<'_>>, String> {
    usable(highlevel::Highlevel::default().record(row(json)?)?)
}

/// A contact of HighLevel.
///
/// # Errors
/// Why it cannot be used, in words.
pub(crate) fn highlevel_contact(json: &str) -> Result<ContactRecord, String> {
    highlevel::contact(json, 0)
}

/// A message of Twilio; `None` for what never went out.
///
/// # Errors
/// Why it cannot be used, in words.
pub(crate) fn twilio_message(json: &str) -> Result<Option<Record<'_>>, String> {
    usable(twilio::Twilio::default().record(row(json)?)?)
}

/// A message of Chatwoot, in a conversation as its list has it; `None` for what is none.
///
/// # Errors
/// Why it cannot be used, in words.
pub(crate) fn chatwoot_message<'a>(
    json: &'a str,
    conversation: &'a str,
) -> Result<Option<Record<'a>>, String> {
    let chatwoot = chatwoot::Chatwoot::new(&SourceSettings::default(), chatwoot::Shape::Bare);
    usable(chatwoot.message_of(row(json)?, row(conversation)?)?)
}

/// The messages of a conversation of Intercom.
///
/// # Errors
/// Why it cannot be used, in words.
pub(crate) fn intercom_conversation(json: &str) -> Result<Vec<Record<'static>>, String> {
    let mut records = More::new();
    let intercom = intercom::Intercom::new(&SourceSettings::default(), HasLists::No);
    intercom.records(row(json)?, &mut records)?;
    records.iter().try_for_each(checked)?;
    Ok(records.into())
}

/// A mailbox whose emails are read one by one.
#[cfg(feature = "imap")]
pub(crate) struct Mailbox(Emails);

#[cfg(feature = "imap")]
impl Mailbox {
    /// Of those who write at the addresses `us`, of whom `humans` are staff.
    pub(crate) fn new(us: &[String], humans: &[String]) -> Self {
        Self(Emails::new(&SourceSettings {
            us: us.to_vec(),
            humans: humans.to_vec(),
            ..SourceSettings::default()
        }))
    }

    /// Whether an email's text is not to be seen.
    pub(crate) fn lacks_text(&self, raw: &[u8]) -> bool {
        self.0.lacks_text(raw)
    }

    /// What an email tells.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub(crate) fn read(&self, raw: &[u8], found: Found) -> Result<Vec<Record<'static>>, String> {
        let mut records = More::new();
        self.0.records(raw, found, &mut records)?;
        records.iter().try_for_each(checked)?;
        Ok(records.into())
    }
}

/// Refuses what cannot be stored.
fn usable(record: Option<Record<'_>>) -> Result<Option<Record<'_>>, String> {
    record.as_ref().map_or(Ok(()), checked)?;
    Ok(record)
}

impl Record<'_> {
    /// Adds what a list of contacts says of whose message it is.
    pub(crate) fn of<'c>(mut self, contact: &'c ContactRecord) -> Self
    where
        Self: 'c,
    {
        let told = &contact.contact;
        let owned = |value: &Option<String>| value.clone().map(Cow::Owned);
        self.name = self.name.or_else(|| owned(&told.name));
        self.phone = self.phone.or_else(|| owned(&told.phone));
        self.email = self.email.or_else(|| owned(&told.email));
        self.timezone = self.timezone.or_else(|| owned(&told.timezone));
        self.tags = self
            .tags
            .or_else(|| (!told.tags.is_empty()).then(|| told.tags.join(";").into()));
        self
    }
}
