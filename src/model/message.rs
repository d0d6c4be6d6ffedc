use super::{Channel, Signal, Timestamp, named};

named! {
    /// Which way a message went.
    Direction {
        /// Written by the contact.
        Inbound = "inbound",
        /// Written by us.
        Outbound = "outbound",
    }
}

named! {
    /// Who wrote a message.
    Author {
        /// The contact; every inbound message.
        Contact = "contact",
        /// The business's bot; the default of an outbound message.
        Bot = "bot",
        /// A member of staff (rule D6).
        Human = "human",
        /// This tool.
        Followup = "followup",
    }
}

impl Author {
    /// Which way this author's messages go.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Contact => Direction::Inbound,
            Self::Bot | Self::Human | Self::Followup => Direction::Outbound,
        }
    }
}

/// One stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When it was sent, by the export's word.
    pub sent_at: Timestamp,
    /// Breaks a tie between equal `sent_at`: the order in the file, where the file has an order.
    pub seq: i64,
    /// The channel it came on.
    pub channel: Channel,
    /// Who wrote it.
    pub author: Author,
    /// The text, exactly as given.
    pub text: String,
    /// The provider's id.
    pub message_id: Option<String>,
    /// The provider's id of the conversation.
    pub conversation_id: Option<String>,
    /// The provider's word on delivery, as given.
    pub status: Option<String>,
    /// What it means for following up; inbound messages only.
    pub signal: Option<Signal>,
    /// An automatic reply (out of office, "I'm driving" by a phone): no reply (rule S8).
    pub automatic: bool,
    /// The contact came by a click on an ad that opens the chat: Messenger and Instagram then take free text for
    /// seven days (rule D17).
    pub ad_click: bool,
    /// The row of the source that brought it.
    pub source: i64,
}

impl Message {
    /// Which way the message went.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.author.direction()
    }
}

/// The names of the columns of a message file, in the order in which `export` writes them. The first five are
/// required; `automatic` (true or false) is S8's mark on a message,
/// `ad_click` (the same) D17's.
pub const MESSAGE_COLUMNS: [&str; 18] = [
    "contact_id",
    "channel",
    "direction",
    "sent_at",
    "text",
    "message_id",
    "conversation_id",
    "author",
    "name",
    "phone",
    "email",
    "address",
    "timezone",
    "language",
    "tags",
    "status",
    "automatic",
    "ad_click",
];
