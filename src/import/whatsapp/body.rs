//! What follows a header: who wrote, and whether it is a message, an attachment or a line of WhatsApp's own.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memrchr};

use super::header::is_blank;
use crate::import::words::is_direction_mark;
use crate::model::fold;

const MARK: char = '\u{200e}';
const NAME_LIMIT: usize = 120;

/// What a line with a sender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something that a person wrote or did: a text, a call, a message deleted since.
    Message,
    /// A message with an attachment, or in its place the words that stand for it.
    Media,
    /// A line of WhatsApp's own: "messages are encrypted", "Ana joined".
    System,
}

/// A sender's name without marks of direction, `~` and odd blanks: how names are compared.
pub(super) fn name(written: &str) -> Cow<'_, str> {
    if let ([first, .., last] | [first @ last], true) = (written.as_bytes(), written.is_ascii())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
        && *first != b'~'
    {
        return Cow::Borrowed(written); // as most are
    }
    let visible: String = written
        .chars()
        .filter(|c| !is_direction_mark(*c))
        .map(|c| if is_blank(c) { ' ' } else { c })
        .collect();
    let visible = visible.trim().trim_start_matches('~').trim();
    Cow::Owned(visible.to_owned())
}

/// The sender and the text of what follows a header; `None` for a line without a sender.
pub(super) fn sender(rest: &str) -> Option<(&str, &str)> {
    let mut colons = memchr_iter(b':', rest.as_bytes());
    let (sender, text) = colons
        .find(|at| rest.as_bytes().get(at + 1) == Some(&b' '))
        .map(|at| (&rest[..at], &rest[at + 2..]))
        .or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    let is_name = |c: char| !(is_blank(c) || c.is_whitespace() || is_direction_mark(c) || c == '~');
    let good = sender.contains(is_name)
        && sender.chars().count() <= NAME_LIMIT
        && !cuts_a_quotation(sender, text);
    good.then_some((sender, text))
}

/// The same where no blank follows the colon, for a sender who is known from other lines.
pub(super) fn known_sender(rest: &str, known: impl Fn(&str) -> bool) -> Option<(&str, &str)> {
    let (sender, text) = rest.split_once(':')?;
    known(sender).then_some((sender, text))
}

/// Whether the colon stands inside quotation marks: Ana created group "Desk: urgent".
fn cuts_a_quotation(before: &str, after: &str) -> bool {
    if before.bytes().all(|b| b.is_ascii() && b != b'"') {
        return false; // as most names
    }
    let straight = before.matches('"').count() % 2 == 1 && after.contains('"');
    let curly = before.matches('“').count() > before.matches('”').count() && after.contains('”');
    let angle = before.matches('«').count() > before.matches('»').count() && after.contains('»');
    straight || curly || angle
}

/// What a text with a sender is. `bracket`: in an export of iOS, where WhatsApp's own lines have a sender and begin
/// with U+200E; `marked`: U+200E stands before the header, which only attachments have.
pub(super) fn kind(text: &str, bracket: bool, marked: bool) -> Kind {
    let own = after_mark(text);
    let words = own.unwrap_or(text);
    if marked || is_media(words) {
        return Kind::Media;
    }
    if bracket && own.is_some() && !is_a_persons_doing(words) {
        return Kind::System;
    }
    Kind::Message
}

/// What stands after the mark at the beginning, where there is one.
fn after_mark(text: &str) -> Option<&str> {
    // One byte tells of most texts that they have none.
    text.as_bytes().first().filter(|b| !b.is_ascii())?;
    text.strip_prefix(MARK)
}

/// The text of a message without the mark before it and without the note that it was edited.
pub(super) fn clean(text: &str) -> &str {
    let text = after_mark(text).unwrap_or(text);
    if !matches!(text.as_bytes().last(), Some(b'\n' | b'>')) {
        return text; // as most are
    }
    let text = text.trim_end_matches('\n');
    let Some(note) = text.strip_suffix('>').and_then(|t| t.rfind('<')) else {
        return text;
    };
    let inner = &text[note + 1..text.len() - 1];
    let before = &text[..note];
    let noted = match before.strip_suffix(MARK) {
        Some(before) if !inner.contains(':') => Some(before), // with a colon it names an attachment
        _ if is_edit_note(inner) => Some(before),
        _ => None,
    };
    match noted.map(|before| before.trim_end_matches([' ', MARK])) {
        Some(before) if !before.is_empty() => before,
        _ => text,
    }
}

fn is_edit_note(inner: &str) -> bool {
    let words = fold(inner);
    let words = words.trim_end_matches('.');
    matches!(
        words,
        "this message was edited"
            | "se edito este mensaje"
            | "este mensaje fue editado"
            | "mensagem editada"
            | "esta mensagem foi editada"
            | "diese nachricht wurde bearbeitet"
            | "ce message a ete modifie"
            | "questo messaggio e stato modificato"
            | "dit bericht is bewerkt"
            | "bu mesaj duzenlendi"
    )
}

