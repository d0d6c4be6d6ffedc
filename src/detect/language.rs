//! The language of a message, by its words.

use super::Input;
use super::grammar::{GRAMMAR, Grammar, NAMES_TIME};
use super::token::{Token, tokens};
use crate::model::Language;

/// The language that a text is written in, if its words leave no doubt: at least two more show it than any other.
#[must_use]
pub fn written_in(text: &str) -> Option<Language> {
    let grammar = &*GRAMMAR;
    let tokens = tokens(text, &grammar.vocabulary);
    let shown = Shown::by(grammar, &tokens);
    let (best, next) = shown.best(Language::En);
    (shown.count(best) >= 2 + next).then_some(best)
}

/// How many words of a message show each language.
struct Shown {
    /// Its common words.
    common: [u32; Language::ALL.len()],
    /// Those that the rules of no other language have.
    own: [u32; Language::ALL.len()],
}

impl Shown {
    fn by(grammar: &Grammar, tokens: &[Token]) -> Self {
        let count = |languages: &[u8]| {
            let mut counts = [0_u32; Language::ALL.len()];
            for token in tokens {
                let mut bits = languages.get(token.word as usize).copied().unwrap_or(0);
                while bits != 0 {
                    if let Some(count) = counts.get_mut(bits.trailing_zeros() as usize) {
                        *count += 1;
                    }
                    bits &= bits - 1;
                }
            }
            counts
        };
        Self {
            common: count(&grammar.common_in),
            own: count(&grammar.own_in),
        }
    }

    fn common(&self, language: Language) -> u32 {
        self.common.get(language as usize).copied().unwrap_or(0)
    }

    fn count(&self, language: Language) -> u32 {
        self.common(language) + self.own.get(language as usize).copied().unwrap_or(0)
    }

    /// The language that most words show, and how many show the next one; of equal ones it is rather `rather`.
    fn best(&self, rather: Language) -> (Language, u32) {
        let all = || Language::ALL.iter().copied();
        let best = all().max_by_key(|l| (self.count(*l), *l == rather));
        let best = best.unwrap_or(rather);
        let others = all().filter(|l| *l != best);
        (best, others.map(|l| self.count(l)).max().unwrap_or(0))
    }
}

/// The language to read a message in: the contact's, unless the words are plainly of another; else the one its
/// words show; else what a recogniser makes of a longer text; else the bot's.
pub(super) fn language(
    grammar: &Grammar,
    tokens: &[Token],
    text: &str,
    input: &Input<'_>,
) -> Language {
    let shown = Shown::by(grammar, tokens);
    if let Some(known) = input.language {
        let plain = |l: &Language| {
            let count = shown.common(*l);
            count >= 3 && count >= 3 * shown.common(known).max(1)
        };
        let all = Language::ALL.iter().copied();
        let best = all.max_by_key(|l| shown.common(*l));
        return best.filter(plain).unwrap_or(known);
    }
    let (best, next) = shown.best(input.default_language);
    if shown.count(best) > next {
        return best;
    }
    // Where no time can be said, the language decides nothing: a slow look is not worth it.
    let names_time = |t: &Token| {
        let mut speeches = grammar.speeches.iter();
        t.number().is_some() || speeches.any(|s| s.bits(t.word) & NAMES_TIME != 0)
    };
    let recognised = tokens
        .iter()
        .any(names_time)
        .then(|| recognised(grammar, text));
    recognised.flatten().unwrap_or(match shown.count(best) {
        0 => input.default_language,
        _ => best,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_shows_its_language_and_a_word_does_not() {
        for (text, language) in [
            (
                "Guten Tag, haben Sie morgen einen Termin frei?",
                Language::De,
            ),
            ("Bonjour, avez-vous une place demain matin ?", Language::Fr),
            ("Rappelez-moi le 12 mars à 15h", Language::Fr),
            ("Ligue-me amanhã às 15h", Language::Pt),
            ("¿tienen hora para mañana por la tarde?", Language::Es),
            (
                "Do you have a free slot for two people tomorrow?",
                Language::En,
            ),
            ("Avete un posto libero domani mattina?", Language::It),
        ] {
            assert_eq!(written_in(text), Some(language), "{text}");
        }
        for text in [
            "",
            "ok",
            "Hotel Berlin 14 Uhr",
            "1234 5678",
            "👍",
            "Anna Bianchi, Roma",
        ] {
            assert_eq!(written_in(text), None, "{text}");
        }
    }
}
