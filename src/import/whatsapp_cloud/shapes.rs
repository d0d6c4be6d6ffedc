//! The JSON of the webhooks.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::import::loose::Text;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) entry: Option<Vec<Entry<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Entry<'a> {
    #[serde(borrow, default)]
    pub(super) changes: Vec<Change<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) value: Option<Value<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Value<'a> {
    #[serde(borrow)]
    pub(super) messaging_product: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) contacts: Vec<Contact<'a>>,
    #[serde(borrow, default)]
    pub(super) messages: Vec<Message<'a>>,
    /// What staff wrote in the WhatsApp Business app.
    #[serde(borrow, default)]
    pub(super) message_echoes: Vec<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) statuses: Vec<Status<'a>>,
    /// What was written before in the WhatsApp Business app.
    #[serde(borrow, default)]
    pub(super) history: Vec<History<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct History<'a> {
    #[serde(borrow, default)]
    pub(super) threads: Vec<Thread<'a>>,
}

/// A chat with one person, whose number is its id.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Thread<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) messages: Vec<Message<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) profile: Option<Profile<'a>>,
    #[serde(borrow)]
    pub(super) wa_id: Option<Text<'a>>,
    /// The id of a person who hides their number.
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Profile<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) from_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) to_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) button: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) interactive: Option<Interactive<'a>>,
    #[serde(borrow)]
    pub(super) image: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) video: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) document: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) order: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) edit: Option<Edit<'a>>,
    #[serde(borrow)]
    pub(super) referral: Option<&'a RawValue>,
}

/// The words of a message, wherever they stand in it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Words<'a> {
    #[serde(borrow, alias = "text", alias = "caption", alias = "title")]
    pub(super) body: Option<Text<'a>>,
}

/// What a message is changed to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Edit<'a> {
    #[serde(borrow)]
    pub(super) message: Option<Box<Message<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Interactive<'a> {
    /// The answers to a form.
    #[serde(borrow)]
    pub(super) nfm_reply: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) button_reply: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) list_reply: Option<Words<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) recipient_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) recipient_user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) errors: Vec<Fault<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Fault<'a> {
    #[serde(borrow)]
    pub(super) code: Option<Text<'a>>,
}
