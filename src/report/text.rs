//! Columns of text, by what a terminal shows and not by bytes.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text in at most `most` columns; a cut shows as `…`.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.width() <= most {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut columns = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if columns + w + 1 > most {
            break;
        }
        columns += w;
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    Cow::Owned(kept)
}

/// As many spaces as the text lacks of `columns`.
pub(super) fn padding(text: &str, columns: usize) -> usize {
    columns.saturating_sub(text.width())
}

/// The text in lines of at most `most` columns, broken between words where that is possible.
pub(super) fn wrap(text: &str, most: usize) -> Vec<String> {
    let most = most.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut columns = 0;
    for word in text.split(' ') {
        let mut word = Cow::Borrowed(word);
        let mut w = word.width();
        if columns > 0 && columns + 1 + w > most {
            lines.push(std::mem::take(&mut line));
            columns = 0;
        }
        while w > most {
            let end = fitting(&word, most);
            lines.push(word[..end].to_owned());
            word = Cow::Owned(word[end..].to_owned());
            w = word.width();
        }
        if columns > 0 {
            line.push(' ');
            columns += 1;
        }
        line.push_str(&word);
        columns += w;
    }
    lines.push(line);
    lines
}

/// How many bytes fit into `most` columns; at least one character.
fn fitting(text: &str, most: usize) -> usize {
    let mut columns = 0;
    for (i, c) in text.char_indices() {
        columns += c.width().unwrap_or(0);
        if columns > most && i > 0 {
            return i;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_wrapped_by_columns() {
        assert_eq!(cut("Ana", 3), "Ana");
        assert_eq!(cut("Ana María", 5), "Ana…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(
            wrap("aaaaaaaaaaaaaaaaaaaa b", 8),
            ["aaaaaaaa", "aaaaaaaa", "aaaa b"]
        );
        assert_eq!(wrap("日本語日本語 a", 8), ["日本語日", "本語 a"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(padding("日本", 6), 2);
    }
}
