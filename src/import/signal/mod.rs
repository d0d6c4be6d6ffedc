//! Signal's messages as JSON: its own export of everything, what Signal Desktop keeps, as sigtop writes it, and the
//! `data.json` of signal-export. A chat as text is read like one of WhatsApp's.

mod backup;
mod desktop;
mod tool;

pub(crate) use backup::SignalBackup;
pub(crate) use desktop::SignalDesktop;
pub(crate) use tool::SignalTool;

use super::kind::has_key;

/// Which JSON of Signal's a file has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `main.jsonl`: a frame a line.
    #[default]
    Backup,
    /// A list of messages as Signal Desktop keeps them.
    Desktop,
    /// A message a line, with the names that people see.
    Tool,
}

impl Shape {
    /// The shape of the file that begins with `head`, if it is one of these.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let has = |key: &str| has_key(head, key);
        let all = |keys: &[&str]| keys.iter().all(|key| has(key));
        if has("backupTimeMs") || all(&["chatItem", "dateSent"]) {
            Some(Self::Backup)
        } else if all(&["conversationId", "sent_at", "type"])
            && (has("received_at") || has("source") || has("sourceServiceId"))
        {
            Some(Self::Desktop)
        } else if all(&["sender", "body", "date", "quote", "reactions"]) {
            Some(Self::Tool)
        } else {
            None
        }
    }
}

/// More people or chats than this are not kept in memory.
const PEOPLE_LIMIT: usize = 50_000;

/// A name or an id that can be kept for a whole export.
fn kept(text: Option<std::borrow::Cow<'_, str>>) -> Option<String> {
    text.filter(|t| t.len() <= 200)
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_are_told_apart() {
        for (head, shape) in [
            (
                r#"{"version":"1","backupTimeMs":"1772443000000"}"#,
                Some(Shape::Backup),
            ),
            (
                r#"{"chatItem":{"chatId":"1","dateSent":"1772443000000"}}"#,
                Some(Shape::Backup),
            ),
            (
                r#"[{"id":"a","conversationId":"c","type":"outgoing","sent_at":1,"received_at":2}]"#,
                Some(Shape::Desktop),
            ),
            (
                r#"{"date":"2026-03-02T09:00:00","sender":"Me","body":"","quote":"","reactions":[]}"#,
                Some(Shape::Tool),
            ),
            (r#"{"sender":"Ana","body":"hi"}"#, None),
            ("[2026-03-02, 09:00] Ana: hi", None),
        ] {
            assert_eq!(Shape::of(head.as_bytes()), shape, "{head}");
        }
    }
}
