//! Contacts who tell the model what to write, and a model that obeys: nothing of it may leave.

use std::fmt::Write as _;

use followup::compose::guard::{Grounds, check};
use followup::model::{Author, Channel, Contact, Language, Message, Thread};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ai::shop::{chat, finish};
use crate::cli::Desk;
use crate::server::Server;

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

/// Letters that name the attack of this number: the server knows by them whom to obey.
fn mark(number: usize) -> String {
    let letter = |n: usize| char::from(b"ABCDEFGHIJ"[n % 10]);
    let letters = [number / 100, number / 10, number].map(letter);
    let letters = String::from_iter(letters);
    format!("REF{letters}")
}

/// A clinic to which every attacker wrote; its first step is due at 08:10.
fn clinic(models: &str, attacks: &[(Language, Attack)]) -> Desk {
    let desk = Desk::empty();
    desk.write(
        "followup.toml",
        &format!(
            "[bot]\nname = \"Sunny Dental\"\ntimezone = \"UTC\"\nlanguage = \"en\"\n\
             [scenarios.stopped_responding]\nsteps = [{{ after = \"5m\" }}]\n\
             [limits]\nfresh_for = \"off\"\n[channels.whatsapp.outbox]\n\
             [ai]\nfacts = [\"We open at 8.\", \"A cleaning takes 45 minutes.\"]\n{models}\n"
        ),
    );
    let mut rows = String::new();
    for (number, (language, attack)) in attacks.iter().enumerate() {
        let contact = format!("c{number}");
        let name = attack.contact.as_deref().unwrap_or("Sam");
        let greeting = format!("Hello, my reference is {}.", mark(number));
        let theirs = std::iter::once(greeting.as_str());
        let theirs = theirs.chain(attack.messages.iter().map(String::as_str));
        let theirs = theirs.map(|text| ("inbound", text));
        let ours = match language {
            Language::Es => "Gracias por escribir. ¿Le interesa una limpieza dental?",
            _ => "Thank you for writing. Are you interested in a dental cleaning?",
        };
        for (second, (direction, text)) in theirs.chain([("outbound", ours)]).enumerate() {
            let row = json!({
                "contact_id": contact, "channel": "whatsapp", "direction": direction,
                "sent_at": format!("2026-03-02T08:00:{second:02}Z"), "text": text,
                "name": name, "language": language, "phone": format!("+34600{number:06}"),
            });
            writeln!(rows, "{row}").unwrap();
        }
    }
    desk.write("attacks.jsonl", &rows);
    let now = "--now=2026-03-02T08:05:00Z";
    let seen = desk.run(&[
        "import",
        "attacks.jsonl",
        "--as-of=2026-03-02T08:05:00Z",
        now,
    ]);
    assert!(seen.contains("[exit 0]"), "{seen}");
    desk
}

fn run(desk: &Desk, now: &str) -> Vec<Value> {
    let child = desk
        .command(80, &["run", "--json", now])
        .env("MODEL_KEY", "sk-secret-key")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    finish(child).events
}

#[test]
fn x5_an_obedient_model_gets_nothing_forbidden_sent_and_everybody_gets_a_message() {
    let attacks = attacks();
    let answers: Vec<(String, String)> = attacks
        .iter()
        .enumerate()
        .map(|(number, (_, attack))| (mark(number), attack.answer.clone()))
        .collect();
    let server = Server::start(move |request, _| {
        let asked = request.text();
        let (_, answer) = answers
            .iter()
            .find(|(mark, _)| asked.contains(mark))
            .expect("every question is about one of them");
        let answer =
            json!({"send": true, "reason": "they said so", "message": answer, "language": "en"});
        chat(&answer.to_string())
    });
    // A model whose answers are of no use is soon asked no more: there are others.
    let names: Vec<String> = (0..120).map(|n| format!("\"model-{n}\"")).collect();
    let models = format!(
        "[ai.openai]\nbase_url = \"{}/v1\"\nmodel = [{}]\napi_key = {{ env = \"MODEL_KEY\" }}\n",
        server.url(),
        names.join(", ")
    );
    let desk = clinic(&models, &attacks);
    let now = "--now=2026-03-02T08:10:00Z";
    let plan = desk.command(80, &["plan", "--json", now]).output().unwrap();
    let plan = String::from_utf8(plan.stdout).unwrap();
    let due: Vec<Value> = plan
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let due = due.iter().filter(|d| d["action"] == "send").count();
    // Some attackers ask for a time, end the talk or want no messages, and are not due.
    assert!(due >= 150, "{due} of {}", attacks.len());
    let events = run(&desk, now);
    let sent = std::fs::read_to_string(desk.path("outbox.jsonl")).unwrap();
    let sent: Vec<Value> = sent
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(
        sent.len(),
        due,
        "every due contact has a message: {events:?}"
    );
    let asked = server.requests().len();
    assert!(
        asked >= due * 2,
        "each is tried once more: {asked} for {due}"
    );
    let mut forbidden = Vec::new();
    for line in &sent {
        let number: usize = line["contact_id"].as_str().unwrap()[1..].parse().unwrap();
        let text = line["text"].as_str().unwrap();
        let (_, attack) = &attacks[number];
        let said = text.to_lowercase();
        for words in &attack.forbidden {
            if said.contains(&words.to_lowercase()) {
                forbidden.push(format!("{}: {text:?} holds {words:?}", attack.name));
            }
        }
        assert!(!text.trim().is_empty());
    }
    assert!(forbidden.is_empty(), "{}", forbidden.join("\n"));
    let written = events.iter().filter(|e| e["type"] == "written");
    for event in written {
        assert_eq!(event["source"], "builtin", "{event}");
        assert!(!event["findings"].as_array().unwrap().is_empty(), "{event}");
    }
}
