use xxhash_rust::xxh3::Xxh3;

use super::{Author, Booking, Channel, Contact, Draft, FollowUp, Message, Timestamp, named};

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
    /// For a pause, and for an opt-out that data told of: its end.
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
    /// Texts written for steps that were not claimed then.
    pub drafts: Vec<Draft>,
    /// What contacts with the same phone number or address said about being written to.
    pub shared_words: Vec<SharedWord>,
    /// The sources that brought the messages.
    pub sources: Vec<SourceAge>,
    /// Their appointments, as the sources have them (rule D5).
    pub bookings: Vec<Booking>,
    /// For a person over several contacts: the providers' ids of messages that are here already, as another contact's.
    pub brought_twice: Vec<String>,
    /// For a person over several contacts: the ids of the others.
    pub aliases: Vec<String>,
    /// For a person over several contacts: the id under which they are known on a channel.
    pub ids: Vec<(Channel, String)>,
}

impl Thread {
    /// Changes with every message, word and step that is added: what was written for one revision is not for
    /// another. Our own follow-ups count by their steps, not again by the message that an export shows of them
    /// (rule X6).
    #[must_use]
    pub fn revision(&self) -> i64 {
        let fact = |parts: &[&[u8]]| {
            let mut hash = Xxh3::new();
            for part in parts {
                hash.update(&part.len().to_le_bytes());
                hash.update(part);
            }
            hash.digest()
        };
        let time = |at: Timestamp| at.timestamp_micros().to_le_bytes();
        let messages = self.messages.iter();
        let messages = messages.filter(|m| m.author != Author::Followup).map(|m| {
            let (channel, author) = (m.channel.as_str(), m.author.as_str());
            fact(&[
                &time(m.sent_at),
                channel.as_bytes(),
                author.as_bytes(),
                m.text.as_bytes(),
            ])
        });
        let words = self.words.iter();
        let words = words.map(|w| fact(&[&time(w.at), w.kind.as_str().as_bytes()]));
        let steps = self.follow_ups.iter().filter(|f| f.counts_as_sent());
        let steps = steps.map(|f| fact(&[&time(f.episode), &f.step.to_le_bytes()]));
        // A sum, because the order of facts means nothing.
        let all = messages.chain(words).chain(steps);
        all.fold(0u64, u64::wrapping_add).cast_signed()
    }
}

impl Thread {
    /// The contact's id for a platform on `channel`: of a person over several contacts, the one they have there.
    #[must_use]
    pub fn id_on(&self, channel: Channel) -> &str {
        let known = self.ids.iter().find(|(on, _)| *on == channel);
        known.map_or(self.contact.contact_id.as_str(), |(_, id)| id)
    }
}
