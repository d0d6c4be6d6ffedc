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

/// By language, how many words of a message show it.
type Counts = [u32; Language::ALL.len()];

/// How many words show each language, by a table of the languages that a word shows, as bits.
fn count(languages: &[u8], tokens: &[Token]) -> Counts {
    let mut counts = Counts::default();
    // Eight bits for each count, as long as none can overflow.
    for some in tokens.chunks(255) {
        let bits = some
            .iter()
            .map(|t| languages.get(t.word as usize).copied().unwrap_or(0));
        let spread = bits.map(|bits| SPREAD.get(usize::from(bits)).copied().unwrap_or(0));
        let sum: u64 = spread.sum();
        for (count, more) in counts.iter_mut().zip(sum.to_le_bytes()) {
            *count += u32::from(more);
        }
    }
    counts
}

/// By the languages as bits, a byte of one for each.
static SPREAD: [u64; 1 << Language::ALL.len()] = {
    let mut table = [0; 1 << Language::ALL.len()];
    let mut bits = 0;
    while bits < table.len() {
        let mut language = 0;
        while language < Language::ALL.len() {
            table[bits] |= ((bits >> language & 1) as u64) << (8 * language);
            language += 1;
        }
        bits += 1;
    }
    table
};

/// How many words of a message show each language.
struct Shown {
    /// Its common words.
    common: Counts,
    /// Those that the rules of no other language have.
    own: Counts,
}

impl Shown {
    fn by(grammar: &Grammar, tokens: &[Token]) -> Self {
        Self {
            common: count(&grammar.common_in, tokens),
            own: count(&grammar.own_in, tokens),
        }
    }

    fn count(&self, language: Language) -> u32 {
        of(&self.common, language) + of(&self.own, language)
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

fn of(counts: &Counts, language: Language) -> u32 {
    counts.get(language as usize).copied().unwrap_or(0)
}

/// The language to read a message in: the contact's, unless the words are plainly of another; else the one its
/// words show; else what a recogniser makes of a longer text; else the bot's.
pub(super) fn language(
    grammar: &Grammar,
    tokens: &[Token],
    text: &str,
    input: &Input<'_>,
) -> Language {
    if let Some(known) = input.language {
        let common = count(&grammar.common_in, tokens);
        let plain = |l: &Language| {
            let count = of(&common, *l);
            count >= 3 && count >= 3 * of(&common, known).max(1)
        };
        let all = Language::ALL.iter().copied();
        let best = all.max_by_key(|l| of(&common, *l));
        return best.filter(plain).unwrap_or(known);
    }
    let shown = Shown::by(grammar, tokens);
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
