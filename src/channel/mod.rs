//! Sending one message over one channel: the [`Sender`] trait and one file per provider.
//!
//! A sender makes one request and says what is certain about it. It never retries, never sleeps and never
//! touches the store: whether and when a step is tried again is decided by [`crate::run`] from the kind of
//! [`SendError`] (rules X1, X4).

mod address;
mod chatwoot;
mod email;
mod highlevel;
mod intercom;
mod json;
mod limits;
mod meta;
mod outbox;
mod platform;
mod senders;
mod sendmail;
mod signature;
mod smtp;
mod telegram;
mod twilio;
mod verdict;
mod webhook;

pub use chatwoot::Chatwoot;
pub use highlevel::Highlevel;
pub use intercom::Intercom;
pub(crate) use limits::units;
pub use meta::Meta;
pub use outbox::Outbox;
pub use platform::{Deed, Place, Platform, tags_after};
pub use senders::Senders;
pub use sendmail::Sendmail;
pub use signature::{SigningKey, SigningKeyError};
pub use smtp::Smtp;
pub use telegram::{BotTokenError, Telegram};
pub use twilio::Twilio;
pub use webhook::Webhook;
pub(crate) use webhook::{post_signed, said};

use crate::model::{Channel, Scenario, Timestamp};

/// A message that is claimed and ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The follow-up's id: the same on every attempt, and the idempotency key where a provider has one.
    pub id: String,
    /// The contact's id in the exports.
    pub contact_id: String,
    /// The provider's id of the conversation, where known.
    pub conversation_id: Option<String>,
    /// The provider's id of the conversation on [`Outgoing::channel`], which need not be the one that caused it.
    pub conversation: Option<String>,
    /// The provider's id of the contact's last message on [`Outgoing::channel`].
    pub reply_to: Option<String>,
    /// Where it goes: a phone number, an address, a chat id.
    pub address: String,
    /// The channel.
    pub channel: Channel,
    /// The text, final.
    pub text: String,
    /// The scenario, for the receiver's information.
    pub scenario: Scenario,
    /// The step, from 1, for the receiver's information.
    pub step: u32,
    /// The approved template to send instead of the free text, outside the 24-hour window (rule D17).
    pub template: Option<ApprovedTemplate>,
}

/// A template that the provider has approved, with its variables filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedTemplate {
    /// The provider's name or id of it.
    pub name: String,
    /// The provider's language code, such as `es_MX`.
    pub language: String,
    /// What WhatsApp has approved it as, such as `UTILITY`.
    pub category: String,
    /// The values of its variables, in order.
    pub variables: Vec<String>,
}

/// The provider accepted the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of the message.
    pub provider_id: Option<String>,
}

/// What is certain about a message that was not plainly accepted (rule X4). Each carries the provider's own
/// code and words, without any secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Certainly not sent; may be tried again, not before `after` seconds where the provider says so.
    #[error("{reason}")]
    Retry {
        /// Seconds that the provider asks us to wait.
        after: Option<u32>,
        /// The provider's code and words.
        reason: String,
    },
    /// Certainly not sent, and never will be: this message or this address is refused.
    #[error("{reason}")]
    Refused {
        /// The provider's code and words.
        reason: String,
    },
    /// Certainly not sent: the contact has opted out at the provider, which we keep as an opt-out.
    #[error("{reason}")]
    OptedOut {
        /// The provider's code and words.
        reason: String,
    },
    /// Certainly not sent: the channel's window for free text is closed (rule D17).
    #[error("{reason}")]
    WindowClosed {
        /// The provider's code and words.
        reason: String,
    },
    /// Certainly not sent, through no fault of the message: our credentials, our account or our address of the
    /// provider is refused; nothing more goes over this channel in this run.
    #[error("{reason}")]
    Credentials {
        /// The provider's code and words.
        reason: String,
    },
    /// The request left and no clear answer came: never repeated by itself.
    #[error("{reason}")]
    Unknown {
        /// What happened.
        reason: String,
    },
}

