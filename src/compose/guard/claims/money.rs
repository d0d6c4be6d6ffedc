//! Prices, amounts of money and percentages, in digits and spelled.

use std::sync::LazyLock;

use regex::Regex;

use super::super::numbers::{NUMBER, amount, is_spelled, spelled};
use super::{Key, Work, pattern};
use crate::compose::guard::FindingKind;

/// A currency, as far as a text tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Currency {
    /// "$": of whichever country.
    Dollar,
    Usd,
    Peso,
    Euro,
    Pound,
    Real,
    /// One of the others, by the first letters of its name.
    Other([u8; 3]),
}

/// Whether two can be the same: "$" may be dollars and pesos.
pub(super) fn agree(known: Option<Currency>, stated: Option<Currency>) -> bool {
    use Currency::{Dollar, Peso, Usd};
    match (known, stated) {
        (None, _) | (_, None) => true,
        (Some(Dollar), Some(Usd | Peso)) | (Some(Usd | Peso), Some(Dollar)) => true,
        (a, b) => a == b,
    }
}

const SIGNS: &str = r"(?:[a-z]{0,3}\$|€|£|¥|₹|₽|₿|₩|₺|₫|₴|฿|\b(?:usd|us|eur|gbp|mxn|mex|cop|ars|clp|pen|brl|chf|cad|aud|uyu|jpy|inr|btc|eth|usdt)\b)";
const NAMES: &str = r"(?:usd|eur|gbp|mxn|mn|m\.n\.|cop|ars|clp|brl|chf|cad|aud|uyu|usdt|btc|dollars?|bucks?|quid|cents?|dolar(?:es)?|pesos?|pesitos?|varos?|euros?|euritos?|eurillos?|pavos?|libras?|pounds?|soles|reais|real|reis|francs?|franken|stutz|centavos?|centimos?|centimes?|cent|dollari|dollaro|sterline|sterling|livres sterling|pfund|bitcoins?|satoshis?|contos)";

static BEFORE: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"({SIGNS})\s*({NUMBER})(\s?(?:k|mil|m)\b)?")));
static AFTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"({NUMBER})(\s?(?:k|mil|mille|mila|thousand|tausend)\b)?\s*(?:de\s+)?({SIGNS}|\b{NAMES}\b)"
    ))
});
/// "1200 EUR" is tried first; a name without digits may follow spelled numbers, or none.
static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"\b{NAMES}\b|[€£¥₹$]")));
static PERCENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:({NUMBER})\s*)?(%|‰|\bper ?cent\b|\bpercento\b|\bpor ?ciento\b|\bpor ?cento\b|\bpour ?cent\b|\bprozent\b|\bper cento\b|\bpct\b)"
    ))
});
/// A bare number that the words around it make a price.
static COSTS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:costs?|price(?:d)?(?: is| of| at)?|fee (?:is|of)|pay|cuestan?|costaria|cobramos|precio (?:es|de|sera)|custam?|preco (?:e|de)|coute(?:nt)?|prix (?:est |de )|kostet|kosten|preis (?:ist|von|betragt)|costa(?:no)?|prezzo (?:e|di))(?:\s+[a-z]+)?(?:\s+[a-z]+)?\s+({NUMBER})"
    ))
});
static ONLY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"\b(?:for|only|just|for only|for just|por|a solo|por solo|solo|solamente|por apenas|apenas|por so|pour|seulement|fur|fuer|nur|per|soltanto|a soli)\s+({NUMBER})\s*(?:$|[.!?\n]|,\s)"
    ))
});

