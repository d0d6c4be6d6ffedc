//! The formats of files that messages come in.

use std::path::Path;

use crate::model::Delay;

/// The word for a format that the content tells.
pub const AUTO: &str = "auto";

crate::model::named! {
    /// What a source's files are.
    Format {
        /// The tool's own columns, or mapped ones.
        Csv = "csv",
        /// One JSON object a line, with the same names.
        Jsonl = "jsonl",
        /// A chat exported by WhatsApp, `.txt` or `.zip`.
        Whatsapp = "whatsapp",
        /// A chat exported from Signal as text, or Signal's messages as JSON.
        Signal = "signal",
        /// "SMS Backup & Restore" of an Android phone, `.xml` or `.zip`.
        SmsBackup = "sms_backup",
        /// Messenger's part of Meta's "Download your information", `message_1.json` or the whole `.zip`.
        Messenger = "messenger",
        /// Instagram's part of it.
        Instagram = "instagram",
        /// Telegram Desktop's `result.json`, of one chat or of all.
        Telegram = "telegram",
        /// Twilio's messages, as the console (CSV) and the API (JSON) give them.
        Twilio = "twilio",
        /// HighLevel's messages (JSON) and contacts (CSV, JSON).
        Highlevel = "highlevel",
        /// Chatwoot's messages and conversations from the API, and its webhooks' bodies.
        Chatwoot = "chatwoot",
        /// Intercom's conversations from the API.
        Intercom = "intercom",
        /// The bodies of WhatsApp Cloud API webhooks, one a line.
        WhatsappCloud = "whatsapp_cloud",
        /// A mailbox in one file.
        Mbox = "mbox",
        /// A Maildir, or a single email.
        Maildir = "maildir",
        /// Appointments, a row each: CSV or JSON Lines.
        Bookings = "bookings",
        /// Appointments as a calendar, `.ics`.
        Icalendar = "icalendar",
    }
}

impl Format {
    /// Whether a file is a calendar by its name.
    #[must_use]
    pub fn of_calendar(path: &Path) -> bool {
        let extension = path.extension().and_then(|e| e.to_str());
        extension.is_some_and(|e| e.eq_ignore_ascii_case("ics"))
    }

    /// How old such files may be by default (rule D15). What a program writes is written often: an hour. A chat
    /// that a person exports is a matter of days: whoever follows up by such files means to.
    #[must_use]
    pub const fn fresh_for(self) -> Delay {
        match self {
            Self::Whatsapp
            | Self::Signal
            | Self::SmsBackup
            | Self::Messenger
            | Self::Instagram
            | Self::Telegram => Delay::seconds(24 * 3600),
            Self::Csv
            | Self::Jsonl
            | Self::Twilio
            | Self::Highlevel
            | Self::Chatwoot
            | Self::Intercom
            | Self::WhatsappCloud
            | Self::Mbox
            | Self::Bookings
            | Self::Icalendar
            | Self::Maildir => Delay::seconds(3600),
        }
    }

    /// Records of appointments, which are no messages.
    pub const BOOKINGS: &'static [Self] = &[Self::Bookings, Self::Icalendar];
    /// Tables and lists whose columns are ours or mapped to ours.
    pub const ROWS: &'static [Self] = &[Self::Csv, Self::Jsonl, Self::Bookings];
    /// Exports of chats, which may have one contact only.
    pub const CHATS: &'static [Self] = &[
        Self::Whatsapp,
        Self::Signal,
        Self::SmsBackup,
        Self::Messenger,
        Self::Instagram,
        Self::Telegram,
    ];
    /// Exports that need the names, or the addresses, under which the business writes.
    pub const OURS: &'static [Self] = &[
        Self::Whatsapp,
        Self::Signal,
        Self::Messenger,
        Self::Instagram,
        Self::Telegram,
        Self::Mbox,
        Self::Maildir,
        Self::Icalendar,
    ];
}

crate::model::named! {
    /// The order of a numeric date's parts.
    DateOrder {
        /// 31/12/2026.
        Dmy = "dmy",
        /// 12/31/2026.
        Mdy = "mdy",
        /// 2026/12/31.
        Ymd = "ymd",
    }
}