impl SendError {
    /// The kind in one word, as reports show it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::Refused { .. } => "refused",
            Self::OptedOut { .. } => "opted_out",
            Self::WindowClosed { .. } => "window_closed",
            Self::Credentials { .. } => "credentials",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Whether it is certain that nothing was sent, so that another channel may be tried (rules D16, X4).
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }
}

/// A message whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost<'a> {
    /// The follow-up's id.
    pub id: &'a str,
    /// The contact's id in the exports.
    pub contact_id: &'a str,
    /// The provider's id of the conversation on the channel.
    pub conversation: Option<&'a str>,
    /// Where it was to go.
    pub address: &'a str,
    /// The channel.
    pub channel: Channel,
    /// The text.
    pub text: &'a str,
    /// When it was claimed: it cannot have left before.
    pub claimed_at: Timestamp,
}

/// What a provider knows of a [`Lost`] message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It has it.
    Sent {
        /// Its id of the message.
        provider_id: Option<String>,
    },
    /// It certainly does not have it now.
    Absent,
    /// It keeps no list that would tell.
    CannotSay,
}

/// One provider on one channel. Called from several threads at once. Its `Debug` shows no secret.
pub trait Sender: std::fmt::Debug + Send + Sync {
    /// Makes the one request for `message`. `now` is for signatures and timestamps.
    ///
    /// # Errors
    /// Exactly what is certain about a message that was not accepted.
    fn send(&self, message: &Outgoing, now: Timestamp) -> Result<Accepted, SendError>;

    /// Asks what became of a message whose answer was lost. Sends nothing.
    ///
    /// # Errors
    /// When the provider cannot be asked now.
    fn look_up(&self, _message: &Lost<'_>, _now: Timestamp) -> Result<Found, SendError> {
        Ok(Found::CannotSay)
    }

    /// The platform that keeps its contacts, if it is one.
    fn platform(&self) -> Option<&dyn Platform> {
        None
    }

    /// Asks the provider a harmless question that only who has the right credentials may ask, and gives what it
    /// says of us; `None` when there is no such question. Sends nothing.
    ///
    /// # Errors
    /// What kept the question from being answered.
    fn ask(&self, _now: Timestamp) -> Result<Option<String>, SendError> {
        Ok(None)
    }
}

/// The message as the JSON object that the webhook receives and the outbox keeps.
#[derive(serde::Serialize)]
struct Payload<'a> {
    channel: Channel,
    contact_id: &'a str,
    conversation_id: Option<&'a str>,
    id: &'a str,
    scenario: Scenario,
    step: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<PayloadTemplate<'a>>,
    text: &'a str,
    to: &'a str,
}

#[derive(serde::Serialize)]
struct PayloadTemplate<'a> {
    language: &'a str,
    name: &'a str,
    variables: &'a [String],
}

impl From<serde_json::Error> for SendError {
    /// Never in practice: a message is text and numbers.
    fn from(error: serde_json::Error) -> Self {
        Self::Refused {
            reason: error.to_string(),
        }
    }
}

impl<'a> Payload<'a> {
    fn of(message: &'a Outgoing) -> Self {
        let template = message.template.as_ref();
        Self {
            channel: message.channel,
            contact_id: &message.contact_id,
            conversation_id: message.conversation_id.as_deref(),
            id: &message.id,
            scenario: message.scenario,
            step: message.step,
            template: template.map(|template| PayloadTemplate {
                language: &template.language,
                name: &template.name,
                variables: &template.variables,
            }),
            text: &message.text,
            to: &message.address,
        }
    }
}

#[cfg(test)]
fn example(channel: Channel) -> Outgoing {
    Outgoing {
        id: "fu_1".into(),
        contact_id: "c1".into(),
        conversation_id: None,
        conversation: None,
        reply_to: None,
        address: "+525512345678".into(),
        channel,
        text: "Hola Ana".into(),
        scenario: Scenario::Busy,
        step: 1,
        template: None,
    }
}
