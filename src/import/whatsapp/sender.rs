//! Who wrote a line: the name before its colon.

use std::borrow::Cow;

use memchr::memchr_iter;

use super::stamp::is_blank;
use crate::import::words::is_direction_mark;

/// The longest name, in characters.
const NAME_LIMIT: usize = 120;

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
        && (sender.len() <= NAME_LIMIT || sender.chars().count() <= NAME_LIMIT)
        && !cuts_a_quotation(sender, text);
    good.then_some((sender, text))
}

/// The same where no blank follows the colon, for a sender who is known from other lines.
pub(super) fn known_sender(rest: &str, known: impl FnOnce(&str) -> bool) -> Option<(&str, &str)> {
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
    // „A“ as in German, „A” as in Polish.
    let low = before.matches('„').count() > before.matches(['“', '”']).count();
    straight || curly || angle || low && after.contains(['“', '”'])
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
            "Ana hat den Betreff von „Alt“ zu „Neu: jetzt“ geändert",
            ": x",
            "see https://x.org",
        ] {
            assert_eq!(sender(line), None, "{line}");
        }
        assert_eq!(known_sender("Ana:.", |n| n == "Ana"), Some(("Ana", ".")));
        assert_eq!(known_sender("see https://x.org", |n| n == "Ana"), None);
    }
}
