//! Leaves out what a message quotes and how it is signed: those words are not what the contact says now.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Beginnings of lines from which on a message is signature or quotation, folded.
const ENDS: [&str; 22] = [
    "--",
    "__",
    "-----original",
    "sent from my",
    "get outlook for",
    "sent via",
    "enviado desde",
    "enviado do meu",
    "enviado pelo",
    "envoye de mon",
    "envoye depuis",
    "von meinem",
    "gesendet von",
    "inviato da",
    "reply stop to",
    "text stop to",
    "to unsubscribe",
    "to opt out",
    "para cancelar la suscripcion",
    "begin forwarded",
    "from:",
    "de:",
];

/// Endings of lines that introduce a quotation, folded.
const QUOTES: [&str; 6] = [
    "wrote:",
    "escribio:",
    "escreveu:",
    "a ecrit :",
    "schrieb:",
    "ha scritto:",
];

/// The message without its quotations and signature; the whole of it when nothing else would be left.
pub(super) fn own_words(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut cut = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('>') || trimmed.starts_with('|') {
            cut = true;
            continue;
        }
        if (ends(trimmed) || introduces(trimmed)) && !kept.trim().is_empty() {
            cut = true;
            break;
        }
        kept.push_str(line);
    }
    if !cut || kept.trim().is_empty() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(kept)
}

/// Whether a line begins a signature or a quotation.
fn ends(line: &str) -> bool {
    let end = line.char_indices().nth(40).map_or(line.len(), |(at, _)| at);
    let beginning = line.get(..end).unwrap_or_default();
    if beginning.is_ascii() {
        let head = |end: &str| beginning.get(..end.len());
        let is = |end: &&str| head(end).is_some_and(|h| h.eq_ignore_ascii_case(end));
        return ENDS.iter().any(is);
    }
    let folded = crate::model::fold(beginning);
    ENDS.iter().any(|end| folded.starts_with(end))
}

/// Whether a line introduces a quotation.
fn introduces(line: &str) -> bool {
    // What folds to a colon is one, or no plain sign.
    let colon = line
        .chars()
        .next_back()
        .is_some_and(|c| c == ':' || !c.is_ascii());
    if !colon || line.len() >= 200 {
        return false;
    }
    let folded = crate::model::fold(line);
    QUOTES.iter().any(|quote| folded.ends_with(quote))
}

/// Longer texts are no word spelled out.
const SPELLED: usize = 60;

/// A word spelled out, put together: "S.T.O.P." and "b a j a" are keywords too (rule S5). And words that each
/// end in a full stop, without it: "STOP. TEXTING. ME."
pub(super) fn spelled(text: &str) -> Option<String> {
    // Two words with nothing but a space between them: most messages begin so.
    let letters = |part: &[u8]| part.iter().all(|b| b.is_ascii_alphanumeric());
    let plain = |w: &[u8]| matches!(w, [a, b, b' ', c, d] if letters(&[*a, *b, *c, *d]));
    if text.len() > SPELLED || text.as_bytes().windows(5).take(16).any(plain) {
        return None;
    }
    let mut words = text.split(['.', '!']).map(str::trim);
    let one = |w: &str| w.chars().all(char::is_alphabetic);
    if words.clone().all(one) && words.clone().filter(|w| w.chars().count() > 1).count() >= 3 {
        let words: Vec<&str> = words.by_ref().filter(|w| !w.is_empty()).collect();
        return Some(words.join(" "));
    }
    let mut word = String::new();
    let mut letter = false;
    for c in text.chars() {
        if c.is_alphanumeric() {
            if letter || c.is_numeric() {
                return None;
            }
            word.push(c);
        }
        letter = c.is_alphanumeric();
    }
    (word.chars().count() >= 3).then_some(word)
}

/// The text without the marks that nobody sees, and with wide and styled letters as plain ones: "ＳＴＯＰ" is
/// "STOP", and so is one that ends in a mark of direction.
pub(super) fn plain(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(|c| unseen(c) || styled(c)) {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !unseen(*c)) {
        if styled(c) {
            kept.extend(std::iter::once(c).nfkc());
        } else {
            kept.push(c);
        }
    }
    Cow::Owned(kept)
}

/// A mark of direction, of joining or of breaking that has no shape of its own.
const fn unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

/// A letter, digit or sign in another width or style.
const fn styled(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unseen_marks_and_styles_are_taken_off() {
        for (text, read) in [
            ("stop\u{200f}", "stop"),
            ("\u{feff}st\u{ad}op", "stop"),
            ("ＳＴＯＰ！", "STOP!"),
            ("𝐒𝐓𝐎𝐏", "STOP"),
            ("¿Mañana a las ５?", "¿Mañana a las 5?"),
        ] {
            assert_eq!(plain(Cow::Borrowed(text)), read, "{text}");
        }
    }

    #[test]
    fn words_spelled_out_or_shouted_are_put_together() {
        for (text, read) in [
            ("S.T.O.P.", Some("STOP")),
            ("b a j a", Some("baja")),
            ("PLEASE. STOP. TEXTING. ME.", Some("PLEASE STOP TEXTING ME")),
            ("Ok. Fine.", None),
            ("20.02.14", None),
            ("stop it", None),
        ] {
            assert_eq!(spelled(text).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn quotations_and_signatures_are_left_out() {
        for (text, own) in [
            ("Thanks!\n> Reply STOP to opt out\n", "Thanks!\n"),
            (
                "Sounds good\n\nOn Mon, Ana wrote:\nCall me at 5",
                "Sounds good\n\n",
            ),
            ("Vale\n-- \nAna, tel. 600 600 600", "Vale\n"),
            ("> only quoted", "> only quoted"),
            ("one\ntwo", "one\ntwo"),
        ] {
            assert_eq!(own_words(text), own, "{text}");
        }
    }
}
