//! How long a text may be on each channel, counted in the channel's own units. A text that does not fit is
//! refused before anything leaves; it is never cut.

use super::SendError;
use crate::model::Channel;

/// Refuses a text that is empty, or too long for the channel whatever the provider.
pub(super) fn fit(channel: Channel, text: &str) -> Result<(), SendError> {
    match channel {
        Channel::Sms => characters(text, 1600, "an SMS"),
        Channel::Whatsapp => characters(text, 4096, "WhatsApp"),
        Channel::Facebook => characters(text, 2000, "Messenger"),
        Channel::Instagram => bytes(text, 1000, "Instagram"),
        Channel::Telegram => characters(text, 4096, "Telegram"),
        Channel::LiveChat => characters(text, 10_000, "a chat"),
        Channel::Email => bytes(text, 1 << 20, "an email"),
    }
}

/// Refuses a text of more than `most` characters.
pub(super) fn characters(text: &str, most: usize, who: &str) -> Result<(), SendError> {
    within(text, text.chars().count(), most, "characters", who)
}

/// Refuses a text of more than `most` bytes of UTF-8.
fn bytes(text: &str, most: usize, who: &str) -> Result<(), SendError> {
    within(text, text.len(), most, "bytes", who)
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
