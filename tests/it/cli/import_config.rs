//! `import-config`: another tool's configuration, what is made of it, and what cannot be.

use super::{Desk, assert_seen};

/// What was written, what was said, and what `check` says of it.
fn carried_over(sample: &str) -> String {
    let desk = Desk::empty();
    desk.write("agent.json", sample);
    let mut made = desk.command(80, &["import-config", "highlevel", "agent.json"]);
    let made = made.env("TZ", "Europe/Madrid").output().unwrap();
    let mut seen = String::from_utf8(made.stdout).unwrap();
    seen.push_str(&String::from_utf8(made.stderr).unwrap());
    seen.push_str(&std::fs::read_to_string(desk.path("followup.toml")).unwrap());
    let checked = desk.run_in(120, &["check"]);
    assert!(checked.contains("[exit 0]"), "{seen}\n{checked}");
    seen.push_str(&checked);
    seen
}

#[test]
fn an_agent_with_its_actions() {
    let sample = include_str!("../../configs/highlevel/agent.json");
    assert_seen("import_config_agent", &carried_over(sample));
}

#[test]
fn what_cannot_be_carried_over_is_said() {
    let sample = include_str!("../../configs/highlevel/bare.json");
    assert_seen("import_config_bare", &carried_over(sample));
}

#[test]
fn every_envelope_gives_the_same_steps() {
    let action = r#"{"enabled":true,"scenarioId":"contactIsBusy",
        "followupSequence":[{"id":1,"followupTimeUnit":"hours","followupTime":2}]}"#;
    for envelope in [
        action.to_owned(),
        format!("\u{feff}[{action}]"),
        format!(r#"{{"data":{{"actions":[{{"type":"advancedFollowup","details":{action}}}]}}}}"#),
        format!(r#"{{"action":{{"id":"x","details":{action}}},"traceId":"t"}}"#),
        format!(r#"{{"agents":[{{"name":"A","mode":"off","advancedFollowups":[{action}]}}]}}"#),
    ] {
        let seen = carried_over(&envelope);
        assert!(seen.contains("[scenarios.busy]"), "{seen}");
        assert!(seen.contains(r#"{ after = "2h" },"#), "{seen}");
    }
}

/// A text that `check` would refuse would keep the whole file from being used.
#[test]
fn a_text_that_could_not_go_out_is_said_and_left_out() {
    for (text, why) in [
        ("Hi ${X}", "{X} is not filled in"),
        ("{% if %}", "{% if %} is not filled in"),
        ("{{contact.name}}", "the text can come out empty"),
    ] {
        let action = serde_json::json!({
            "scenarioId": "contactIsBusy",
            "followupSequence": [{ "followupTimeUnit": "hours", "followupTime": 2,
                "aiEnabledMessage": false, "customMessage": text }],
        });
        let seen = carried_over(&action.to_string());
        assert!(
            seen.contains(&format!("its text cannot go out as it is ({why}")),
            "{seen}"
        );
    }
}

#[test]
fn nothing_is_overwritten_and_nothing_is_guessed() {
    let desk = Desk::empty();
    desk.write("followup.toml", "# mine");
    desk.write(
        "agent.json",
        include_str!("../../configs/highlevel/agent.json"),
    );
    desk.write("none.json", r#"{"actions":[{"type":"stopBot"}]}"#);
    desk.write("broken.json", "{\"actions\":");
    desk.write("deep.json", &"[".repeat(100_000));
    let mut seen = String::new();
    for arguments in [
        &["import-config", "highlevel", "agent.json"][..],
        &["import-config", "highlevel", "none.json", "-o", "new.toml"],
        &[
            "import-config",
            "highlevel",
            "broken.json",
            "-o",
            "new.toml",
        ],
        &["import-config", "highlevel", "deep.json", "-o", "new.toml"],
        &[
            "import-config",
            "highlevel",
            "absent.json",
            "-o",
            "new.toml",
        ],
    ] {
        seen.push_str(&desk.run(arguments));
    }
    assert_eq!(
        std::fs::read_to_string(desk.path("followup.toml")).unwrap(),
        "# mine"
    );
    assert!(!desk.path("new.toml").exists());
    let printed = ["-q", "import-config", "highlevel", "agent.json", "-o", "-"];
    let printed = desk.command(80, &printed).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(
        printed.contains("[scenarios.stopped_responding]"),
        "{printed}"
    );
    assert_seen("import_config_refused", &seen);
}
