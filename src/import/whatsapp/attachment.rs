//! Attachments, of which an export has words only.

use memchr::{memchr, memchr_iter, memrchr};

use super::body::MARK;
use super::phrases::{ends_a_note, names_an_attachment};
use crate::model::fold;

/// Words that stand for an attachment: Android's in angle brackets or with "(file attached)", iOS's with "omitted",
/// and `null` for a picture to be seen once.
pub(super) fn is_media(words: &str) -> bool {
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
    first.len() <= 200 && is_note(first)
}

/// The text up to its first line end.
pub(super) fn first_line(text: &str) -> &str {
    memchr(b'\n', text.as_bytes()).map_or(text, |at| &text[..at])
}

/// Whether a line is one of the notes, as most are not: what is plain is not folded, and of the rest only what ends as
/// a note does.
fn is_note(line: &str) -> bool {
    let text = line.trim_end_matches(['.', ' ']);
    if text.is_ascii() {
        return ends_attached(text) || is_omitted(text);
    }
    let last = text.chars().next_back();
    let is_short = || memchr_iter(b' ', text.as_bytes()).nth(2).is_none();
    let may_be = match last {
        Some(')' | '）') => true,
        Some(c) => c.is_alphabetic() && (is_short() || text.contains(MARK)),
        None => false,
    };
    if !may_be {
        return false;
    }
    let folded = fold(text);
    let folded = folded.trim_end_matches(['.', ' ']);
    let last = folded.rsplit(' ').next().unwrap_or(folded);
    ends_attached(folded) || is_omitted(folded) || folded.contains(' ') && ends_a_note(last)
}

/// "1.jpg (file attached)".
fn ends_attached(text: &str) -> bool {
    let begin = memrchr(b'(', text.as_bytes()).filter(|_| text.ends_with(')'));
    // A smiley is no note.
    let note = begin.map(|at| &text[at..]).filter(|note| note.len() > 5);
    note.is_some_and(|note| names_an_attachment(&fold(note)))
}

/// "image omitted" and its like in plain letters: a word or two and a participle, nothing more.
fn is_omitted(text: &str) -> bool {
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
    let Some(blank) = memrchr(b' ', text.as_bytes()) else {
        return false;
    };
    let last = &text[blank + 1..];
    OMITTED.iter().any(|word| last.eq_ignore_ascii_case(word))
        && (memchr_iter(b' ', text.as_bytes()).nth(2).is_none() || text.contains(MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_known_in_any_case_and_other_texts_are_none() {
        for note in [
            "image omitted",
            "Image Omitted.",
            "GIF\u{a0}omitted",
            "Bild weggelassen",
            "vidéo absente",
            "תמונה הושמטה",
            "a.pdf • \u{200e}9 pages \u{200e}document omitted",
            "1.jpg (file attached)",
            "1.jpg (Datei angehängt)",
        ] {
            assert!(is_media(note), "{note}");
        }
        for text in [
            "omitted",
            "mañana",
            "ok 👍",
            "I felt my name was omitted",
            "me siento oculta aquí mañana",
            "call me (later)",
            "añádeme (por favor)",
            "",
            ".",
        ] {
            assert!(!is_media(text), "{text}");
        }
    }
}
