use super::Channel;

/// One person, as the exports describe them. Rule texts call all of a contact's conversations a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// The identity given by the export.
    pub contact_id: String,
    /// The full name, as given.
    pub name: Option<String>,
    /// The phone number, as given (E.164 where the export has it).
    pub phone: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The IANA zone name as given; it may be unknown to us (rule D13).
    pub timezone: Option<String>,
    /// The language tag as given, such as `es` or `es-MX`.
    pub language: Option<String>,
    /// Tags from the export and from workflow actions.
    pub tags: Vec<String>,
    /// The contact's id on a channel, where the export gives one.
    pub addresses: Vec<(Channel, String)>,
}

impl Contact {
    /// Where a message on `channel` goes: the address on that channel; without one, `sms` and `whatsapp` use
    /// the phone number, `email` the email address, the others the contact id. `None` is rule D18.
    #[must_use]
    pub fn address(&self, channel: Channel) -> Option<&str> {
        let given = self
            .addresses
            .iter()
            .find(|(c, _)| *c == channel)
            .map(|(_, a)| a.as_str());
        given.or(match channel {
            Channel::Sms | Channel::Whatsapp => self.phone.as_deref(),
            Channel::Email => self.email.as_deref(),
            Channel::LiveChat | Channel::Facebook | Channel::Instagram | Channel::Telegram => {
                Some(self.contact_id.as_str())
            }
        })
    }

    /// The first word of the name; `None` when the name is unknown or is only a phone number.
    #[must_use]
    pub fn first_name(&self) -> Option<&str> {
        let first = self.name.as_deref()?.split_whitespace().next()?;
        first.chars().any(char::is_alphabetic).then_some(first)
    }
}
