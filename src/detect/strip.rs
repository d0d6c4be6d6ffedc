//! Leaves out what a message quotes and how it is signed: those words are not what the contact says now.

use std::borrow::Cow;

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
    let mut kept = String::with_capacity(text.len());
    let mut cut = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('>') || trimmed.starts_with('|') {
            cut = true;
            continue;
        }
        let head: String = trimmed.chars().take(40).collect();
        let folded = crate::model::fold(&head);
        let ends = ENDS.iter().any(|e| folded.starts_with(e));
        let quotes = trimmed.len() < 200 && {
            let folded = crate::model::fold(trimmed);
            QUOTES.iter().any(|q| folded.ends_with(q))
        };
        if (ends || quotes) && !kept.trim().is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

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
