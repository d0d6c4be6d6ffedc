//! The languages: one file of rules each. A new one is its file and its line here (and its tag in
//! [`Language`]). The form of the files is explained at the top of `en.rules`.

use crate::model::Language;

/// The files.
pub(super) static FILES: [(Language, &str); 6] = [
    (Language::En, include_str!("en.rules")),
    (Language::Es, include_str!("es.rules")),
    (Language::Pt, include_str!("pt.rules")),
    (Language::Fr, include_str!("fr.rules")),
    (Language::De, include_str!("de.rules")),
    (Language::It, include_str!("it.rules")),
];

/// Where a rule stands, and its pattern in short, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// The line in it.
    pub line: usize,
    /// The section.
    pub section: &'static str,
    /// The pattern, with the first of each list of words.
    pub pattern: String,
}

/// The place of a rule of [`Reading::rule`](super::Reading::rule) or
/// [`TimeSpan::rule`](super::TimeSpan::rule); `None` where it is none of a file.
#[must_use]
pub fn place_of(rule: &'static str) -> Option<Place> {
    let (language, text, at) = FILES.iter().find_map(|(language, text)| {
        let at = (rule.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        (at < text.len()).then_some((language, *text, at))
    })?;
    let before = text.get(..at)?;
    let section = before
        .lines()
        .rev()
        .filter_map(|l| l.strip_prefix('[')?.strip_suffix(']'))
        .find(|name| !name.contains(['|', '<', '(']))?;
    Some(Place {
        file: format!("{language}.rules"),
        line: before.lines().count() + usize::from(before.ends_with('\n')),
        section,
        pattern: short(rule),
    })
}

/// A pattern with the first of each list of words: `(call | …) (me | …)`.
fn short(pattern: &str) -> String {
    let mut out = String::new();
    // Of each open list: whether a word of it has been left out.
    let mut lists = vec![false];
    for c in pattern.chars() {
        let left_out = lists.iter().any(|l| *l);
        match c {
            '(' | '[' => {
                if !left_out {
                    out.push(c);
                }
                lists.push(false);
            }
            ')' | ']' if lists.len() > 1 => {
                lists.pop();
                if !lists.iter().any(|l| *l) {
                    out.push(c);
                }
            }
            '|' if !left_out => {
                out.push_str("| …");
                if let Some(last) = lists.last_mut() {
                    *last = true;
                }
            }
            _ if left_out => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_shown_by_its_place_and_in_short() {
        assert_eq!(
            short("(call | ring | text me) (me | us) [back [up | down] | up] ..3 now"),
            "(call | …) (me | …) [back [up | …] | …] ..3 now"
        );
        assert_eq!(short("stop | end | (quit | cease) it"), "stop | …");
        let (_, text) = FILES[1];
        let rule = text.lines().find(|l| l.starts_with("alto | ")).unwrap();
        let place = place_of(rule).unwrap();
        assert_eq!(
            (place.file.as_str(), place.section),
            ("es.rules", "opt_out whole")
        );
        assert_eq!(text.lines().nth(place.line - 1), Some(rule));
        assert_eq!(place_of("stop.opt_out_words"), None);
    }
}
