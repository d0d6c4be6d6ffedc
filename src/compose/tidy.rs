//! Closes the holes that unknown values leave in a text.
//!
//! Only the spot of a hole is touched: a text without holes comes out as it went in, and so do line breaks and
//! links everywhere.

/// Stands in a rendered text where a value was empty. A noncharacter: no text of the outside world holds it, for
/// [`super::template`] takes it out of every value.
pub(crate) const HOLE: char = '\u{fdd0}';

/// The text without holes: the spaces, commas and brackets around each are drawn together, and a sentence that
/// began with one begins with a capital again.
pub(crate) fn tidy(text: &str) -> String {
    if !text.contains(HOLE) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(HOLE) {
        out.push_str(before);
        rest = close(&mut out, after);
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// Joins what is written and what follows over one hole; gives back what is still to be written.
fn close<'a>(out: &mut String, after: &'a str) -> &'a str {
    let left_space = trim_end(out);
    // Several holes side by side are one.
    let right = after.trim_start_matches(|c| is_space(c) || c == HOLE);
    let between = &after[..after.len() - right.len()];
    let right_space = between.rsplit(HOLE).next().unwrap_or_default();
    let any_space = [&left_space, right_space, between.trim_matches(HOLE)]
        .into_iter()
        .find_map(|space| space.chars().next());
    let (previous, next) = (out.chars().next_back(), right.chars().next());

    if let (Some('('), Some(')')) = (previous, next) {
        out.pop();
        let outer = trim_end(out);
        let right = &right[1..];
        if !outer.is_empty() && right.starts_with(char::is_alphanumeric) {
            out.push_str(&outer);
        }
        return right;
    }
    let at_start = matches!(previous, None | Some('\n'));
    let opens = matches!(previous, Some('¿' | '¡' | '(' | '«' | '"' | '“'));
    let ended = matches!(previous, Some('.' | '!' | '?' | '…')) && !left_space.is_empty();
    if at_start || ((opens || ended) && next == Some(',')) {
        if ended {
            out.push_str(&left_space);
        }
        let right = right.trim_start_matches(|c| is_space(c) || matches!(c, ',' | ';' | ':' | '.'));
        return match right.chars().next() {
            Some('\n' | HOLE) => right,
            _ => capitalize(out, right),
        };
    }
    match next {
        // At the end of a line a comma before the hole would dangle.
        None | Some('\n') => {
            if previous == Some(',') {
                out.pop();
            }
            right
        }
        Some(',' | '.' | ';' | ':' | '!' | '?' | '…') => {
            if previous == Some(',') {
                out.pop();
            }
            out.push_str(right_space);
            right
        }
        Some(')' | '»' | '”') => right,
        Some(_) if opens => right,
        Some(_) => {
            out.extend(any_space);
            right
        }
    }
}

/// Writes the first letter of `text` as a capital, unless its first word is a link or an address.
fn capitalize<'a>(out: &mut String, text: &'a str) -> &'a str {
    let word = text.split_whitespace().next().unwrap_or_default();
    if word.contains(['/', '@']) || word.starts_with("www.") {
        return text;
    }
    let Some((at, letter)) = text
        .char_indices()
        .find(|(_, c)| !matches!(c, '¿' | '¡' | '"' | '“' | '«' | '(') && !is_space(*c))
    else {
        return text;
    };
    if letter == HOLE {
        return text;
    }
    out.push_str(&text[..at]);
    out.extend(letter.to_uppercase());
    &text[at + letter.len_utf8()..]
}

/// Takes the spaces off the end and gives them back.
fn trim_end(out: &mut String) -> String {
    out.split_off(out.trim_end_matches(is_space).len())
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}' | '\u{202f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_closes_without_a_trace() {
        for (text, tidied) in [
            ("¿Sigues ahí, _?", "¿Sigues ahí?"),
            (
                "Hola _, ¿te aparto un horario?",
                "Hola, ¿te aparto un horario?",
            ),
            ("Hola, _, ¿todo bien?", "Hola, ¿todo bien?"),
            ("Hola _!", "Hola!"),
            ("¡Hola, _!", "¡Hola!"),
            ("Hola _ 👋", "Hola 👋"),
            ("Hola _👋", "Hola 👋"),
            ("Hi _ and welcome", "Hi and welcome"),
            ("Hi _", "Hi"),
            ("Buenos días, _", "Buenos días"),
            ("Buenos días, _\n\n¿Seguimos?", "Buenos días\n\n¿Seguimos?"),
            ("Bonjour _ !", "Bonjour !"),
            ("Bonjour _\u{a0}!", "Bonjour\u{a0}!"),
            ("_, ¿puedo ayudar?", "¿Puedo ayudar?"),
            ("_, are you there?", "Are you there?"),
            ("_ are you there?", "Are you there?"),
            ("_: are you there?", "Are you there?"),
            ("_,\n\nare you there?", "are you there?"),
            ("Hello! _, are you there?", "Hello! Are you there?"),
            ("Hello! _ are you there?", "Hello! are you there?"),
            ("¿_, sigues ahí?", "¿Sigues ahí?"),
            ("¿_ sigues ahí?", "¿sigues ahí?"),
            ("Your visit (_) is near.", "Your visit is near."),
            ("Your visit (_).", "Your visit."),
            ("Hi _ _, hello", "Hi, hello"),
            ("Hi __, hello", "Hi, hello"),
            ("_ _", ""),
            ("_, _", ""),
            ("_, _, hello", "Hello"),
            ("Hi_ _Bo", "Hi Bo"),
            ("Hi _ _ Bo", "Hi Bo"),
            ("Hi _ _!", "Hi!"),
            ("_", ""),
            ("Say «_» now", "Say «» now"),
            ("Hello again, _. Did it work?", "Hello again. Did it work?"),
            ("one\n_, ¿qué tal?\nthree", "one\n¿Qué tal?\nthree"),
            ("Hi _ – are you there?", "Hi – are you there?"),
        ] {
            assert_eq!(tidy(&text.replace('_', "\u{fdd0}")), tidied, "{text}");
        }
    }

    #[test]
    fn links_and_line_breaks_survive() {
        for (text, tidied) in [
            (
                "See https://example.com/?n=_&m=1 , ok",
                "See https://example.com/?n=&m=1 , ok",
            ),
            ("_, https://example.com", "https://example.com"),
            ("_, www.example.com", "www.example.com"),
            (
                "Hi _,\n\n  a  b\n\nhttps://example.com/a,b?c=d.e",
                "Hi,\n\n  a  b\n\nhttps://example.com/a,b?c=d.e",
            ),
        ] {
            assert_eq!(tidy(&text.replace('_', "\u{fdd0}")), tidied, "{text}");
        }
        let untouched = "  Hi , you  !\n\n ";
        assert_eq!(tidy(untouched), untouched);
    }

    proptest::proptest! {
        #[test]
        fn no_hole_stays_and_no_word_is_lost(text in "[ab¿¡().,!?…\"«» \u{a0}\n\u{fdd0}é👋/]{0,40}") {
            let tidied = tidy(&text);
            assert!(!tidied.contains(HOLE));
            let words = |text: &str| {
                let kept = text.to_lowercase();
                let kept = kept.replace(|c: char| !c.is_alphabetic() && !"👋/\n".contains(c), "");
                kept.trim_matches('\n').to_owned()
            };
            assert_eq!(words(&tidied), words(&text));
            if !text.contains(HOLE) {
                assert_eq!(tidied, text);
            }
        }
    }
}
