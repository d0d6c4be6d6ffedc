//! Emails that nobody sat down and wrote.

use mail_parser::{Message, MimeHeaders};

use super::raw;
use crate::model::fold;

/// Whether nobody sat down and wrote it: RFC 3834, and what was in use before it (rule S8).
pub(super) fn is_automatic(message: &Message<'_>) -> bool {
    const NAMES: &[&str] = &[
        "Auto-Submitted",
        "X-Autoreply",
        "X-Autorespond",
        "X-Auto-Response-From",
        "X-Vacation",
        "Precedence",
        "List-Id",
        "List-Unsubscribe",
        "Return-Path",
    ];
    let by_header = raw(message, NAMES).any(|(name, value)| {
        let value = value.to_lowercase();
        match name.to_ascii_lowercase().as_str() {
            "auto-submitted" => !value.is_empty() && !value.starts_with("no"),
            "precedence" => matches!(value.as_str(), "bulk" | "junk" | "list" | "auto_reply"),
            "list-id" | "list-unsubscribe" => true,
            "return-path" => value == "<>",
            _ => value != "no",
        }
    });
    by_header || says_so(message.subject().unwrap_or_default())
}

/// Whether a subject begins as machines write it who answer for somebody who is away; in the reply of a person `Re:`
/// comes first.
fn says_so(subject: &str) -> bool {
    const BEGINS: [&str; 18] = [
        "automatic reply",
        "auto reply",
        "auto-reply",
        "autoreply",
        "auto:",
        "out of office",
        "out-of-office",
        "respuesta automatica",
        "fuera de la oficina",
        "resposta automatica",
        "reponse automatique",
        "automatische antwort",
        "abwesenheitsnotiz",
        "abwesend:",
        "risposta automatica",
        "automatisch antwoord",
        "autosvar",
        "odpowiedz automatyczna",
    ];
    if !subject
        .trim_start()
        .starts_with(['A', 'a', 'O', 'o', 'R', 'r', 'F', 'f'])
    {
        return false;
    }
    let folded = fold(subject);
    BEGINS
        .iter()
        .any(|begin| folded.trim_start().starts_with(begin))
}

/// Whose address a report of failed delivery is about; `None` when it is no such report.
pub(super) fn bounced(message: &Message<'_>) -> Option<String> {
    let is_report = message.content_type().is_some_and(|t| {
        t.ctype() == "multipart"
            && t.subtype()
                .is_some_and(|s| s.eq_ignore_ascii_case("report"))
            && t.attribute("report-type")
                .is_some_and(|r| r.eq_ignore_ascii_case("delivery-status"))
    });
    if !is_report {
        return None;
    }
    message.parts.iter().find_map(|part| {
        let words = String::from_utf8_lossy(part.contents());
        let words = words.get(..words.len().min(64 << 10)).unwrap_or(&words);
        words.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            if !name.eq_ignore_ascii_case("Final-Recipient") {
                return None;
            }
            let address = value.rsplit(';').next()?.trim().to_lowercase();
            address.contains('@').then_some(address)
        })
    })
}
