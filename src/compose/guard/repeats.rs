//! Saying again what we have said, and greeting again.

use chrono::TimeDelta;

use super::plain::{Plain, words};
use super::{Finding, FindingKind, Grounds, Ours};

/// How alike two texts may be, from 0 to 1.
const ALIKE: f64 = 0.85;
/// How many of our latest messages are compared.
const COMPARED: usize = 40;
/// For so long a greeting lasts.
const GREETED: TimeDelta = TimeDelta::hours(12);
/// A text of fewer letters is found in longer ones by chance.
const SHORTEST: usize = 24;

const GREETINGS: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "dear",
    "good morning",
    "good afternoon",
    "good evening",
    "hola",
    "buenos dias",
    "buenas tardes",
    "buenas noches",
    "buen dia",
    "buenas",
    "ola",
    "oi",
    "bom dia",
    "boa tarde",
    "boa noite",
    "bonjour",
    "bonsoir",
    "salut",
    "coucou",
    "hallo",
    "guten tag",
    "guten morgen",
    "guten abend",
    "moin",
    "servus",
    "ciao",
    "salve",
    "buongiorno",
    "buonasera",
];
/// Words by which a greeting owns that it is not the first.
const AGAIN: &[&str] = &[
    "again",
    "de nuevo",
    "otra vez",
    "nuevamente",
    "de novo",
    "outra vez",
    "encore",
    "a nouveau",
    "rebonjour",
    "nochmal",
    "nochmals",
    "noch einmal",
    "erneut",
    "di nuovo",
    "ancora",
];

/// Finds a text that we have sent before, or nearly so, and a greeting that comes soon after another.
pub(super) fn find(
    text: &str,
    plain: &Plain,
    grounds: &Grounds<'_>,
    ours: &Ours<'_>,
    findings: &mut Vec<Finding>,
) {
    let name = crate::model::fold(grounds.thread.contact.name.as_deref().unwrap_or_default());
    let said = letters(&plain.text, &name);
    for (_, message) in ours.messages.iter().take(COMPARED) {
        let before = letters(&Plain::new(message).text, &name);
        let contains = said.len() >= SHORTEST && before.contains(&said)
            || before.len() >= SHORTEST && said.contains(&before);
        if !before.is_empty() && (contains || strsim::sorensen_dice(&said, &before) >= ALIKE) {
            findings.push(Finding {
                kind: FindingKind::Repeats,
                words: text.trim().chars().take(80).collect(),
            });
            break;
        }
    }
    let Some(greeting) = greeting(&plain.text) else {
        return;
    };
    let owns = AGAIN.iter().any(|again| {
        let head: Vec<&str> = words(&plain.text).take(6).collect();
        format!(" {} ", head.join(" ")).contains(&format!(" {again} "))
    });
    let greeted = ours
        .messages
        .iter()
        .take_while(|(at, _)| grounds.now.signed_duration_since(*at) < GREETED)
        .any(|(_, message)| self::greeting(&Plain::new(message).text).is_some());
    if greeted && !owns {
        findings.push(Finding {
            kind: FindingKind::Greeting,
            words: greeting.to_owned(),
        });
    }
}

/// The greeting that a (plain) text begins with.
fn greeting(text: &str) -> Option<&'static str> {
    let head: Vec<&str> = words(text).take(2).collect();
    let head = format!("{} ", head.join(" "));
    GREETINGS
        .iter()
        .copied()
        .find(|g| head.starts_with(&format!("{g} ")))
}

/// The words of a text without the contact's name and a greeting before it.
fn letters(text: &str, name: &str) -> String {
    let names: Vec<&str> = words(name).take(8).collect();
    let kept: Vec<&str> = words(text)
        .filter(|w| !names.contains(w) && !GREETINGS.contains(w))
        .take(400)
        .collect();
    kept.join(" ")
}
