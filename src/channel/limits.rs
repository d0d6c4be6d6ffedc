//! How long a text may be on each channel, counted in the channel's own units. A text that does not fit is
//! refused before anything leaves; it is never cut.

use super::SendError;
use crate::model::Channel;

/// What a channel counts a text in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Unicode scalar values.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

impl Unit {
    /// How many of them a text has.
    pub(crate) fn count(self, text: &str) -> usize {
        match self {
            Self::Characters => text.chars().count(),
            Self::Bytes => text.len(),
        }
    }

    /// Its name, in the plural.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Bytes => "bytes",
        }
    }
}

/// In what a channel counts a text, and how many it takes at most, whatever the provider.
pub(crate) const fn units(channel: Channel) -> (Unit, usize) {
    match channel {
        Channel::Sms => (Unit::Characters, 1600),
        Channel::Whatsapp | Channel::Telegram => (Unit::Characters, 4096),
        Channel::Facebook => (Unit::Characters, 2000),
        Channel::Instagram => (Unit::Bytes, 1000),
        Channel::LiveChat => (Unit::Characters, 10_000),
        Channel::Email => (Unit::Bytes, 1 << 20),
    }
}

/// Refuses a text that is empty, or too long for the channel whatever the provider.
pub(super) fn fit(channel: Channel, text: &str) -> Result<(), SendError> {
    let (unit, most) = units(channel);
    let who = match channel {
        Channel::Sms => "an SMS",
        Channel::Whatsapp => "WhatsApp",
        Channel::Facebook => "Messenger",
        Channel::Instagram => "Instagram",
        Channel::Telegram => "Telegram",
        Channel::LiveChat => "a chat",
        Channel::Email => "an email",
    };
    within(text, unit.count(text), most, unit.as_str(), who)
}

/// Refuses a text of more than `most` characters.
pub(super) fn characters(text: &str, most: usize, who: &str) -> Result<(), SendError> {
    within(text, text.chars().count(), most, "characters", who)
}

fn within(text: &str, length: usize, most: usize, unit: &str, who: &str) -> Result<(), SendError> {
    if text.trim().is_empty() {
        let reason = format!("the text is empty; {who} takes 1 to {most} {unit}");
        return Err(SendError::Refused { reason });
    }
    if length > most {
        let reason = format!("the text has {length} {unit}; {who} takes 1 to {most}");
        return Err(SendError::Refused { reason });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_in_the_channels_own_units() {
        for (channel, unit, most) in [
            (Channel::Sms, "ñ", 1600),
            (Channel::Whatsapp, "ñ", 4096),
            (Channel::Facebook, "👋", 2000),
            (Channel::Instagram, "ñ", 500),
            (Channel::Telegram, "ñ", 4096),
        ] {
            assert_eq!(fit(channel, &unit.repeat(most)), Ok(()), "{channel}");
            for text in [unit.repeat(most + 1), " \n".to_owned()] {
                let error = fit(channel, &text).unwrap_err();
                assert_eq!(error.kind(), "refused", "{channel}");
            }
        }
    }
}
