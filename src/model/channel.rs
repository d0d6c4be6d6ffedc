use super::named;

named! {
    /// A way by which a contact and the business exchange messages.
    Channel {
        /// The chat widget on the business's own page.
        LiveChat = "live_chat",
        /// Text messages to a phone number.
        Sms = "sms",
        /// WhatsApp, to a phone number; free text only within 24 h (rule D17).
        Whatsapp = "whatsapp",
        /// Facebook Messenger; free text only within 24 h (rule D17).
        Facebook = "facebook",
        /// Instagram Direct; free text only within 24 h (rule D17).
        Instagram = "instagram",
        /// Telegram, to a chat id.
        Telegram = "telegram",
        /// Email.
        Email = "email",
    }
}

impl Channel {
    /// Whether the platform gives contacts an id of its own on it.
    #[must_use]
    pub const fn has_own_ids(self) -> bool {
        matches!(
            self,
            Self::LiveChat | Self::Facebook | Self::Instagram | Self::Telegram
        )
    }

    /// Whether free text is accepted only less than 24 h after the contact's last inbound message (rule D17).
    #[must_use]
    pub const fn has_window(self) -> bool {
        matches!(self, Self::Whatsapp | Self::Facebook | Self::Instagram)
    }

    /// Whether a click on an ad keeps that window open for seven days (rule D17).
    #[must_use]
    pub const fn has_ad_window(self) -> bool {
        matches!(self, Self::Facebook | Self::Instagram)
    }
}
