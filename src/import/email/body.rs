//! What of an email its writer wrote now: without what it quotes, and without the signature.

use std::borrow::Cow;

use crate::model::fold;

/// How much of a text is read.
const LONGEST: usize = 256 << 10;

/// The text without quotations, signature and blank ends; the whole of it when nothing else is left.
pub(super) fn own_words(text: &str) -> String {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = match &text[..end] {
        text if text.contains('\r') => Cow::Owned(text.replace('\r', "")),
        text => Cow::Borrowed(text),
    };
    let lines: Vec<&str> = text.split('\n').collect();
    let mut kept = String::with_capacity(text.len());
    let mut n = 0;
    while n < lines.len() {
        let line = lines[n];
        if is_signature(line) || is_forwarded(line) || is_outlook(&lines[n..]) {
            break;
        }
        let introduced = introduces(&lines[n..]);
        if introduced > 0 {
            n += introduced;
            continue;
        }
        if !line.trim_start().starts_with('>') {
            kept.push_str(line);
            kept.push('\n');
        }
        n += 1;
    }
    let own = kept.trim();
    if own.is_empty() {
        text.trim().to_owned()
    } else {
        own.to_owned()
    }
}

/// `-- ` alone (RFC 3676), or a line of underscores, or what a phone adds.
fn is_signature(line: &str) -> bool {
    const PHONES: [&str; 10] = [
        "sent from my ",
        "get outlook for ",
        "enviado desde mi ",
        "enviado do meu ",
        "envoye de mon ",
        "von meinem ",
        "gesendet von ",
        "inviato da ",
        "sent via ",
        "obtener outlook para ",
    ];
    let trimmed = line.trim_end();
    if trimmed == "--" || trimmed.len() >= 10 && trimmed.bytes().all(|b| b == b'_') {
        return true;
    }
    let begun = trimmed.trim_start();
    let may_be = begun.starts_with(['S', 's', 'G', 'g', 'E', 'e', 'V', 'v', 'I', 'i', 'O', 'o']);
    may_be && trimmed.len() < 80 && {
        let folded = fold(begun);
        PHONES.iter().any(|p| folded.starts_with(p))
    }
}

/// `-----Original Message-----` and the like.
fn is_forwarded(line: &str) -> bool {
    let inner = line.trim();
    inner.len() < 80
        && inner.starts_with("-----")
        && inner.ends_with("-----")
        && inner.chars().any(char::is_alphabetic)
}

/// The block of headers that Outlook puts before what it quotes.
fn is_outlook(lines: &[&str]) -> bool {
    const FROM: [&str; 5] = ["from:", "de:", "von:", "da:", "*from:*"];
    const NEXT: [&str; 14] = [
        "sent:",
        "to:",
        "date:",
        "subject:",
        "enviado:",
        "enviado el:",
        "para:",
        "fecha:",
        "gesendet:",
        "an:",
        "envoye",
        "inviato:",
        "data:",
        "*sent:*",
    ];
    let begins = |line: &str, with: &[&str]| {
        let line = line.trim();
        let head = line
            .char_indices()
            .nth(20)
            .map_or(line, |(at, _)| &line[..at]);
        let folded = fold(head);
        with.iter().any(|w| folded.starts_with(w))
    };
    let begun = lines[0].trim_start();
    begun.starts_with(['f', 'F', 'd', 'D', 'v', 'V', '*'])
        && begun.contains(':')
        && begins(lines[0], &FROM)
        && lines.iter().skip(1).take(2).any(|l| begins(l, &NEXT))
}

/// How many lines introduce a quotation here: `On Monday, Ana wrote:`, which may be cut in two.
fn introduces(lines: &[&str]) -> usize {
    const ENDS: [&str; 12] = [
        "wrote:",
        "escribio:",
        "escreveu:",
        "a ecrit :",
        "a ecrit:",
        "schrieb:",
        "ha scritto:",
        "schreef:",
        "geschrieben:",
        "skrev:",
        "writes:",
        "napisal(a):",
    ];
    let first = lines[0].trim();
    if first.is_empty() || first.len() > 300 {
        return 0;
    }
    for count in 1..=2.min(lines.len()) {
        if !lines[count - 1].trim_end().ends_with(':') {
            continue;
        }
        let joined = lines[..count].join(" ");
        let joined = joined.trim();
        if joined.len() > 300 {
            return 0;
        }
        let folded = fold(joined);
        if !ENDS.iter().any(|end| folded.ends_with(end)) {
            continue;
        }
        // Only before a quotation: a person may end a sentence so.
        let next = lines[count..].iter().find(|l| !l.trim().is_empty());
        let quotes = next.is_none_or(|l| l.trim_start().starts_with('>'));
        let dated = joined.bytes().any(|b| b.is_ascii_digit());
        return if quotes || dated { count } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_and_signatures_are_left_out() {
        for (text, own) in [
            (
                "Yes, Friday.\n\nOn Mon, 2 Mar 2026 at 09:00, Desk <desk@x.example> wrote:\n> Friday?\n> Yours",
                "Yes, Friday.",
            ),
            (
                "Sí\r\n\r\nEl lun, 2 mar 2026 a las 9:00, Clínica\r\n(<c@x.example>) escribió:\r\n\r\n> ¿Viernes?\r\n",
                "Sí",
            ),
            ("ok\n-- \nAna\n+34 600", "ok"),
            ("ok\n\nSent from my iPhone", "ok"),
            ("ok\n\n-----Original Message-----\nFrom: x", "ok"),
            (
                "ok\n\nFrom: Desk <desk@x.example>\nSent: Monday\nTo: Ana\n\nold",
                "ok",
            ),
            ("> Friday?\nyes\n> At ten?\nyes too", "yes\nyes too"),
            ("> only quoted", "> only quoted"),
            (
                "from: here to there\nis 3 km",
                "from: here to there\nis 3 km",
            ),
            ("My sister wrote:\nhello", "My sister wrote:\nhello"),
            ("", ""),
        ] {
            assert_eq!(own_words(text), own, "{text}");
        }
    }
}