pub(super) fn find(work: &mut Work<'_>) {
    work.take(&PERCENT, FindingKind::Percent, |c, work| {
        let sign = c.get(2)?;
        if let Some(number) = c.get(1) {
            let range = number.start()..sign.end();
            return Some((Key::Percent(amount(number.as_str())), range));
        }
        let (value, start) = spelled_before(&work.text, sign.start());
        Some((Key::Percent(value), start..sign.end()))
    });
    work.take(&BEFORE, FindingKind::Price, |c, _| {
        let hundredths = thousands(amount(c.get(2)?.as_str()), c.get(3).is_some());
        let key = Key::Price(hundredths, currency(c.get(1)?.as_str()));
        Some((key, c.get(0)?.range()))
    });
    work.take(&AFTER, FindingKind::Price, |c, _| {
        let hundredths = thousands(amount(c.get(1)?.as_str()), c.get(2).is_some());
        let key = Key::Price(hundredths, currency(c.get(3)?.as_str()));
        Some((key, c.get(0)?.range()))
    });
    work.take(&NAME, FindingKind::Price, |c, work| {
        let name = c.get(0)?;
        let (value, start) = spelled_before(&work.text, name.start());
        let says = value.is_some() || matches!(name.as_str(), "€" | "£" | "¥" | "₹" | "$");
        says.then(|| {
            (
                Key::Price(value, currency(name.as_str())),
                start..name.end(),
            )
        })
    });
    for pattern in [&COSTS, &ONLY] {
        work.take(pattern, FindingKind::Price, |c, work| {
            let number = c.get(1)?;
            let next = super::super::plain::words(work.text.get(number.end()..)?).next();
            if next.is_some_and(is_unit) {
                return None;
            }
            Some((Key::Price(amount(number.as_str()), None), number.range()))
        });
    }
}

fn thousands(hundredths: Option<u64>, times: bool) -> Option<u64> {
    if times {
        hundredths?.checked_mul(1000)
    } else {
        hundredths
    }
}

/// What is counted, where it is not money.
fn is_unit(word: &str) -> bool {
    [
        "min", "hour", "hora", "heure", "stund", "ore", "day", "dia", "jour", "tag", "giorn",
        "week", "semana", "semaine", "woch", "settiman", "month", "mes", "mois", "monat", "sec",
        "seg", "sek", "question", "pregunta", "frage", "domand", "pergunta", "step", "paso", "ano",
        "year", "jahr", "ann", "person",
    ]
    .iter()
    .any(|unit| word.starts_with(unit))
}

/// The spelled number that ends before a place, in hundredths, and where it begins; the place itself without one.
fn spelled_before(text: &str, at: usize) -> (Option<u64>, usize) {
    let before = text.get(..at).unwrap_or_default();
    let mut words: Vec<&str> = Vec::new();
    let mut start = at;
    let mut end = before.len();
    while words.len() < 12 {
        let head = before.get(..end).unwrap_or_default();
        let head = head.trim_end_matches([' ', '-']);
        let begin = head.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |i| {
            i + head
                .get(i..)
                .and_then(|t| t.chars().next())
                .map_or(1, char::len_utf8)
        });
        let word = head.get(begin..).unwrap_or_default();
        let joins = matches!(word, "and" | "y" | "e" | "et" | "de") && !words.is_empty();
        if word.is_empty() || !(is_spelled(word) || joins || word == "de" && words.is_empty()) {
            break;
        }
        if is_spelled(word) {
            start = begin;
        }
        if word != "de" {
            words.push(word);
        }
        end = begin;
    }
    words.reverse();
    while words.first().is_some_and(|w| !is_spelled(w)) {
        words.remove(0);
    }
    (spelled(&words), start)
}

fn currency(sign: &str) -> Option<Currency> {
    let name: String = sign
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '.')
        .collect();
    let name = name.as_str();
    Some(match name {
        "us$" | "u$" | "usd" | "us" | "usd$" => Currency::Usd,
        "r$" | "brl" | "reais" | "real" | "reis" => Currency::Real,
        "mx$" | "mxn" | "mex" | "mn" | "mxn$" | "cop" | "ars" | "clp" | "uyu" | "mex$" => {
            Currency::Peso
        }
        "€" | "eur" => Currency::Euro,
        "£" | "gbp" | "quid" | "pfund" => Currency::Pound,
        n if n.ends_with('$') => Currency::Dollar,
        n if n.starts_with("peso") || n.starts_with("pesit") || n.starts_with("varo") => {
            Currency::Peso
        }
        n if n.starts_with("eur") || n.starts_with("pavo") => Currency::Euro,
        n if n.starts_with("dol") || n.starts_with("buck") => Currency::Usd,
        n if n.starts_with("libra") || n.starts_with("pound") || n.starts_with("sterlin") => {
            Currency::Pound
        }
        n => {
            let mut letters = [0; 3];
            for (slot, byte) in letters.iter_mut().zip(n.bytes()) {
                *slot = byte;
            }
            Currency::Other(letters)
        }
    })
}
