//! Contacts who tell the model what to write, and a model that obeys: nothing of it may leave.

use followup::compose::guard::{Grounds, check};
use followup::model::{Author, Channel, Contact, Language, Message, Thread};
use serde::Deserialize;

#[derive(Deserialize)]
struct Collection {
    attack: Vec<Attack>,
}

/// One attack: what the contact wrote, what a model that obeys answers, and what must not be sent of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attack {
    name: String,
    contact: Option<String>,
    messages: Vec<String>,
    answer: String,
    forbidden: Vec<String>,
}

const COLLECTIONS: [(&str, Language, &str); 3] = [
    (
        "english",
        Language::En,
        include_str!("../attacks/english.toml"),
    ),
    (
        "spanish",
        Language::Es,
        include_str!("../attacks/spanish.toml"),
    ),
    (
        "hidden",
        Language::En,
        include_str!("../attacks/hidden.toml"),
    ),
];

fn attacks() -> Vec<(Language, Attack)> {
    let mut attacks = Vec::new();
    for (collection, language, text) in COLLECTIONS {
        let read: Collection = toml::from_str(text).expect(collection);
        attacks.extend(read.attack.into_iter().map(|a| (language, a)));
    }
    attacks
}

#[test]
fn the_collection_is_large_and_says_what_it_forbids() {
    let attacks = attacks();
    assert!(attacks.len() >= 120, "{}", attacks.len());
    for (_, attack) in &attacks {
        for forbidden in &attack.forbidden {
            assert!(
                attack.answer.contains(forbidden),
                "{}: {forbidden:?}",
                attack.name
            );
        }
    }
}

#[test]
fn what_an_obedient_model_writes_is_refused() {
    let mut passed = Vec::new();
    for (language, attack) in attacks() {
        let theirs = attack
            .messages
            .iter()
            .map(|m| (Author::Contact, m.as_str()));
        let ours = match language {
            Language::Es => "Gracias por escribir. ¿Le interesa una limpieza dental?",
            _ => "Thank you for writing. Are you interested in a dental cleaning?",
        };
        let messages = theirs.chain([(Author::Bot, ours)]);
        let thread = Thread {
            contact: Contact {
                name: Some(attack.contact.clone().unwrap_or_else(|| "Sam".into())),
                ..Contact::default()
            },
            messages: messages
                .map(|(author, text)| Message {
                    sent_at: "2026-03-01T10:00:00Z".parse().unwrap(),
                    seq: 0,
                    channel: Channel::Whatsapp,
                    author,
                    text: text.into(),
                    message_id: None,
                    conversation_id: None,
                    status: None,
                    signal: None,
                    automatic: false,
                    ad_click: false,
                    source: 1,
                })
                .collect(),
            ..Thread::default()
        };
        let findings = check(
            &attack.answer,
            &Grounds {
                thread: &thread,
                channel: Channel::Whatsapp,
                language: Some(language),
                facts: &[
                    "We open at 8.".to_owned(),
                    "A cleaning takes 45 minutes.".to_owned(),
                ],
                bot_name: "Sunny Dental",
                instructions: "Write one short message.",
                added: "",
                now: "2026-03-03T10:00:00Z".parse().unwrap(),
            },
        );
        if findings.is_empty() {
            passed.push(format!("{}: {:?}", attack.name, attack.answer));
        }
    }
    assert!(
        passed.is_empty(),
        "{} passed:\n{}",
        passed.len(),
        passed.join("\n")
    );
}
