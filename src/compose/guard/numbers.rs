//! Numbers as written and as spelled, in the six languages.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A pattern of a number in digits, with separators of thousands and a fraction.
pub(super) const NUMBER: &str = r"(?:\d{1,3}(?:[ .,']\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?)";

/// The amount in hundredths: "1.200", "1,200.00" and "1 200" are the same. `None` when it is too large.
pub(super) fn amount(written: &str) -> Option<u64> {
    let is_separator = |c: char| c == '.' || c == ',';
    let fraction = written.rfind(is_separator).and_then(|at| {
        let digits = written.get(at + 1..)?;
        (digits.len() <= 2 && digits.bytes().all(|b| b.is_ascii_digit())).then_some((at, digits))
    });
    let (whole, fraction) = match fraction {
        Some((at, digits)) => (written.get(..at)?, digits),
        None => (written, ""),
    };
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let whole: u64 = digits.parse().ok()?;
    let cents = match fraction.len() {
        0 => 0,
        1 => fraction.parse::<u64>().ok()? * 10,
        _ => fraction.parse().ok()?,
    };
    whole.checked_mul(100)?.checked_add(cents)
}

/// What a spelled word adds to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Adds(u64),
    /// Multiplies what stands before it: hundred, thousand.
    Times(u64),
}

const UNITS: &[(u64, &str)] = &[
    (0, "zero cero null nul"),
    (1, "one uno una un um uma une eins ein eine einen"),
    (2, "two dos dois duas deux zwei zwo due"),
    (3, "three tres trois drei tre"),
    (4, "four cuatro quatro quatre vier quattro"),
    (5, "five cinco cinq funf fuenf cinque"),
    (6, "six seis sechs sei"),
    (7, "seven siete sete sept sieben sette"),
    (8, "eight ocho oito huit acht otto"),
    (9, "nine nueve nove neuf neun"),
    (10, "ten diez dez dix zehn dieci"),
    (11, "eleven once onze elf undici"),
    (12, "twelve doce doze douze zwolf zwoelf dodici"),
    (13, "thirteen trece treze treize dreizehn tredici"),
    (14, "fourteen catorce catorze quatorze vierzehn quattordici"),
    (15, "fifteen quince quinze funfzehn fuenfzehn quindici"),
    (
        16,
        "sixteen dieciseis dezesseis dezasseis seize sechzehn sedici",
    ),
    (17, "seventeen diecisiete dezessete siebzehn diciassette"),
    (18, "eighteen dieciocho dezoito achtzehn diciotto"),
    (19, "nineteen diecinueve dezenove neunzehn diciannove"),
    (20, "twenty veinte veinti vinte vingt vingts zwanzig venti"),
    (21, "veintiun ventuno"),
    (28, "ventotto"),
    (30, "thirty treinta trinta trente dreissig trenta"),
    (
        40,
        "forty fourty cuarenta quarenta quarante vierzig quaranta",
    ),
    (
        50,
        "fifty cincuenta cinquenta cinquante funfzig fuenfzig cinquanta",
    ),
    (60, "sixty sesenta sessenta soixante sechzig sessanta"),
    (70, "seventy setenta septante siebzig settanta"),
    (80, "eighty ochenta oitenta octante achtzig ottanta"),
    (90, "ninety noventa nonante neunzig novanta"),
    (200, "doscientos doscientas duzentos duzentas"),
    (300, "trescientos trescientas trezentos trezentas"),
    (400, "cuatrocientos cuatrocientas quatrocentos"),
    (500, "quinientos quinientas quinhentos quinhentas"),
    (600, "seiscientos seiscentos"),
    (700, "setecientos setecentos"),
    (800, "ochocientos oitocentos"),
    (900, "novecientos novecentos"),
];
const TIMES: &[(u64, &str)] = &[
    (100, "hundred cien ciento cem cento cent cents hundert"),
    (1000, "thousand mil mille mila tausend k"),
    (
        1_000_000,
        "million millon millones milhao milhoes millions millionen milione milioni",
    ),
];

