//! What the elements of a backup say.

use crate::import::rows::CELL_LIMIT;
use crate::import::xml::Tag;

/// What an `<sms>` or a `<call>` says.
#[derive(Debug, Default)]
pub(super) struct Sms {
    pub(super) address: String,
    pub(super) date: String,
    pub(super) kind: String,
    pub(super) body: String,
    pub(super) status: String,
    pub(super) name: String,
    pub(super) is_too_long: bool,
}

/// An `<mms>` whose parts are being read.
#[derive(Debug, Default)]
pub(super) struct Mms {
    pub(super) line: u64,
    pub(super) address: String,
    pub(super) date: String,
    pub(super) folder: String,
    pub(super) name: String,
    pub(super) subject: String,
    /// Whom the message is from, by its `<addr>`.
    pub(super) from: Option<String>,
    pub(super) text: String,
    pub(super) is_too_long: bool,
}

impl Sms {
    pub(super) fn of(tag: &Tag<'_>) -> Self {
        let mut sms = Self {
            is_too_long: tag.is_cut,
            ..Self::default()
        };
        tag.each(|name, value| {
            let place = match name {
                "address" | "number" => &mut sms.address,
                "date" => &mut sms.date,
                "type" => &mut sms.kind,
                "body" => &mut sms.body,
                "status" => &mut sms.status,
                "contact_name" | "name" => &mut sms.name,
                _ => return,
            };
            *place = value.into_owned();
        });
        sms
    }
}

impl Mms {
    pub(super) fn of(tag: &Tag<'_>) -> Self {
        let mut mms = Self {
            line: tag.line,
            is_too_long: tag.is_cut,
            ..Self::default()
        };
        tag.each(|name, value| {
            let place = match name {
                "address" => &mut mms.address,
                "date" => &mut mms.date,
                "msg_box" => &mut mms.folder,
                "contact_name" => &mut mms.name,
                "sub" => &mut mms.subject,
                _ => return,
            };
            *place = value.into_owned();
        });
        mms
    }

    /// Adds the text of a part, where it is one: a picture has none.
    pub(super) fn add_part(&mut self, tag: &Tag<'_>) {
        let (mut is_text, mut text) = (false, None);
        tag.each(|name, value| match name {
            "ct" => is_text = value.starts_with("text/plain"),
            "text" if value != "null" => text = Some(value.into_owned()),
            _ => {}
        });
        if !is_text {
            return;
        }
        let text = text.unwrap_or_default();
        self.is_too_long |= tag.is_cut || self.text.len() + text.len() > CELL_LIMIT;
        if self.is_too_long || text.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&text);
    }

    /// Takes whom it is from.
    pub(super) fn add_address(&mut self, tag: &Tag<'_>) {
        const FROM: &str = "137";
        let (mut address, mut kind) = (None, None);
        tag.each(|name, value| match name {
            "address" => address = Some(value.into_owned()),
            "type" => kind = Some(value.into_owned()),
            _ => {}
        });
        if kind.as_deref() == Some(FROM) {
            self.from = address;
        }
    }

    /// The subject, where it has one, and the text.
    pub(super) fn whole_text(&self) -> String {
        match self.subject.as_str() {
            "" | "null" | "NoSubject" => self.text.clone(),
            subject if self.text.is_empty() => subject.to_owned(),
            subject => format!("{subject}\n{}", self.text),
        }
    }
}

/// Whether an address is somebody's: not empty, and not what stands for ourselves.
pub(super) fn is_somebody(address: &str) -> bool {
    let none = ["", "null", "insert-address-token", "Unknown", "-1", "-2"];
    !none.contains(&address.trim())
}

/// The number that an address is, without blanks and signs; `None` for a name such as a bank's, or a short code.
pub(super) fn phone(address: &str) -> Option<String> {
    let address = address.trim();
    let digits: String = address.chars().filter(char::is_ascii_digit).collect();
    let is_sign = |c: char| {
        matches!(
            c,
            ' ' | '\u{a0}' | '-' | '\u{2010}'..='\u{2013}' | '(' | ')' | '.' | '/'
        )
    };
    let rest = address.strip_prefix('+').unwrap_or(address);
    let plain = rest.chars().all(|c| c.is_ascii_digit() || is_sign(c));
    let number = plain && (7..=15).contains(&digits.len());
    number.then(|| match address.starts_with('+') {
        true => format!("+{digits}"),
        false => digits,
    })
}
