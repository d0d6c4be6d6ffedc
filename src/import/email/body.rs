//! What of an email its writer wrote now: without what it quotes, and without the signature.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::import::words::is_direction_mark;
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
        if line.trim_start().starts_with('>') {
            n += 1;
            continue;
        }
        if is_signature(line) || is_forwarded(line) || is_outlook(&lines[n..]) {
            break;
        }
        let introduced = introduces(&lines[n..]);
        if introduced > 0 {
            if !kept.trim().is_empty() && quotes_the_rest(&lines[n..], introduced) {
                break;
            }
            n += introduced;
            continue;
        }
        kept.push_str(line);
        kept.push('\n');
        n += 1;
    }
    let own = kept.trim();
    if own.is_empty() {
        text.trim().to_owned()
    } else {
        own.to_owned()
    }
}

/// Whether a line of the text ends in a blank.
pub(super) fn may_flow(text: &str) -> bool {
    let has = |end: &str| memchr::memmem::find(text.as_bytes(), end.as_bytes()).is_some();
    has(" \n") || has(" \r")
}

/// The text whose lines that end in a blank go on in the next (RFC 3676); quotations and signatures stay as they are.
pub(super) fn unflowed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut goes_on = false;
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        let is_plain = !line.starts_with('>') && line != "-- ";
        if !(out.is_empty() || goes_on && is_plain) {
            out.push('\n');
        }
        out.push_str(line.strip_prefix(' ').filter(|_| is_plain).unwrap_or(line));
        goes_on = is_plain && line.ends_with(' ') && !line.trim().is_empty();
    }
    out
}

/// `-- ` alone (RFC 3676), or a line of underscores, or what a phone adds.
fn is_signature(line: &str) -> bool {
    const PHONES: [&str; 24] = [
        "sent from my ",
        "sent from outlook for ",
        "get outlook for ",
        "enviado desde mi ",
        "enviado do meu ",
        "enviado a partir do ",
        "envoye de mon ",
        "envoye a partir de ",
        "von meinem ",
        "gesendet von ",
        "inviato da ",
        "sent via ",
        "obtener outlook para ",
        "obter o outlook para ",
        "telecharger outlook pour ",
        "verzonden vanaf mijn ",
        "verstuurd vanaf mijn ",
        "wyslane z ",
        "wysłane z ",
        "odeslano z ",
        "skickat fran min ",
        "sendt fra min ",
        "lahetetty ",
        "отправлено с ",
    ];
    const NEARLY: [&str; 3] = ["iphone", "ipad", "android"];
    const SENT: [&str; 5] = ["发送", "傳送", "送信", "gonderildi", "보냄"];
    let trimmed = line.trim_end();
    if trimmed == "--" || trimmed.len() >= 10 && trimmed.bytes().all(|b| b == b'_') {
        return true;
    }
    let begun = trimmed.trim_start();
    let may_be = !begun.starts_with(|c: char| c.is_ascii())
        || begun.starts_with([
            'S', 's', 'G', 'g', 'E', 'e', 'V', 'v', 'I', 'i', 'O', 'o', 'W', 'w', 'T', 't', 'L',
            'l',
        ]);
    may_be && trimmed.len() < 80 && {
        let folded = fold(begun);
        PHONES.iter().any(|p| folded.starts_with(p))
            || NEARLY.iter().any(|device| folded.contains(device))
                && SENT
                    .iter()
                    .any(|sent| begun.contains(sent) || folded.ends_with(sent))
    }
}

/// `-----Original Message-----` and the like.
fn is_forwarded(line: &str) -> bool {
    let inner = line.trim();
    if inner == "Begin forwarded message:" {
        return true;
    }
    inner.len() < 80
        && inner.starts_with("-----")
        && inner.ends_with("-----")
        && inner.chars().any(char::is_alphabetic)
}

