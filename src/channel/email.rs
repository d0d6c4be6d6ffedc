//! What an email looks like, whoever carries it: plain text and the same as simple HTML, with our own Message-ID
//! as the key by which it can be found again.

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::{Outgoing, SendError, limits};
use crate::config::EmailSettings;
use crate::model::{Channel, Timestamp};

/// The finished email.
pub(super) struct Email {
    pub(super) message: Message,
    /// Its Message-ID, with its brackets.
    pub(super) id: String,
}

/// The email of a follow-up.
pub(super) fn email(
    settings: &EmailSettings,
    bot_name: &str,
    outgoing: &Outgoing,
    now: Timestamp,
) -> Result<Email, SendError> {
    limits::fit(Channel::Email, &outgoing.text)?;
    let to: Mailbox = outgoing
        .address
        .trim()
        .parse()
        .map_err(|_| refused("the contact's address is no email address"))?;
    let id = message_id(&outgoing.id, settings.from.email.domain());
    let subject = match settings.subject.as_deref().unwrap_or(bot_name) {
        "" => settings.from.email.domain(),
        subject => subject,
    };
    let mut builder = Message::builder()
        .from(settings.from.clone())
        .to(to)
        .subject(subject)
        .date(now.into())
        .message_id(Some(id.clone()))
        .raw_header(header("Auto-Submitted", "auto-generated"));
    if let Some(reply_to) = &settings.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    if let Some(theirs) = outgoing.reply_to.as_deref().and_then(bracketed) {
        builder = builder.in_reply_to(theirs.clone()).references(theirs);
    }
    for (name, value) in unsubscribe(settings, outgoing) {
        builder = builder.raw_header(header(name, &value));
    }
    let body = MultiPart::alternative_plain_html(outgoing.text.clone(), html(&outgoing.text));
    let message = builder
        .multipart(body)
        .map_err(|error| refused(&format!("the email cannot be made: {error}")))?;
    Ok(Email { message, id })
}

/// The text as HTML: paragraphs, line breaks, and links that can be clicked.
pub(super) fn html(text: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|paragraph| {
            let lines: Vec<String> = paragraph.lines().map(linked).collect();
            format!("<p>{}</p>", lines.join("<br>\n"))
        })
        .collect();
    paragraphs.join("\n")
}

/// One line, escaped, its URLs made links.
fn linked(line: &str) -> String {
    let mut html = String::new();
    let mut rest = line;
    while let Some(start) = ["https://", "http://"]
        .iter()
        .filter_map(|scheme| rest.find(scheme))
        .min()
    {
        let tail = &rest[start..];
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
            .unwrap_or(tail.len());
        let url = tail[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
        html.push_str(&escaped(&rest[..start]));
        let shown = escaped(url);
        html.push_str(&format!("<a href=\"{shown}\">{shown}</a>"));
        rest = &tail[url.len()..];
    }
    html.push_str(&escaped(rest));
    html
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html
}

/// The same on every attempt.
fn message_id(id: &str, domain: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let local: String = id.chars().map(plain).collect();
    format!("<{local}@{domain}>")
}

/// Another's Message-ID, if it is one, with its brackets.
fn bracketed(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let is_id = id.contains('@')
        && id.len() < 500
        && id
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
    is_id.then(|| format!("<{id}>"))
}

fn unsubscribe(settings: &EmailSettings, outgoing: &Outgoing) -> Vec<(&'static str, String)> {
    let url = settings.unsubscribe_url.as_ref().map(|url| {
        let url = url.replace("{contact_id}", &encoded(&outgoing.contact_id));
        url.replace("{id}", &encoded(&outgoing.id))
    });
    let mail = settings.unsubscribe_email.as_ref().map(|mailbox| {
        let address = mailbox.email.to_string();
        format!("mailto:{address}?subject=unsubscribe")
    });
    let has_url = url.is_some();
    let ways: Vec<String> = [url, mail]
        .into_iter()
        .flatten()
        .map(|way| format!("<{way}>"))
        .collect();
    let mut headers = Vec::new();
    if !ways.is_empty() {
        headers.push(("List-Unsubscribe", ways.join(", ")));
    }
    if has_url {
        let one_click = "List-Unsubscribe=One-Click".to_owned();
        headers.push(("List-Unsubscribe-Post", one_click));
    }
    headers
}

/// A header that is not folded: mail servers that sign it may unfold it otherwise than those that check.
fn header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

fn encoded(text: &str) -> String {
    let mut url = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(byte));
            }
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

