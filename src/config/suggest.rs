//! What may have been meant by a word that is not known.

use std::collections::BTreeSet;

/// The known word that `word` most resembles, if any does.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(word);
    let distance = |k: &str| strsim::damerau_levenshtein(&folded, &fold(k));
    known
        .into_iter()
        .map(|k| (distance(k), k))
        .filter(|(distance, k)| *distance <= k.len().max(folded.len()) / 3)
        .min()
        .map(|(_, k)| k)
}

/// The zone names that `word` most resembles, at most three.
pub(super) fn zones(word: &str) -> Vec<&'static str> {
    let folded = fold(word);
    let mut near: Vec<(i64, &str)> = crate::zone::names()
        .filter_map(|name| {
            let full = fold(name);
            let city = fold(name.rsplit('/').next().unwrap_or(name));
            let mut score =
                strsim::jaro_winkler(&full, &folded).max(strsim::jaro_winkler(&city, &folded));
            if full.starts_with(&folded) {
                score += 0.1;
            }
            // In thousandths, so that equal names keep one order.
            #[expect(clippy::cast_possible_truncation, reason = "a score is below 2")]
            let score = (score * 1000.0) as i64;
            (score >= 880).then_some((-score, name))
        })
        .collect();
    near.sort_unstable();
    let best = near.first().map_or(0, |(score, _)| *score);
    near.retain(|(score, _)| *score <= best + 60);
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}

/// `-`, `_` and case do not count.
pub(super) fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Words in backticks, with commas.
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a &'static str>) -> String {
    let words: Vec<String> = words.into_iter().map(|w| format!("`{w}`")).collect();
    words.join(", ")
}

/// The words of a set, as [`list`] shows them.
pub(super) fn names(words: &[&'static str]) -> String {
    list(&words.iter().copied().collect::<BTreeSet<_>>())
}

/// Whether a key's name says that its value is a secret.
pub(super) fn sounds_secret(key: &str) -> bool {
    let key = fold(key);
    [
        "token",
        "secret",
        "key",
        "pass",
        "pwd",
        "auth",
        "credential",
    ]
    .iter()
    .any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["timezone", "name", "active", "human_hold"];
        for (word, expected) in [
            ("time_zone", Some("timezone")),
            ("TimeZone", Some("timezone")),
            ("human-hold", Some("human_hold")),
            ("nmae", Some("name")),
            ("colour", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }

    #[test]
    fn close_zones_are_found() {
        assert_eq!(zones("America/Mexico")[0], "America/Mexico_City");
        assert_eq!(zones("mexico city")[0], "America/Mexico_City");
        assert_eq!(zones("Europe/Madird")[0], "Europe/Madrid");
        assert!(zones("xyzzy").is_empty());
    }
}
