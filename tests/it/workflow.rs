//! Workflow actions, against real servers and files (rule X8).

use std::path::Path;
use std::time::Duration;

use followup::channel::Senders;
use followup::config::{self, Config, Environment};
use followup::error::{Outcome, outcome_of};
use followup::model::{Channel, Contact, Scenario, Timestamp};
use followup::workflow::{ActionKind, ActionOutcome, Told, Workflows, actions, tags_after};

use crate::server::{Reply, Server};

fn config(workflow: &str, root: &Path) -> Config {
    let text = format!(
        r#"
[bot]
name = "Clínica Sol"
timezone = "America/Mexico_City"
language = "es"
[channels.email.outbox]
path = "outbox.jsonl"
[scenarios.stopped_responding]
steps = [{{ after = "5m", workflow = "cold" }}]
[workflows.cold]
{workflow}
"#
    );
    let (config, _) = config::parse(&root.join("followup.toml"), &text).unwrap();
    config
}

fn contact() -> Contact {
    Contact {
        contact_id: "c1".into(),
        name: Some("Ana Ruiz".into()),
        phone: Some("+525512345678".into()),
        email: Some("ana@example.com".into()),
        tags: vec!["new".into()],
        ..Contact::default()
    }
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// Performs every action of the workflow, and says what became of each.
fn perform(config: &Config, environment: &Environment) -> Vec<(String, ActionOutcome)> {
    let senders = Senders::new(config, environment);
    let workflows = Workflows::new(config, &senders, environment);
    let contact = contact();
    let told = Told {
        follow_up: "fu_1",
        contact: &contact,
        conversation_id: Some("conv1"),
        home: None,
        scenario: Scenario::StoppedResponding,
        step: 4,
        steps: 4,
        channel: Channel::Sms,
        text: "Hola Ana,\n¿sigues ahí?",
        provider_id: Some("SM1"),
        sent_at: now(),
    };
    actions(&config.workflows["cold"])
        .iter()
        .map(|action| {
            (
                action.name.clone(),
                workflows.perform("cold", action, &told, now()),
            )
        })
        .collect()
}

fn environment() -> Environment {
    let secret = "whsec_MARKERmarkerMARKERmarkerMARKERma";
    [("HOOK_SECRET", secret), ("PATH", "/usr/bin:/bin")]
        .into_iter()
        .collect()
}

fn hook(url: &str) -> String {
    format!(r#"webhook = {{ url = "{url}/hook", secret = {{ env = "HOOK_SECRET" }} }}"#)
}

#[test]
fn x8_each_action_has_a_name_and_an_outcome_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::always(Reply::answer(200, "{}"));
    let workflow = format!(
        r#"
add_tags = ["cold", "march"]
assign = "ana@clinic.example"
notify = ["email:desk@clinic.example", "email:desk@clinic.example", "email:boss@clinic.example"]
command = ["sh", "-c", "cat > seen.json; echo noted"]
{}"#,
        hook(&server.url())
    );
    let config = config(&workflow, dir.path());
    let outcomes = perform(&config, &environment());
    let done = |words: &str| ActionOutcome::Done(Some(words.into()));
    let expected = [
        ("tags", done("+cold +march")),
        ("assign", done("ana@clinic.example")),
        (
            "notify email:desk@clinic.example",
            done("fu_1_notify_email_desk@clinic.example"),
        ),
        (
            "notify email:boss@clinic.example",
            done("fu_1_notify_email_boss@clinic.example"),
        ),
        ("webhook", ActionOutcome::Done(None)),
        ("command", done("noted")),
    ];
    let expected = expected.map(|(name, outcome)| (name.to_owned(), outcome));
    assert_eq!(outcomes, expected);

    let outbox = std::fs::read_to_string(dir.path().join("outbox.jsonl")).unwrap();
    assert_eq!(outbox.lines().count(), 2);
    let first: serde_json::Value = serde_json::from_str(outbox.lines().next().unwrap()).unwrap();
    assert_eq!(first["to"], "desk@clinic.example");
    assert_eq!(
        first["contact_id"], "desk@clinic.example",
        "nothing leads to the contact"
    );
    assert_eq!(first["conversation_id"], serde_json::Value::Null);
    let text = "Ana Ruiz (c1): seguimiento 4 de 4 enviado por sms. «Hola Ana, ¿sigues ahí?»";
    assert_eq!(first["text"], text);

    let request = &server.requests()[0];
    assert_eq!(request.header("webhook-id"), Some("fu_1_webhook"));
    assert!(
        request
            .header("webhook-signature")
            .unwrap()
            .starts_with("v1,")
    );
    let told: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let seen = std::fs::read(dir.path().join("seen.json")).unwrap();
    assert_eq!(
        told,
        serde_json::from_slice::<serde_json::Value>(&seen).unwrap()
    );
    assert_eq!(told["contact"]["tags"][0], "new");
    assert_eq!(told["step"]["id"], "fu_1");
    assert_eq!(told["step"]["sent_at"], "2026-03-02T09:00:00Z");
    assert_eq!(told["workflow"], "cold");
}

#[test]
fn x8_a_notification_never_reaches_the_contact() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(r#"notify = ["email:ANA@example.com"]"#, dir.path());
    let outcomes = perform(&config, &environment());
    let ActionOutcome::Failed(words) = &outcomes[0].1 else {
        panic!("{outcomes:?}");
    };
    assert!(words.contains("the contact's own address"), "{words}");
    assert!(!dir.path().join("outbox.jsonl").exists());
}

#[test]
fn x8_a_webhook_is_repeated_only_where_that_can_help() {
    let dir = tempfile::tempdir().unwrap();
    for (reply, is_retried) in [
        (Reply::answer(429, "").header("Retry-After", "5"), true),
        (Reply::answer(500, ""), true),
        (Reply::answer(503, ""), true),
        (Reply::reset(), true),
        (Reply::garbage("?"), true),
        (Reply::answer(400, r#"{"message":"no"}"#), false),
        (Reply::answer(401, ""), false),
        (Reply::answer(410, ""), false),
        (
            Reply::answer(301, "").header("Location", "http://127.0.0.1:1/"),
            false,
        ),
    ] {
        let server = Server::always(reply.clone());
        let config = config(&hook(&server.url()), dir.path());
        let (_, outcome) = perform(&config, &environment()).remove(0);
        assert_eq!(
            matches!(outcome, ActionOutcome::Retry { .. }),
            is_retried,
            "{reply:?}: {outcome:?}"
        );
        assert_eq!(server.requests().len(), 1);
    }
    let config = config(&hook(&Server::nobody()), dir.path());
    let (_, unset) = perform(&config, &Environment::default()).remove(0);
    let words = "the environment variable HOOK_SECRET is not set";
    let later = ActionOutcome::Retry {
        words: words.into(),
        after: None,
    };
    assert_eq!(unset, later);
    let wrong: Environment = [("HOOK_SECRET", "hunter2")].into_iter().collect();
    let (_, wrong) = perform(&config, &wrong).remove(0);
    assert!(!format!("{wrong:?}").contains("hunter2"), "{wrong:?}");
}

#[test]
fn s1_a_secret_that_signs_nothing_is_found_before_it_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&hook("https://example.com"), dir.path());
    let faults = |environment: &Environment| {
        let senders = Senders::new(&config, environment);
        assert_eq!(senders.faults(), []);
        let workflows = Workflows::new(&config, &senders, environment);
        workflows
            .faults()
            .into_iter()
            .map(|(name, words)| format!("{name}: {words}"))
            .collect()
    };
    let none: Vec<String> = faults(&environment());
    assert_eq!(none, [""; 0]);
    let wrong: Environment = [("HOOK_SECRET", "hunter2")].into_iter().collect();
    let found = faults(&wrong);
    assert!(
        found[0].starts_with("cold: not a signing secret"),
        "{found:?}"
    );
    assert!(!found[0].contains("hunter2"));

    let file = dir.path().join("followup.toml");
    let text = format!(
        "[bot]\nname = \"Sol\"\ntimezone = \"UTC\"\n\
         [channels.sms.webhook]\nurl = \"https://example.com\"\nsecret = {{ env = \"HOOK_SECRET\" }}\n\
         [workflows.cold]\n{}\n",
        hook("https://example.com")
    );
    std::fs::write(&file, text).unwrap();
    let check = |environment: &Environment| {
        followup::commands::check::run(&file, environment, &mut Vec::new(), &mut Vec::new())
    };
    assert_eq!(check(&environment()).unwrap(), Outcome::Done);
    let error = check(&wrong).unwrap_err();
    assert_eq!(outcome_of(&error), Outcome::Config);
    let words = error.to_string();
    assert!(
        words.contains("[channels.sms.webhook]: the sender of sms cannot"),
        "{words}"
    );
    assert!(
        words.contains("[workflows.cold] webhook: not a signing secret"),
        "{words}"
    );
    assert!(!words.contains("hunter2"), "{words}");
}

#[test]
fn x8_a_slow_webhook_ends_with_the_timeout() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::always(Reply::stall());
    let mut config = config(&hook(&server.url()), dir.path());
    config.limits.request_timeout = Duration::from_millis(600);
    let (_, outcome) = perform(&config, &environment()).remove(0);
    assert!(
        matches!(&outcome, ActionOutcome::Retry { words, .. } if words.contains("0.6 s")),
        "{outcome:?}"
    );
}

#[test]
fn tags_are_given_and_taken() {
    let list = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    for (own, add, remove, after) in [
        (&[][..], &["cold"][..], &[][..], &["cold"][..]),
        (&["a", "b"], &["b", "c"], &[], &["a", "b", "c"]),
        (&["a", "b"], &[], &["a", "z"], &["b"]),
        (&["a"], &["a"], &["a"], &["a"]),
    ] {
        assert_eq!(
            tags_after(&list(own), &list(add), &list(remove)),
            list(after)
        );
    }
}

#[test]
fn an_empty_workflow_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = config("add_tags = []\nremove_tags = []", dir.path());
    assert_eq!(actions(&config.workflows["cold"]), []);
    let some = self::config(r#"remove_tags = ["x"]"#, dir.path());
    let kind = &actions(&some.workflows["cold"])[0].kind;
    assert!(matches!(kind, ActionKind::Tags { add, .. } if add.is_empty()));
}