/// The block of headers that Outlook puts before what it quotes, in the language of its user: first who wrote (or, as
/// some do, when), then when or to whom.
fn is_outlook(lines: &[&str]) -> bool {
    static FROM: LazyLock<Vec<String>> = LazyLock::new(|| {
        folded(
            "from de von da van od fra från lähettäjä от від gönderen kimden feladó από מאת من \
             发件人 寄件者 寄件人 差出人 送信者 보낸_사람 gesendet *from:*",
        )
    });
    static NEXT: LazyLock<Vec<String>> = LazyLock::new(|| {
        folded(
            "sent to date subject enviado enviado_el enviada para fecha data gesendet an datum betreff envoyé à \
             inviato a verzonden aan wysłano do odesláno komu skickat till sendt til dato lähetetty vastaanottaja \
             отправлено дата кому надіслано gönderildi gönderme_tarihi kime tarih elküldve címzett σταλθηκε στάλθηκε \
             προς ημερομηνία נשלח אל תאריך إلى التاريخ تم_الإرسال 发送时间 发送日期 收件人 日期 時間 寄件日期 送信日時 \
             日時 宛先 보낸_날짜 받는_사람 날짜 von *sent:*",
        )
    });
    let begins = |line: &str, with: &[String]| {
        let line = line
            .trim()
            .trim_start_matches(['>', ' ', '\u{200f}', '\u{200e}']);
        let head = line
            .char_indices()
            .nth(24)
            .map_or(line, |(at, _)| &line[..at]);
        if !head.contains([':', '：']) {
            return false;
        }
        let folded = fold(head).replace('：', ":");
        let name = folded.split(':').next().unwrap_or_default().trim_end();
        with.iter()
            .any(|w| w == name || w.starts_with('*') && folded.starts_with(w.as_str()))
    };
    begins(lines[0], &FROM) && lines.iter().skip(1).take(2).any(|l| begins(l, &NEXT))
}

/// The words of a list as texts are compared; `_` stands for a blank.
fn folded(list: &str) -> Vec<String> {
    list.split_whitespace()
        .map(|word| fold(&word.replace('_', " ")).trim().to_owned())
        .collect()
}

/// Whether all that follows an introduction is quoted, though no line is marked so: it names a day and a time, or an
/// address.
fn quotes_the_rest(lines: &[&str], introduced: usize) -> bool {
    let (introduction, rest) = lines.split_at(introduced);
    let digits = introduction
        .iter()
        .flat_map(|l| l.chars())
        .filter(|c| c.is_numeric());
    let is_sure = introduction.iter().any(|l| l.contains('@')) || digits.count() >= 6;
    is_sure && !rest.iter().any(|line| line.trim_start().starts_with('>'))
}