/// Words that stand for an attachment: Android's in angle brackets or with "(file attached)", iOS's with "omitted",
/// and `null` for a picture to be seen once.
fn is_media(words: &str) -> bool {
    let end = memrchr(b'\n', words.as_bytes()).map_or(words, |at| &words[at + 1..]);
    let end = end.trim_end();
    if words == "null" {
        return true;
    }
    if let [b'<', inner @ .., b'>'] = words.as_bytes()
        && !inner.contains(&b'<')
    {
        return true;
    }
    if end.as_bytes().last() == Some(&b'>')
        && let Some(note) = end.rfind("\u{200e}<")
    {
        return end[note..].contains(':');
    }
    let first = first_line(words);
    if first.len() > 200 || !may_be_note(first) {
        return false;
    }
    let first = fold(first);
    let first = first.trim_end_matches(['.', ' ']);
    const ATTACHED: [&str; 8] = [
        "(file attached)",
        "(archivo adjunto)",
        "(arquivo anexado)",
        "(ficheiro anexado)",
        "(datei angehangt)",
        "(fichier joint)",
        "(file allegato)",
        "(bestand bijgevoegd)",
    ];
    ATTACHED.iter().any(|end| first.ends_with(end)) || is_omitted(first)
}

/// The text up to its first line end.
pub(super) fn first_line(text: &str) -> &str {
    memchr(b'\n', text.as_bytes()).map_or(text, |at| &text[..at])
}

/// Whether a text can be a note, as far as a glance tells: most are none, and to fold them all would take long.
fn may_be_note(first: &str) -> bool {
    let text = first.trim_end_matches(['.', ' ']);
    text.ends_with(|c: char| c == ')' || !c.is_ascii())
        || memchr_iter(b' ', text.as_bytes()).nth(2).is_none()
        || !text.is_ascii() && text.contains(MARK)
}

/// "image omitted" and its like: a word or two and a participle, nothing more.
fn is_omitted(first: &str) -> bool {
    const OMITTED: [&str; 20] = [
        "omitted",
        "omitido",
        "omitida",
        "ocultado",
        "ocultada",
        "oculto",
        "oculta",
        "weggelassen",
        "ausgelassen",
        "absente",
        "absent",
        "omis",
        "omise",
        "omesso",
        "omessa",
        "weggelaten",
        "edilmedi",
        "utelamnad",
        "הושמט",
        "הושמטה",
    ];
    let last = first.rsplit(' ').next().unwrap_or(first);
    OMITTED.contains(&last)
        && (first.contains(MARK) || first.split(' ').count() <= 3)
        && first.contains(' ')
}