fn refused(words: &str) -> SendError {
    SendError::Refused {
        reason: words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::example;

    fn settings() -> EmailSettings {
        EmailSettings {
            from: "Clínica Sol <hola@example.com>".parse().unwrap(),
            reply_to: None,
            subject: None,
            unsubscribe_url: Some("https://example.com/u/{contact_id}?f={id}".into()),
            unsubscribe_email: Some("stop@example.com".parse().unwrap()),
        }
    }

    fn outgoing() -> Outgoing {
        Outgoing {
            address: "ana@example.org".into(),
            contact_id: "c 1/ñ".into(),
            reply_to: Some("<abc.123@mail.example.org>".into()),
            text: "Hola Ana:\n¿Sigues ahí? <b>\n\nMira https://example.com/a?b=c&d=e.".into(),
            ..example(Channel::Email)
        }
    }

    #[test]
    fn an_email_is_ours_automatic_in_its_thread_and_easy_to_end() {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let email = email(&settings(), "Clínica Sol", &outgoing(), now).unwrap();
        assert_eq!(email.id, "<fu_1@example.com>");
        let text = String::from_utf8(email.message.formatted()).unwrap();
        for line in [
            "Message-ID: <fu_1@example.com>",
            "In-Reply-To: <abc.123@mail.example.org>",
            "References: <abc.123@mail.example.org>",
            "Auto-Submitted: auto-generated",
            "To: ana@example.org",
            "Date: Mon, 02 Mar 2026 09:00:00 +0000",
            "List-Unsubscribe: <https://example.com/u/c%201%2F%C3%B1?f=fu_1>, \
             <mailto:stop@example.com?subject=unsubscribe>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line} in:\n{text}");
        }
        assert!(text.is_ascii(), "any server takes it");
        assert!(text.contains("text/plain") && text.contains("text/html"));
    }

    #[test]
    fn what_is_not_configured_or_not_known_is_left_out() {
        let settings = EmailSettings {
            unsubscribe_url: None,
            unsubscribe_email: None,
            ..settings()
        };
        for reply_to in [
            None,
            Some("1234"),
            Some("<a@b>\r\nBcc: <c@d>"),
            Some("a b@c"),
        ] {
            let outgoing = Outgoing {
                reply_to: reply_to.map(str::to_owned),
                ..outgoing()
            };
            let email = email(&settings, "Sol", &outgoing, Timestamp::UNIX_EPOCH).unwrap();
            let text = String::from_utf8(email.message.formatted()).unwrap();
            for absent in ["In-Reply-To", "References", "List-Unsubscribe", "Bcc"] {
                assert!(!text.contains(absent), "{absent} for {reply_to:?}");
            }
        }
    }

    #[test]
    fn html_is_escaped_and_links_can_be_clicked() {
        assert_eq!(
            html(&outgoing().text),
            "<p>Hola Ana:<br>\n¿Sigues ahí? &lt;b&gt;</p>\n<p>Mira <a href=\"https://example.com/a?b=c&amp;d=e\">\
             https://example.com/a?b=c&amp;d=e</a>.</p>"
        );
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for address in ["", "ana", "ana@example.org\r\nBcc: x@y.z", "a@b, c@d"] {
            let outgoing = Outgoing {
                address: address.into(),
                ..outgoing()
            };
            let made = email(&settings(), "Sol", &outgoing, Timestamp::UNIX_EPOCH);
            assert_eq!(made.err().unwrap().kind(), "refused", "{address:?}");
        }
    }
}
