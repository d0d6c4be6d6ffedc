//! What an export is, by how it begins.

use std::path::Path;

use super::email::emlx;
use super::{ReadError, signal};
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
    if has_value(head, "whatsapp_business_account") && has("entry") {
        return Ok(Some(Format::WhatsappCloud));
    }
    let of_whatsapp = has("messaging_product") || has("wa_id");
    if of_whatsapp && has("timestamp") && (has("messages") || has("statuses")) {
        return Ok(Some(Format::WhatsappCloud)); // what stands in an entry, by itself
    }
    let is_encrypted = has("senderName") && (has("threadName") || has("isUnsent"));
    if has("sender_name") && has("timestamp_ms") || is_encrypted {
        let names = path.and_then(Path::to_str).into_iter();
        return match of_meta(names).or_else(|e| of_meta_by_content(head, is_encrypted).ok_or(e)) {
            Ok(format) => Ok(Some(format)),
            Err(e) => Err(e),
        };
    }
    let was_instagram = ["participants", "conversation", "sender", "created_at"];
    if was_instagram.into_iter().all(has) && !has("id") {
        return Ok(Some(Format::Instagram)); // before 2020
    }
    if signal::Shape::of(head).is_some() {
        return Ok(Some(Format::Signal));
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
    if has("author") && (has("conversation_sid") || has("conversationSid")) {
        return Ok(Some(Format::Twilio));
    }
    if has("conversation_parts")
        || has("conversation_message")
        || has("delivered_as") && has("source")
    {
        return Ok(Some(Format::Intercom));
    }
    if has("contactId") && (has("messageType") || has("conversationId") && has("dateAdded"))
        || has("locationId")
        || has("dndSettings")
    {
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
    let found = names.find_map(of_meta_path);
    found.ok_or_else(|| {
        ReadError::File(
            "this is a chat of Messenger or of Instagram, which look alike; say which with `format` on the source (--format messenger or instagram)"
                .to_owned(),
        )
    })
}

/// Which of Meta's a path tells of: by the folder that Meta itself made, else by another's name, but not by that of a
/// chat, which is called after a person.
fn of_meta_path(path: &str) -> Option<Format> {
    const OF_CHATS: [&str; 6] = [
        "inbox",
        "archived_threads",
        "filtered_threads",
        "message_requests",
        "e2ee_cutover",
        "broadcasts",
    ];
    let path = path.to_ascii_lowercase();
    let parts = || path.split(['/', '\\']);
    let made = |part: &str| match part {
        "your_instagram_activity" => Some(Format::Instagram),
        "your_facebook_activity" | "your_activity_across_facebook" => Some(Format::Messenger),
        _ => None,
    };
    let called = |part: &str| {
        if part.contains("instagram") {
            Some(Format::Instagram)
        } else {
            let is_messenger = part.contains("facebook") || part.contains("messenger");
            is_messenger.then_some(Format::Messenger)
        }
    };
    let before = || std::iter::once("").chain(parts());
    let mut others = parts()
        .zip(before())
        .filter(|(_, before)| !OF_CHATS.contains(before));
    parts()
        .find_map(made)
        .or_else(|| others.find_map(|(part, _)| called(part)))
}

/// The same by what stands in a file: the folders of its attachments, and keys that only Messenger has.
fn of_meta_by_content(head: &[u8], is_encrypted: bool) -> Option<Format> {
    let has = |part: &str| memchr::memmem::find(head, part.as_bytes()).is_some();
    if has("your_instagram_activity") {
        Some(Format::Instagram)
    } else {
        let messenger =
            is_encrypted || has("your_facebook_activity") || has("your_activity_across_facebook");
        messenger.then_some(Format::Messenger)
    }
}

/// Whose JSON an archive has, Meta's or Telegram's, by its own name and those in it; `None` when it is another's.
///
/// # Errors
/// It cannot be told, or the archive has pages to look at only.
pub(crate) fn of_archive(own: Option<&str>, names: &[String]) -> Result<Option<Format>, ReadError> {
    let base = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    let found: Vec<&String> = names.iter().filter(|name| is_meta_messages(name)).collect();
    if found.is_empty() && names.iter().any(|name| is_telegrams(name)) {
        return Ok(Some(Format::Telegram));
    }
    if found.is_empty() {
        let is_page = |name: &String| {
            let base = base(name);
            base.starts_with("message") && base.ends_with(".html")
        };
        let has_text = names.iter().any(|name| name.ends_with(".txt"));
        return match names.iter().any(is_page) && !has_text {
            true => Err(ReadError::File(
                "the zip has web pages (HTML), for people to look at; export again as JSON: Telegram Desktop calls it \
                 \"Machine-readable JSON\", and Meta asks for the format when you request your information"
                    .to_owned(),
            )),
            false => Ok(None),
        };
    }
    let inner = found.iter().map(|name| name.as_str());
    of_meta(own.into_iter().chain(inner))
        .or_else(|e| {
            if found.iter().any(|name| base(name) == ALL_CHATS) {
                return Ok(Format::Instagram); // before 2020
            }
            let is_encrypted = |name: &&String| !base(name).starts_with("message_");
            found
                .iter()
                .all(is_encrypted)
                .then_some(Format::Messenger)
                .ok_or(e)
        })
        .map(Some)
}

/// Whether this name in an archive is Telegram Desktop's.
pub(crate) fn is_telegrams(name: &str) -> bool {
    name.rsplit(['/', '\\']).next() == Some("result.json")
}

/// The file with all chats that Instagram wrote before 2020.
const ALL_CHATS: &str = "messages.json";

/// Whether this name in an archive is one of Meta's files of messages.
pub(crate) fn is_meta_messages(name: &str) -> bool {
    let (folders, base) = name.rsplit_once(['/', '\\']).unwrap_or(("", name));
    if base == ALL_CHATS {
        return !folders.contains('/');
    }
    let Some((before, number)) = base.strip_suffix(".json").and_then(|n| n.rsplit_once('_')) else {
        return false;
    };
    let folder = folders.rsplit(['/', '\\']).next().unwrap_or(folders);
    let is_known = if before == "message" {
        folders.is_empty() || name.contains("messages/") || name.contains("inbox/")
    } else {
        // Encrypted chats lie side by side, each with the name of the other: `Ana Ruiz_40.json`.
        matches!(folder, "" | "messages" | "encrypted")
    };
    is_known && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a key of this name stands in `head`, if only in JSON that is a text of its own: there its quotes are escaped.
pub(crate) fn has_key(head: &[u8], key: &str) -> bool {
    quoted(head, key).any(|rest| rest.trim_ascii_start().first() == Some(&b':'))
}

/// Whether a text of exactly these words stands in `head`.
fn has_value(head: &[u8], value: &str) -> bool {
    quoted(head, value).next().is_some()
}

/// What follows a word in double quotes, wherever it stands.
fn quoted<'h>(head: &'h [u8], word: &str) -> impl Iterator<Item = &'h [u8]> {
    let begin = format!("\"{word}");
    let length = begin.len();
    let found: Vec<usize> = memchr::memmem::find_iter(head, begin.as_bytes()).collect();
    found.into_iter().filter_map(move |at| {
        let rest = &head[at + length..];
        rest.strip_prefix(b"\"").or(rest.strip_prefix(b"\\\""))
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
    let head = emlx(head).map_or(head, |(_, email)| email);
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
    fn keys_are_found_in_json_and_in_texts_of_json() {
        for head in [r#"{"a":1,"key" : 2}"#, r#"{"body":"{\"key\": 2}"}"#] {
            assert!(has_key(head.as_bytes(), "key"), "{head}");
        }
        for head in [
            r#"{"a":"key"}"#,
            r#"{"keys":1}"#,
            r#"{"text":"my \"key\" is lost"}"#,
        ] {
            assert!(!has_key(head.as_bytes(), "key"), "{head}");
        }
    }

    #[test]
    fn files_of_messages_are_known_by_their_names() {
        for name in [
            "message_1.json",
            "your_facebook_activity/messages/inbox/ana_17/message_12.json",
            "messages/inbox/ana_17/message_1.json",
            "Ana Ruiz_40.json",
            "messages/Ana Ruiz_40.json",
            "messages.json",
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

    #[test]
    fn archives_of_metas_are_told_apart() {
        let of = |own: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            of_archive(Some(own), &names).map_err(|e| e.to_string())
        };
        let chat = "your_activity_across_facebook/messages/inbox/ana_17/message_1.json";
        assert_eq!(of("a.zip", &[chat]), Ok(Some(Format::Messenger)));
        assert_eq!(
            of(
                "a.zip",
                &["messages/Ana Ruiz_40.json", "messages/media/1.jpeg"]
            ),
            Ok(Some(Format::Messenger))
        );
        assert_eq!(
            of("ana_20190301.zip", &["messages.json", "likes.json"]),
            Ok(Some(Format::Instagram))
        );
        assert_eq!(of("WhatsApp Chat - Ana.zip", &["_chat.txt"]), Ok(None));
        assert_eq!(
            of("ChatExport.zip", &["ChatExport_2026-03-02/result.json"]),
            Ok(Some(Format::Telegram))
        );
        // A chat is called after a person, and other folders after other things.
        let chat = "your_facebook_activity/messages/inbox/instagramuser_5/message_1.json";
        let other = "connected_experiences/instagram_accounts.json";
        assert_eq!(of("a.zip", &[other, chat]), Ok(Some(Format::Messenger)));
        let reason = of("a.zip", &["messages/inbox/ana_17/message_1.html"]).expect_err("pages");
        assert!(reason.contains("as JSON"), "{reason}");
        let reason = of("a.zip", &["messages/inbox/ana_17/message_1.json"]).expect_err("unknown");
        assert!(
            reason.contains("--format messenger or instagram"),
            "{reason}"
        );
    }
}
