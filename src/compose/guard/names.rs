//! Names of people from nowhere: a text may name the contact, us, and whom we named.

use std::collections::HashSet;

use super::plain::words;
use super::{Finding, FindingKind, Grounds, Ours};
use crate::model::{Language, fold};

/// Words before a name.
const TITLES: &str = "mr mrs ms miss dr dra doctor doctora doutor doutora sr sra srta senor senora senorita senhor senhora don dona monsieur madame mme mademoiselle docteur herr herrn frau doktor signor signora signore dott dottor dottoressa prof lic ing";
/// Words of a greeting; what follows with a capital is a name.
const GREETINGS: &str = "hi hello hey dear hola querido querida estimado estimada ola oi prezado prezada caro cara bonjour salut bonsoir cher chere hallo liebe lieber moin servus ciao salve gentile buongiorno morning afternoon evening";
/// Words that are written with a capital without being a name.
const NO_NAMES: &str = "i i'm i'll i've there again all everyone team merry christmas happy new year easter good morning afternoon evening buenos buenas dias tardes noches bom dia boa tarde noite feliz navidad ano nuevo natal novo joyeux noel bonne annee guten tag morgen abend frohe weihnachten sie ihnen ihr ihre ihren buon natale anno lei whatsapp sms usted ustedes ok gracias de del la las los da do dos das di van von der y e et und and english spanish monday tuesday wednesday thursday friday saturday sunday just did are is we how would can que como espero solo te le mio tudo";

/// Finds names that nobody of our side has said.
pub(super) fn find(
    text: &str,
    grounds: &Grounds<'_>,
    ours: &Ours<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut known: HashSet<String> = HashSet::new();
    let name = fold(grounds.thread.contact.name.as_deref().unwrap_or_default());
    let told = fold(grounds.instructions);
    known.extend(words(&name).take(8).map(str::to_owned));
    known.extend(words(&told).map(str::to_owned));
    for ground in &ours.grounds {
        known.extend(words(&ground.text).map(str::to_owned));
    }
    let is_known = |word: &str| {
        let folded = fold(word);
        known.contains(&folded) || words(&folded).all(|w| known.contains(w) || lists(NO_NAMES, w))
    };
    // In German every noun has a capital; there, only a greeting and a title show a name.
    let nouns = grounds.language == Some(Language::De);
    let mut run: Vec<&str> = Vec::new();
    let mut unknown = false;
    let mut before = Before::Start;
    let mut report = |run: &mut Vec<&str>, unknown: &mut bool, needed: usize| {
        let names = run.iter().filter(|w| starts_with_capital(w)).count();
        if *unknown && names >= needed {
            findings.push(Finding {
                kind: FindingKind::OtherPeople,
                words: run.join(" "),
            });
        }
        run.clear();
        *unknown = false;
    };
    let mut needed = 2;
    for piece in text.split_inclusive([' ', '\n', '\u{a0}']) {
        let word = piece.trim();
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.is_empty() {
            if piece.contains('\n') || word.ends_with(['.', '!', '?', ':', '-', '–', '—']) {
                before = Before::Start;
            }
            report(&mut run, &mut unknown, needed);
            continue;
        }
        let folded = fold(bare);
        let opens = word.starts_with(['¿', '¡', '"', '«', '(', '“']);
        let capital = starts_with_capital(bare) && bare.chars().count() > 1;
        let shouts = bare.chars().count() > 1 && bare.chars().all(|c| !c.is_lowercase());
        let lead = match before {
            Before::Greeting | Before::Title => Some(1),
            Before::Word if !opens && !nouns => Some(2),
            Before::Word | Before::Start => None,
        };
        let joins = matches!(
            folded.as_str(),
            "de" | "del" | "la" | "da" | "dos" | "von" | "van" | "di"
        ) && !run.is_empty();
        if capital
            && !shouts
            && (lead.is_some() || !run.is_empty())
            && !lists(NO_NAMES, folded.as_str())
            && !lists(GREETINGS, folded.as_str())
            && !lists(TITLES, folded.as_str())
        {
            if run.is_empty() {
                needed = lead.unwrap_or(2);
            }
            run.push(bare);
            unknown |= !is_known(bare);
        } else if joins {
            run.push(bare);
        } else {
            report(&mut run, &mut unknown, needed);
        }
        if word.ends_with(['.', '!', '?', ',', ';', ':', '…', ')', '"'])
            && !lists(TITLES, folded.as_str())
        {
            report(&mut run, &mut unknown, needed);
        }
        let ends = piece.contains('\n') || word.ends_with(['.', '!', '?', ':', '…']);
        let greets = matches!(before, Before::Greeting)
            && matches!(
                folded.as_str(),
                "again" | "de" | "nuevo" | "novo" | "nochmal" | "di"
            );
        before = if lists(TITLES, folded.as_str()) {
            Before::Title
        } else if ends {
            Before::Start
        } else if greets || lists(GREETINGS, folded.as_str()) {
            Before::Greeting
        } else {
            Before::Word
        };
        if piece.contains('\n') {
            report(&mut run, &mut unknown, needed);
        }
    }
    report(&mut run, &mut unknown, needed);
}

/// What stands before a word.
#[derive(Clone, Copy)]
enum Before {
    Start,
    Greeting,
    Title,
    Word,
}

/// Whether a word is one of a list's.
fn lists(list: &str, word: &str) -> bool {
    list.split(' ').any(|w| w == word)
}

fn starts_with_capital(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}