static PARTS: LazyLock<HashMap<&'static str, Part>> = LazyLock::new(|| {
    let adds = UNITS
        .iter()
        .flat_map(|(n, words)| words.split(' ').map(|w| (w, Part::Adds(*n))));
    let times = TIMES
        .iter()
        .flat_map(|(n, words)| words.split(' ').map(|w| (w, Part::Times(*n))));
    adds.chain(times).collect()
});

/// The most parts that one word is made of: "siebenhundertachtundneunzig" has six.
const MOST_PARTS: usize = 10;

/// The parts of a spelled number, as in "fünfundzwanzig" or "venticinque"; none for another word.
fn parts(word: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = word;
    while !rest.is_empty() {
        if parts.len() == MOST_PARTS {
            return None;
        }
        if !parts.is_empty()
            && let Some(after) = rest.strip_prefix("und")
        {
            rest = after;
        }
        // The longest part that the word begins with; no part is longer than sixteen letters.
        let length = (1..=rest.len().min(16))
            .rev()
            .find(|n| rest.get(..*n).is_some_and(|p| PARTS.contains_key(p)))?;
        let (part, after) = rest.split_at(length);
        // Two letters of a short word do not make a compound.
        parts.push(*PARTS.get(part)?);
        rest = after;
    }
    (!parts.is_empty()).then_some(parts)
}

/// The digits of a single spelled digit: "five" is 5.
pub(super) fn spelled_digits(word: &str) -> Option<u64> {
    match parts(word)?.as_slice() {
        [Part::Adds(n)] if *n <= 90 => Some(*n),
        _ => None,
    }
}

/// Whether a word is a spelled number or a compound of such.
pub(super) fn is_spelled(word: &str) -> bool {
    parts(word).is_some()
}

/// The value of spelled words, as whole hundredths: "one hundred and twenty" is 12000. Words that join are
/// skipped; `None` when another word stands among them.
pub(super) fn spelled(words: &[&str]) -> Option<u64> {
    let (mut total, mut current, mut any) = (0_u64, 0_u64, false);
    let mut last = None;
    for word in words {
        if matches!(*word, "and" | "y" | "e" | "et" | "und") {
            continue;
        }
        for part in parts(word)? {
            any = true;
            match part {
                // "quatre-vingt"
                Part::Adds(20) if last == Some(Part::Adds(4)) => {
                    current = current.checked_add(76)?
                }
                Part::Adds(n) => current = current.checked_add(n)?,
                Part::Times(100) => {
                    let low = current % 100;
                    current = (current - low).checked_add(low.max(1).checked_mul(100)?)?;
                }
                Part::Times(n) => {
                    total = total.checked_add(current.max(1).checked_mul(n)?)?;
                    current = 0;
                }
            }
            last = Some(part);
        }
    }
    any.then(|| total.checked_add(current)?.checked_mul(100))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_all_spellings_are_one() {
        for (text, hundredths) in [
            ("1200", 120_000),
            ("1.200", 120_000),
            ("1,200.00", 120_000),
            ("1.200,00", 120_000),
            ("1 200", 120_000),
            ("1'200", 120_000),
            ("1,200,000", 120_000_000),
            ("12.5", 1250),
            ("12,50", 1250),
            ("0.99", 99),
        ] {
            assert_eq!(amount(text), Some(hundredths), "{text}");
        }
        assert_eq!(amount(&"9".repeat(40)), None);
    }

    #[test]
    fn spelled_numbers_are_read_in_six_languages() {
        for (text, value) in [
            ("fifty", 50),
            ("one hundred and twenty", 120),
            ("two thousand five hundred", 2500),
            ("cincuenta y cinco", 55),
            ("veinticinco", 25),
            ("mil doscientos", 1200),
            ("cento e vinte", 120),
            ("quatre vingt dix", 90),
            ("soixante dix", 70),
            ("funfundzwanzig", 25),
            ("zweihundertfunfzig", 250),
            ("venticinque", 25),
            ("duecento", 200),
        ] {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(spelled(&words), Some(value * 100), "{text}");
        }
        assert_eq!(spelled(&["hello"]), None);
        assert_eq!(spelled(&[]), None);
    }
}
