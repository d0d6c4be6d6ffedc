//! What follows the sender: whether it is a message, an attachment or a line of WhatsApp's own.

use super::attachment::is_media;
use super::phrases::{ends_a_note, is_a_doing, is_edit_note, is_notice, says_left_out};
use crate::model::fold;

/// What iOS puts before words of its own.
pub(super) const MARK: char = '\u{200e}';

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

/// What a text with a sender is. `bracket`: in an export of iOS, where WhatsApp's own lines have a sender and begin
/// with U+200E; `marked`: U+200E stands before the header, which only attachments have.
pub(super) fn kind(text: &str, bracket: bool, marked: bool) -> Kind {
    if marked || is_media(after_mark(text).unwrap_or(text)) {
        return Kind::Media;
    }
    match is_system(text, bracket, marked) {
        true => Kind::System,
        false => Kind::Message,
    }
}

/// Whether it is a line of WhatsApp's own: [`kind`], where it does not matter what else it is.
pub(super) fn is_system(text: &str, bracket: bool, marked: bool) -> bool {
    bracket
        && !marked
        && match after_mark(text) {
            Some(words) => !is_media(words) && !is_a_persons_doing(words),
            None => is_notice(text),
        }
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
        _ if is_edit_note(&fold(inner)) => Some(before),
        _ => None,
    };
    match noted.map(|before| before.trim_end_matches([' ', MARK])) {
        Some(before) if !before.is_empty() => before,
        _ => text,
    }
}

/// Marked lines that a person caused all the same: a call, a place, a poll, a message deleted since.
fn is_a_persons_doing(words: &str) -> bool {
    let words = fold(words.split('\n').next().unwrap_or(words));
    if words.contains("://") || words.is_empty() {
        return true;
    }
    let note = words.trim_end_matches(['.', ' ']);
    is_a_doing(&words)
        || note.split(' ').take(6).count() < 6 && note.split(' ').any(ends_a_note)
        || (note.contains('•') || note.chars().count() <= 40) && says_left_out(note)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (
                "\u{200e}Tarjeta de contacto omitida",
                true,
                false,
                Kind::Message,
            ),
            ("\u{200e}изображение отсутствует", true, false, Kind::Media),
            (
                "\u{200e}Пропущенный аудиозвонок",
                true,
                false,
                Kind::Message,
            ),
            (
                "\u{200e}Сообщения и звонки защищены сквозным шифрованием.",
                true,
                false,
                Kind::System,
            ),
            ("\u{200e}pominięto obraz", true, false, Kind::Message),
            ("\u{200e}未接语音通话", true, false, Kind::Message),
            ("\u{200e}图片已忽略", true, false, Kind::Message),
            ("\u{200e}不在着信", true, false, Kind::Message),
            ("\u{200e}부재중 음성통화", true, false, Kind::Message),
            ("\u{200e}사진 생략됨", true, false, Kind::Message),
            ("\u{200e}تم حذف هذه الرسالة", true, false, Kind::Message),
            (
                "\u{200e}Ta wiadomość została usunięta.",
                true,
                false,
                Kind::Message,
            ),
            (
                "\u{200e}Pesan ini telah dihapus",
                true,
                false,
                Kind::Message,
            ),
            (
                "\u{200e}gambar tidak disertakan",
                true,
                false,
                Kind::Message,
            ),
            (
                "PTT-20260714-WA0043.opus (file terlampir)",
                false,
                false,
                Kind::Media,
            ),
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
            ("\u{200e}EVENT: Visit", true, false, Kind::Message),
            ("\u{200e}फ़ोटो हटाई गई", true, false, Kind::Message),
            ("\u{200e}đã bỏ video", true, false, Kind::Message),
            ("\u{200e}لم يتم إدراج الصورة", true, false, Kind::Message),
            ("\u{200e}ไม่มีรูปภาพ", true, false, Kind::Message),
            ("\u{200e}ข้อความนี้ถูกลบแล้ว", true, false, Kind::Message),
            ("\u{200e}GIF retiré", true, false, Kind::Media),
            (
                "Resume.pdf • 2 trang \u{200e}đã bỏ qua tài liệu",
                true,
                true,
                Kind::Media,
            ),
            // Of a file whose marks an editor took away.
            (
                "Messages and calls are end-to-end encrypted. Only people in this chat can read them.",
                true,
                false,
                Kind::System,
            ),
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
            ("hi <Сообщение изменено>", "hi"),
            ("hi <Pesan ini diedit>", "hi"),
            ("hi <此訊息已編輯>", "hi"),
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
