//! What an export of Signal's writes around the words of a message.

use std::borrow::Cow;

/// The text without what it quotes, which stands before it, and without the reactions to it, which stand after:
/// `> Friday?`, `(- Ana: 👍 -)`.
pub(super) fn own_words(text: &str) -> Cow<'_, str> {
    let is_noted = |line: &str| line.starts_with("(- ") && line.trim_end().ends_with(" -)");
    if !text.starts_with(['\n', '>']) && !text.contains("\n(- ") {
        return Cow::Borrowed(text.trim_end()); // as most
    }
    let lines = text.split('\n');
    let own = lines.skip_while(|line| line.starts_with('>') || line.trim().is_empty());
    let own: Vec<&str> = own.filter(|line| !is_noted(line)).collect();
    Cow::Owned(own.join("\n").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_and_reactions_are_no_words_of_the_message() {
        for (text, own) in [
            ("Friday", "Friday"),
            ("Friday\n", "Friday"),
            ("Friday\nat ten\n(- Desk: 👍, Bea: ❤️ -)", "Friday\nat ten"),
            ("\n> Reply STOP to stop\n\nFriday", "Friday"),
            ("> Reply STOP\n> to stop\nFriday\n> is", "Friday\n> is"),
            ("(- so to say -)", "(- so to say -)"),
            ("\n> only quoted\n", ""),
        ] {
            assert_eq!(own_words(text), own, "{text}");
        }
    }
}