/// How many lines introduce a quotation here: `On Monday, Ana wrote:`, which may be cut in two.
fn introduces(lines: &[&str]) -> usize {
    static ENDS: LazyLock<Vec<String>> = LazyLock::new(|| {
        folded(
            "wrote: escribió: escreveu: a_écrit_: a_écrit: schrieb: ha_scritto: schreef: geschrieben: skrev: writes: \
             napisał(a): napisał: napisała: kirjoitti: napsal: napsal(a): пише: пишет: написал(а): написал: написала: \
             yazdı: a_scris: menulis: đã_viết: va_escriure: 写道: 寫道: 작성: wrote_:",
        )
    });
    let first = lines[0].trim();
    if first.is_empty() || first.len() > 300 {
        return 0;
    }
    for count in 1..=2.min(lines.len()) {
        let is_mark = |c: char| is_direction_mark(c) || c.is_whitespace();
        let last = lines[count - 1].trim_end_matches(is_mark);
        if !last.ends_with([':', '：']) {
            continue;
        }
        let joined = lines[..count].join(" ");
        let joined = joined.trim_end_matches(is_mark).trim();
        if joined.len() > 300 {
            return 0;
        }
        // Only before a quotation: a person may end a sentence so.
        let next = lines[count..].iter().find(|l| !l.trim().is_empty());
        let quotes = next.is_some_and(|l| l.trim_start().starts_with('>'));
        let digits = joined.chars().filter(|c| c.is_numeric()).count();
        let folded = fold(joined).replace('：', ":");
        let says_wrote = ENDS.iter().any(|end| folded.ends_with(end.as_str()));
        let introduces = match (says_wrote, quotes) {
            (true, true) => true,
            (true, false) => digits > 0 || next.is_none(),
            // "Am 2. März 2026 um 09:00 Uhr schrieb Desk <desk@x.example>:", whatever the language.
            (false, true) => digits >= 4,
            (false, false) => digits >= 5 && joined.contains('@') && joined.contains(['<', '(']),
        };
        return if introduces { count } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_flow_are_one() {
        for (text, plain) in [
            ("Call me \r\ntomorrow.\r\nAna", "Call me tomorrow.\nAna"),
            ("one\n\ntwo ", "one\n\ntwo "),
            (
                "> old \n> words\nnew \nwords\n-- \nAna",
                "> old \n> words\nnew words\n-- \nAna",
            ),
            (" From here", "From here"),
            ("", ""),
        ] {
            assert_eq!(unflowed(text), plain, "{text:?}");
        }
    }

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
            (
                "Ja, gern\n\nAm Mo., 2. März 2026 um 09:00 Uhr schrieb Desk <desk@x.example>:\n\n> Freitag?",
                "Ja, gern",
            ),
            ("Ja\n\nAm 02.03.26 um 09:00 schrieb Desk:\n> Freitag?", "Ja"),
            (
                "Ja graag\n\nOp ma 2 mrt 2026 om 09:00 schreef Desk <desk@x.example>:\n> Vrijdag?",
                "Ja graag",
            ),
            (
                "Ja tack\n\nDen mån 2 mars 2026 kl 09:00 skrev Desk <\ndesk@x.example>:\n> På fredag?",
                "Ja tack",
            ),
            (
                "да\n\nпн, 2 мар. 2026 г. в 09:00, Desk <desk@x.example>:\n\n> В пятницу?",
                "да",
            ),
            (
                "好的\n\nDesk <desk@x.example> 于2026年3月2日周一 09:00写道：\n\n> 周五？",
                "好的",
            ),
            (
                "네\n\n2026년 3월 2일 (월) 오전 9:00, Desk <desk@x.example>님이 작성:\n\n> 금요일?",
                "네",
            ),
            (
                "Tak\n\nOd: Desk <desk@x.example>\nWysłano: 2 marca 2026\nDo: Ana\n\npiątek?",
                "Tak",
            ),
            (
                "Ja\n\nVan: Desk <desk@x.example>\nVerzonden: maandag 2 maart 2026 09:00\nAan: Ana\n\noud",
                "Ja",
            ),
            (
                "Ja\n\nGesendet: Montag, 02. März 2026 um 09:00 Uhr\nVon: Desk <desk@x.example>\n\nalt",
                "Ja",
            ),
            (
                "好\n\n发件人: Desk <desk@x.example>\n发送时间: 2026年3月2日 9:00\n\n旧",
                "好",
            ),
            (
                "네\n\n보낸 사람: Desk\n보낸 날짜: 2026년 3월 2일\n\n옛",
                "네",
            ),
            (
                "да\n\nОт: Desk\nОтправлено: 2 марта 2026 г. 9:00\n\nold",
                "да",
            ),
            ("ok\n\niPhoneから送信", "ok"),
            ("ok\n\nVerstuurd vanaf mijn iPhone", "ok"),
            ("I have these:\n> the red one", "I have these:"),
            (
                "Call me at 0171 2345678, I have these:\nred",
                "Call me at 0171 2345678, I have these:\nred",
            ),
            ("De: nada\nsigue", "De: nada\nsigue"),
            ("> Friday?\nyes\n> At ten?\nyes too", "yes\nyes too"),
            ("> only quoted", "> only quoted"),
            (
                "from: here to there\nis 3 km",
                "from: here to there\nis 3 km",
            ),
            ("My sister wrote:\nhello", "My sister wrote:\nhello"),
            (
                "ok\n\nOn 02-03-2026 09:00, Desk wrote:\n\nold, and not marked",
                "ok",
            ),
            (
                "Ja\n\nAm 2. März 2026 schrieb Desk <desk@x.example>:\nalt",
                "Ja",
            ),
            (
                "On 02-03-2026 09:00, Desk wrote:\n\nold\n\nnew",
                "old\n\nnew",
            ),
            (
                "yes\n\nOn 02-03-2026 09:00, Desk wrote:\n> At ten?\nor at nine",
                "yes\n\nor at nine",
            ),
            ("", ""),
        ] {
            assert_eq!(own_words(text), own, "{text}");
        }
    }
}
