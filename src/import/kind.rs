//! What an export is, by how it begins.

use std::path::Path;

use super::ReadError;
use crate::config::Format;

/// What a JSON export is, by the keys that stand at its beginning; `None` when they are no platform's.
pub(crate) fn of_json(head: &[u8], path: Option<&Path>) -> Result<Option<Format>, ReadError> {
    let has = |key: &str| has_key(head, key);
    if has("contact_id") && (has("sent_at") || has("addresses") || has("phone")) {
        return Ok(None); // our own
    }
    if has("whatsapp_business_account") || has("messaging_product") && has("changes") {
        return Ok(Some(Format::WhatsappCloud));
    }
    if memchr::memmem::find(head, b"\"whatsapp_business_account\"").is_some() && has("entry") {
        return Ok(Some(Format::WhatsappCloud));
    }
    if has("sender_name") && has("timestamp_ms") || has("senderName") && has("threadName") {
        return of_meta(path.and_then(Path::to_str).into_iter()).map(Some);
    }
    let of_telegram = ["from", "type", "date"].into_iter().all(has) && !has("to");
    if has("date_unixtime")
        || has("messages") && (has("from_id") || of_telegram)
        || has("chats") && has("left_chats")
    {
        return Ok(Some(Format::Telegram));
    }
    if has("sid") && (has("account_sid") || has("accountSid")) && has("direction") {
        return Ok(Some(Format::Twilio));
    }
    if has("conversation_parts") || has("delivered_as") && has("source") {
        return Ok(Some(Format::Intercom));
    }
    if has("messageType") && has("contactId") || has("locationId") || has("dndSettings") {
        return Ok(Some(Format::Highlevel));
    }
    let of_chatwoot = [
        "content_type",
        "inbox_id",
        "private",
        "content_attributes",
        "can_reply",
    ];
    if has("message_type") && of_chatwoot.into_iter().any(has) {
        return Ok(Some(Format::Chatwoot));
    }
    Ok(None)
}

/// Which of Meta's: its files look alike, so the name of the file, or those in the archive, must tell.
///
/// # Errors
/// They do not.
pub(crate) fn of_meta<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<Format, ReadError> {
    let found = names.find_map(|name| {
        let name = name.to_ascii_lowercase();
        if name.contains("instagram") {
            Some(Format::Instagram)
        } else if name.contains("facebook") || name.contains("messenger") {
            Some(Format::Messenger)
        } else {
            None
        }
    });
    found.ok_or_else(|| {
        ReadError::File(
            "this is a chat of Messenger or of Instagram, which look alike; say which with `format` on the source (--format messenger or instagram)"
                .to_owned(),
        )
    })
}

/// Whether this name in an archive is one of Meta's files of messages.
pub(crate) fn is_meta_messages(name: &str) -> bool {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let Some((before, number)) = base.strip_suffix(".json").and_then(|n| n.rsplit_once('_')) else {
        return false;
    };
    let is_outside = !name.contains('/');
    let in_messages = name.contains("messages/") || name.contains("inbox/") || is_outside;
    // Encrypted chats lie outside of any folder, each with the name of the other: `Ana Ruiz_40.json`.
    let is_named = before == "message" || is_outside;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    in_messages && is_named && is_number
}

/// Whether a key of this name stands in `head`. In a text its quotes would be escaped.
pub(crate) fn has_key(head: &[u8], key: &str) -> bool {
    let quoted = format!("\"{key}\"");
    memchr::memmem::find_iter(head, quoted.as_bytes()).any(|at| {
        let rest = head[at + quoted.len()..].trim_ascii_start();
        rest.first() == Some(&b':')
    })
}

/// Whether `head` begins a mailbox: a line such as `From ana@example.com Mon Mar  2 09:00:00 2026`, then headers.
pub(crate) fn is_mbox(head: &[u8]) -> bool {
    let mut lines = head.split(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    first.starts_with(b"From ") && lines.next().is_some_and(is_header)
}

/// Whether `head` begins an email: headers, of which one is an email's.
pub(crate) fn is_email(head: &[u8]) -> bool {
    const OWN: [&str; 8] = [
        "return-path:",
        "received:",
        "message-id:",
        "delivered-to:",
        "mime-version:",
        "from:",
        "date:",
        "subject:",
    ];
    let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end);
    let headers: Vec<&[u8]> = lines.take_while(|l| !l.is_empty()).take(100).collect();
    let folded = |l: &&[u8]| l.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
    let is_own = |l: &&[u8]| {
        let line = String::from_utf8_lossy(&l[..l.len().min(32)]).to_ascii_lowercase();
        OWN.iter().any(|own| line.starts_with(own))
    };
    headers.len() >= 2
        && headers.iter().all(|l| folded(l) || is_header(l))
        && headers.iter().filter(|l| is_own(l)).count() >= 2
}

fn is_header(line: &[u8]) -> bool {
    let colon = memchr::memchr(b':', line).unwrap_or(0);
    colon > 0 && line[..colon].iter().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_messages_are_known_by_their_names() {
        for name in [
            "message_1.json",
            "your_facebook_activity/messages/inbox/ana_17/message_12.json",
            "messages/inbox/ana_17/message_1.json",
            "Ana Ruiz_40.json",
        ] {
            assert!(is_meta_messages(name), "{name}");
        }
        for name in [
            "messages/inbox/ana_17/photos/x_1.json",
            "messages/inbox/ana_17/message_1.html",
            "ads_information/advertisers_1.json",
            "message_.json",
            "message.json",
            "_chat.txt",
        ] {
            assert!(!is_meta_messages(name), "{name}");
        }
    }
}