/// Marked lines that a person caused all the same: a call, a place, a poll, a message deleted since.
fn is_a_persons_doing(words: &str) -> bool {
    let words = fold(words.split('\n').next().unwrap_or(words));
    if words.contains("://") || words.is_empty() {
        return true;
    }
    const BEGINNINGS: [&str; 64] = [
        // calls
        "missed ",
        "voice call",
        "video call",
        "silenced ",
        "llamada",
        "videollamada",
        "chamada",
        "videochamada",
        "ligacao",
        "verpasst",
        "sprachanruf",
        "videoanruf",
        "anruf",
        "appel",
        "chiamata",
        "videochiamata",
        "gemiste",
        "spraakoproep",
        "video-oproep",
        "cevapsız",
        "sesli arama",
        "goruntulu arama",
        "שיחה",
        "שיחת",
        // deleted since
        "this message was deleted",
        "you deleted this message",
        "se elimino este mensaje",
        "este mensaje fue eliminado",
        "eliminaste este mensaje",
        "mensagem apagada",
        "esta mensagem foi apagada",
        "voce apagou esta mensagem",
        "diese nachricht wurde geloscht",
        "du hast diese nachricht geloscht",
        "ce message a ete supprime",
        "vous avez supprime ce message",
        "questo messaggio e stato eliminato",
        "hai eliminato questo messaggio",
        "dit bericht is verwijderd",
        "je hebt dit bericht verwijderd",
        "bu mesaj silindi",
        "bu mesajı sildiniz",
        "הודעה זו נמחקה",
        "מחקת הודעה זו",
        // places and polls
        "location:",
        "live location",
        "ubicacion",
        "localizacao",
        "standort",
        "position",
        "posizione",
        "poll:",
        "encuesta:",
        "enquete:",
        "umfrage:",
        "sondage",
        "sondaggio:",
        // seen once, not yet delivered
        "view once",
        "you received a view once",
        "waiting for this message",
        "esperando este mensaje",
        "esperando mensaje",
        "aguardando mensagem",
        "warten auf diese nachricht",
    ];
    BEGINNINGS.iter().any(|begin| words.starts_with(begin))
        || is_omitted(words.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_decoration() {
        for written in [
            "Ana",
            "~ Ana",
            "~\u{202f}Ana",
            "\u{202a}Ana\u{202c}",
            " Ana\u{200e}",
        ] {
            assert_eq!(name(written), "Ana");
        }
        assert_eq!(name("\u{202a}+52\u{a0}55 1234\u{202c}"), "+52 55 1234");
    }

    #[test]
    fn senders_are_found_and_system_lines_have_none() {
        assert_eq!(sender("Ana: hi: you"), Some(("Ana", "hi: you")));
        assert_eq!(sender("Ana 🤓: "), Some(("Ana 🤓", "")));
        assert_eq!(sender("Ana:"), Some(("Ana", "")));
        assert_eq!(sender("5\" Pipes: hello"), Some(("5\" Pipes", "hello")));
        for line in [
            "You were added",
            "+52 1 created group \"Desk: urgent\"",
            "Ana changed the subject to “A: b”",
            ": x",
            "see https://x.org",
        ] {
            assert_eq!(sender(line), None, "{line}");
        }
        assert_eq!(known_sender("Ana:.", |n| n == "Ana"), Some(("Ana", ".")));
        assert_eq!(known_sender("see https://x.org", |n| n == "Ana"), None);
    }

    #[test]
    fn messages_attachments_and_system_lines_are_told_apart() {
        for (text, bracket, marked, found) in [
            ("hi", true, false, Kind::Message),
            (
                "\u{200e}Messages and calls are end-to-end encrypted.",
                true,
                false,
                Kind::System,
            ),
            (
                "\u{200e}Los mensajes y las llamadas están cifrados.",
                true,
                false,
                Kind::System,
            ),
            ("\u{200e}Ana joined", true, false, Kind::System),
            ("\u{200e}Sticker weggelassen", true, true, Kind::Media),
            ("\u{200e}imagen omitida", true, false, Kind::Media),
            ("\u{200e}<attached: 1.jpg>", true, true, Kind::Media),
            ("look \u{200e}<attached: 1.jpg>", true, false, Kind::Media),
            (
                "a.pdf • \u{200e}9 pages \u{200e}document omitted",
                true,
                true,
                Kind::Media,
            ),
            (
                "\u{200e}This message was deleted.",
                true,
                false,
                Kind::Message,
            ),
            ("\u{200e}Mensagem apagada", true, false, Kind::Message),
            (
                "\u{200e}Diese Nachricht wurde gelöscht.",
                true,
                false,
                Kind::Message,
            ),
            (
                "\u{200e}Missed video call, \u{200e}tap to call back",
                true,
                false,
                Kind::Message,
            ),
            (
                "\u{200e}Location: https://maps.example/?q=1",
                true,
                false,
                Kind::Message,
            ),
            ("\u{200e}POLL:\nWhen?", true, false, Kind::Message),
            ("This message was deleted", false, false, Kind::Message),
            ("<Media omitted>", false, false, Kind::Media),
            ("<Multimedia omitido>", false, false, Kind::Media),
            (
                "\u{200e}IMG-1.jpg (archivo adjunto)\nmira",
                false,
                false,
                Kind::Media,
            ),
            ("null", false, false, Kind::Media),
            ("\u{200e}hi", false, false, Kind::Message),
            ("I felt my name was omitted", false, false, Kind::Message),
            ("", true, false, Kind::Message),
        ] {
            assert_eq!(kind(text, bracket, marked), found, "{text}");
        }
    }

    #[test]
    fn marks_and_edit_notes_are_no_part_of_the_text() {
        for (text, clean_text) in [
            ("hi", "hi"),
            ("\u{200e}imagen omitida", "imagen omitida"),
            ("hi \u{200e}<This message was edited>", "hi"),
            ("hi \u{200e}<Se editó este mensaje.>", "hi"),
            ("hi \u{200e}<Diese Nachricht wurde bearbeitet.>", "hi"),
            ("hi \u{200e}<Meddelandet har redigerats>", "hi"),
            ("hi <Mensagem editada>", "hi"),
            ("a\nb \u{200e}<This message was edited>\n", "a\nb"),
            (
                "hi \u{200e}<attached: 1.jpg>",
                "hi \u{200e}<attached: 1.jpg>",
            ),
            ("\u{200e}<attached: 1.jpg>", "<attached: 1.jpg>"),
            ("1 < 2 > 0 <b>", "1 < 2 > 0 <b>"),
            ("<Media omitted>", "<Media omitted>"),
            ("x> ", "x> "),
            (">", ">"),
        ] {
            assert_eq!(clean(text), clean_text);
        }
    }
}
