//! Where a step on a channel goes (rule D18).

use std::borrow::Cow;

use super::{Policy, Reach};
use crate::model::{Channel, Thread, e164};

/// Why a contact cannot be reached on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nowhere {
    /// No phone number, address or id.
    NoAddress,
    /// A phone number that cannot be read as an international one, and might be a stranger's.
    UnreadableNumber,
    /// The sender answers in a conversation, and none is known.
    NoConversation,
}

/// The contact's address on `channel`, as the channel's sender needs it: a phone number in E.164 wherever it can be
/// read as one.
///
/// # Errors
/// Why there is none.
pub fn address<'t>(
    policy: &Policy,
    thread: &'t Thread,
    channel: Channel,
) -> Result<Cow<'t, str>, Nowhere> {
    let given = thread.contact.address(channel).filter(|a| !a.is_empty());
    let reach = policy.reach.get(&channel);
    match (given, reach) {
        (Some(given), Some(Reach::Contact)) => return Ok(given.into()),
        // Who has written there before can be answered there.
        (None, Some(Reach::Contact)) if thread.messages.iter().any(|m| m.channel == channel) => {
            return Ok(thread.id_on(channel).into());
        }
        (given, Some(Reach::Conversation)) => {
            return match conversation_on(thread, channel) {
                Some(id) => Ok(given.unwrap_or(id).into()),
                None => Err(Nowhere::NoConversation),
            };
        }
        _ => {}
    }
    let given = given.ok_or(Nowhere::NoAddress)?;
    if !matches!(channel, Channel::Sms | Channel::Whatsapp) {
        return Ok(given.into());
    }
    match e164(given, policy.country) {
        Some(number) if number == given => Ok(given.into()),
        Some(number) => Ok(number.into()),
        None if reach.is_some() => Err(Nowhere::UnreadableNumber),
        None => Ok(given.into()),
    }
}

/// The provider's id of the newest conversation with a contact on a channel.
#[must_use]
pub fn conversation_on(thread: &Thread, channel: Channel) -> Option<&str> {
    let messages = thread.messages.iter();
    let on_channel = messages.filter(|m| m.channel == channel && m.conversation_id.is_some());
    let newest = on_channel.max_by_key(|m| (m.sent_at, m.seq))?;
    newest.conversation_id.as_deref()
}
