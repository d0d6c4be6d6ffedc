//! What the elements of a backup say.

use crate::import::rows::CELL_LIMIT;
use crate::import::xml::Tag;

/// The room that a text leaves for the next one, in bytes.
const KEPT: usize = 64 << 10;

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
    /// Reads it, in the room of the one before.
    pub(super) fn read(&mut self, tag: &Tag<'_>) {
        self.is_too_long = tag.is_cut;
        let places = [
            &mut self.address,
            &mut self.date,
            &mut self.kind,
            &mut self.body,
            &mut self.status,
            &mut self.name,
        ];
        for place in places {
            place.clear();
            place.shrink_to(KEPT);
        }
        tag.each(|name, value| {
            let place = match name {
                b"address" | b"number" => &mut self.address,
                b"date" => &mut self.date,
                b"type" => &mut self.kind,
                b"body" => &mut self.body,
                b"status" => &mut self.status,
                b"contact_name" | b"name" => &mut self.name,
                _ => return,
            };
            place.clear();
            place.push_str(&value.text());
        });
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
                b"address" => &mut mms.address,
                b"date" => &mut mms.date,
                b"msg_box" => &mut mms.folder,
                b"contact_name" => &mut mms.name,
                b"sub" => &mut mms.subject,
                _ => return,
            };
            *place = value.text().into_owned();
        });
        mms
    }

    /// Adds the text of a part, where it is one: a picture has none.
    pub(super) fn add_part(&mut self, tag: &Tag<'_>) {
        let (mut is_text, mut text) = (false, None);
        tag.each(|name, value| match name {
            b"ct" => is_text = value.text().starts_with("text/plain"),
            b"text" => text = Some(value.text().into_owned()).filter(|text| text != "null"),
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
            b"address" => address = Some(value.text().into_owned()),
            b"type" => kind = Some(value.text().into_owned()),
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
