//! Which language a message is read in.

use super::Input;
use super::grammar::{Grammar, NAMES_TIME};
use super::token::Token;
use crate::model::Language;

/// The language to read a message in: the contact's, unless the words are plainly of another; else the one its
/// common words show; else what a recogniser makes of a longer text; else the bot's.
pub(super) fn language(
    grammar: &Grammar,
    tokens: &[Token],
    text: &str,
    input: &Input<'_>,
) -> Language {
    let mut counts = [0_u32; Language::ALL.len()];
    for token in tokens {
        let mut bits = grammar
            .common_in
            .get(token.word as usize)
            .copied()
            .unwrap_or(0);
        while bits != 0 {
            if let Some(count) = counts.get_mut(bits.trailing_zeros() as usize) {
                *count += 1;
            }
            bits &= bits - 1;
        }
    }
    let count = |language: Language| counts.get(language as usize).copied().unwrap_or(0);
    let best = Language::ALL
        .iter()
        .copied()
        .max_by_key(|l| (count(*l), *l == input.default_language));
    if let Some(known) = input.language {
        return match best {
            Some(best) if count(best) >= 3 && count(best) >= 3 * count(known).max(1) => best,
            _ => known,
        };
    }
    // Where no time can be said, the language decides nothing: a slow look is not worth it.
    let matters = || {
        tokens.iter().any(|t| {
            t.number().is_some()
                || grammar
                    .speeches
                    .iter()
                    .any(|s| s.bits(t.word) & NAMES_TIME != 0)
        })
    };
    let recognised = || matters().then(|| recognised(grammar, text)).flatten();
    let Some(best) = best.filter(|b| count(*b) > 0) else {
        return recognised().unwrap_or(input.default_language);
    };
    let rivals = Language::ALL
        .iter()
        .filter(|l| count(**l) == count(best))
        .count();
    if rivals == 1 {
        return best;
    }
    recognised().unwrap_or(best)
}

/// What the recogniser makes of a longer text.
fn recognised(grammar: &Grammar, text: &str) -> Option<Language> {
    if text.len() < 40 {
        return None;
    }
    let info = whatlang::detect(text).filter(whatlang::Info::is_reliable)?;
    let code = info.lang().code();
    grammar
        .speeches
        .iter()
        .find(|s| s.recognised_as == code)
        .map(|s| s.language)
}
