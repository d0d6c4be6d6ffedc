/// A column of the tool's own CSV and JSON Lines, in the order in which `export` writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Field {
    ContactId,
    Channel,
    Direction,
    SentAt,
    Text,
    MessageId,
    ConversationId,
    Author,
    Name,
    Phone,
    Email,
    Address,
    Timezone,
    Language,
    Tags,
    Status,
    Automatic,
    AdClick,
}

/// How many [`Field`]s there are.
pub(crate) const FIELDS: usize = COLUMNS.len();

pub use crate::model::MESSAGE_COLUMNS as COLUMNS;

impl Field {
    /// Every field, in the order of [`COLUMNS`].
    pub(crate) const ALL: [Self; FIELDS] = [
        Self::ContactId,
        Self::Channel,
        Self::Direction,
        Self::SentAt,
        Self::Text,
        Self::MessageId,
        Self::ConversationId,
        Self::Author,
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::Timezone,
        Self::Language,
        Self::Tags,
        Self::Status,
        Self::Automatic,
        Self::AdClick,
    ];

    /// The fields that every row must have.
    pub(crate) const REQUIRED: [Self; 5] = [
        Self::ContactId,
        Self::Channel,
        Self::Direction,
        Self::SentAt,
        Self::Text,
    ];

    /// The field's name in a header.
    pub(crate) const fn name(self) -> &'static str {
        COLUMNS[self as usize]
    }
}
