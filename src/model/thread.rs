use super::{Contact, FollowUp, Message, Timestamp, named};

named! {
    /// What an operator, a provider or a calendar said about a contact (rule D6b).
    WordKind {
        /// Hold everything, until a moment or until `resume`.
        Pause = "pause",
        /// Ends a pause.
        Resume = "resume",
        /// An appointment is made.
        Booked = "booked",
        /// Never write again.
        OptOut = "opt_out",
        /// Consent to be written to again.
        OptIn = "opt_in",
    }
}

named! {
    /// Who said a [`Word`].
    WordSource {
        /// A person, by a command.
        Operator = "operator",
        /// A provider's answer, such as Twilio 21610 (rule X4).
        Provider = "provider",
        /// A record that outlived an erasure.
        Suppression = "suppression",
        /// A record in an import.
        Data = "data",
    }
}

/// A fact about a contact that is not a message; it counts like a message of that meaning at that time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Word {
    /// What was said.
    pub kind: WordKind,
    /// When.
    pub at: Timestamp,
    /// For a pause: its end.
    pub until: Option<Timestamp>,
    /// Why, in the speaker's words.
    pub reason: Option<String>,
    /// Who said it.
    pub source: WordSource,
}

/// An opt-out or opt-in of another contact that has the same phone number or address (rule D21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedWord {
    /// The contact who said it.
    pub contact_id: String,
    /// [`WordKind::OptOut`] or [`WordKind::OptIn`].
    pub kind: WordKind,
    /// When it was said last.
    pub at: Timestamp,
}

/// How old a source's data is (rule D15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAge {
    /// The row of the source, as in [`Message::source`].
    pub id: i64,
    /// Its configured or given name.
    pub name: String,
    /// Up to when its data are known to be complete.
    pub as_of: Timestamp,
}

/// Everything known about one contact: what [`crate::decide::decide`] reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// The person.
    pub contact: Contact,
    /// All messages, in any order; [`crate::decide`] puts them in order.
    pub messages: Vec<Message>,
    /// What operators and providers said.
    pub words: Vec<Word>,
    /// Every follow-up ever claimed for this contact.
    pub follow_ups: Vec<FollowUp>,
    /// What contacts with the same phone number or address said about being written to.
    pub shared_words: Vec<SharedWord>,
    /// The sources that brought the messages.
    pub sources: Vec<SourceAge>,
}
