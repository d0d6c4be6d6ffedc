//! Words for faults: a value shown safely, the nearest name.

use std::fmt::Write as _;

const SHOWN: usize = 40;

/// A value from a file as it may appear in a message: quoted, cut to 40 characters, with control and
/// direction characters escaped.
pub(crate) fn shown(value: &str) -> String {
    let mut out = String::from("\"");
    for (n, c) in value.chars().enumerate() {
        if n == SHOWN {
            out.push('…');
            break;
        }
        if c.is_control() || is_direction_mark(c) || c == '\u{feff}' {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c)); // writing to a String cannot fail
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// An invisible character that changes the direction of text.
pub(crate) const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The phone number that a sender's name or an written is, without blanks and signs; `None` for a name, or a short code.
pub(crate) fn phone(written: &str) -> Option<String> {
    let written = written.trim();
    let (plus, rest) = match written.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", written),
    };
    let is_sign = |c: char| {
        matches!(
            c,
            ' ' | '\u{a0}' | '-' | '\u{2010}'..='\u{2013}' | '(' | ')' | '.' | '/'
        )
    };
    let mut number = String::with_capacity(written.len());
    number.push_str(plus);
    for c in rest.chars() {
        match c {
            '0'..='9' => number.push(c),
            c if is_sign(c) => {}
            _ => return None,
        }
    }
    (7..=15)
        .contains(&(number.len() - plus.len()))
        .then_some(number)
}

/// The name most like `wanted`, if any is like it.
pub(crate) fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// `"a", "b" and 3 more`: at most `limit` of the names, shown safely.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>, limit: usize) -> String {
    let mut out = String::new();
    let mut rest = 0;
    for (n, name) in names.into_iter().enumerate() {
        if n >= limit {
            rest += 1;
            continue;
        }
        if n > 0 {
            out.push_str(", ");
        }
        out.push_str(&shown(name));
    }
    if rest > 0 {
        let _ = write!(out, " and {rest} more"); // writing to a String cannot fail
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_and_escaped() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}"), r#""a\u{1b}[31m\u{202e}""#);
        assert_eq!(shown(&"x".repeat(99)), format!("\"{}…\"", "x".repeat(40)));
    }

    #[test]
    fn the_nearest_name_is_found_or_none() {
        assert_eq!(
            nearest("contact_id", ["when", "Contact ID", "text"]),
            Some("Contact ID")
        );
        assert_eq!(nearest("contact_id", ["when", "zzz"]), None);
    }

    #[test]
    fn numbers_are_known_by_their_signs() {
        for (written, number) in [
            ("+1 (555) 010-0123", Some("+15550100123")),
            ("+1 (555) 010\u{2011}0123", Some("+15550100123")), // as iOS writes it
            ("34 600 00 00 01", Some("34600000001")),
            ("555 0100", Some("5550100")),
            ("Ana", None),
            ("Room 5550100", None),
            ("1+5550100", None),
            ("12", None),
            ("BANK", None),
        ] {
            assert_eq!(phone(written).as_deref(), number, "{written}");
        }
    }
}
