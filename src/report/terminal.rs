//! What may reach a terminal: no control characters of a contact's, and colour only where it is wanted.

use std::borrow::Cow;
use std::fmt;

use anstyle::{AnsiColor, Style};

/// The text on one line, with every control character made visible: a contact's words must not move the
/// cursor, hide text or turn its direction. A line break or a tab is a space.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    escape(text, |c| matches!(c, '\n' | '\t').then_some(' '))
}

/// As [`plain`], for text of ours that has lines.
#[must_use]
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| (c == '\n').then_some('\n'))
}

fn escape(text: &str, keep: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\r' && rest.peek() == Some(&'\n') {
            continue;
        }
        if !is_unsafe(c) {
            plain.push(c);
        } else if let Some(kept) = keep(c) {
            plain.push(kept);
        } else {
            plain.extend(c.escape_unicode());
        }
    }
    Cow::Owned(plain)
}

/// C0, C1, DEL, line separators, and what turns the direction of text.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// How a stream is coloured: not at all, or with few colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Styles {
    coloured: bool,
}

impl Styles {
    /// Colour, or none.
    #[must_use]
    pub const fn new(coloured: bool) -> Self {
        Self { coloured }
    }

    /// What matters most of a line.
    pub fn strong<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.paint(Style::new().bold(), text)
    }

    /// What explains.
    pub fn faint<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.paint(Style::new().dimmed(), text)
    }

    /// What goes well, or goes out.
    pub fn good<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// What waits, or needs a look.
    pub fn warning<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// What is wrong.
    pub fn bad<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// What is ours in a conversation.
    pub fn ours<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    fn paint<T: fmt::Display>(self, style: Style, text: T) -> Painted<T> {
        let style = if self.coloured { style } else { Style::new() };
        Painted { style, text }
    }
}

struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = self.style;
        write!(f, "{style}{}{style:#}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s6_control_characters_are_made_visible() {
        assert_eq!(plain("Hola, ¿qué tal? 👩‍👩‍👧"), "Hola, ¿qué tal? 👩‍👩‍👧");
        assert_eq!(plain("\u{1b}[2Jx\u{7}"), "\\u{1b}[2Jx\\u{7}");
        assert_eq!(plain("a\u{9b}31mb\u{7f}"), "a\\u{9b}31mb\\u{7f}");
        assert_eq!(plain("abc\u{202e}fed\u{2066}"), "abc\\u{202e}fed\\u{2066}");
        assert_eq!(plain("one\r\ntwo\tthree"), "one two three");
        assert_eq!(plain("one\rtwo"), "one\\u{d}two");
        assert_eq!(plain_lines("one\n\u{1b}two"), "one\n\\u{1b}two");
    }

    #[test]
    fn colour_is_written_only_where_it_is_wanted() {
        assert_eq!(Styles::new(false).bad("x").to_string(), "x");
        assert_eq!(
            Styles::new(true).bad("x").to_string(),
            "\u{1b}[1m\u{1b}[31mx\u{1b}[0m"
        );
    }
}
