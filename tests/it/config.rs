//! Sample configurations: each file of `tests/configs/invalid` has the fault that it is named after, and its
//! whole report is a snapshot; those of `tests/configs/valid` load, with their warnings as snapshots.

use std::path::{Path, PathBuf};

use followup::commands::{check, init};
use followup::config::{self, Environment, StepText};
use followup::error::{self, Outcome};
use followup::model::{Delay, Scenario};

fn samples(kind: &str) -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/configs")
        .join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(files.len() > 2, "{files:?}");
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(file).unwrap())
        })
        .collect()
}

fn snapshot(kind: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(format!("../configs/{kind}/snapshots"));
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_fault_is_reported_at_once_with_its_place_and_a_way_out() {
    for (name, text) in samples("invalid") {
        let faults = config::parse(Path::new("followup.toml"), &text).expect_err(&name);
        let report = faults.to_string();
        assert!(
            !report.contains("hunter2"),
            "S1: {name} shows a secret:\n{report}"
        );
        let widest = report.lines().map(|l| l.chars().count()).max().unwrap();
        assert!(widest <= 110, "{name}: {widest} columns:\n{report}");
        snapshot("invalid", &name, &report);
    }
}

#[test]
fn valid_configurations_load() {
    for (name, text) in samples("valid") {
        let (_, warnings) = config::parse(Path::new("followup.toml"), &text)
            .unwrap_or_else(|faults| panic!("{name}: {faults}"));
        let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        snapshot("valid", &name, &warnings.join("\n"));
    }
}

/// A directory with a configuration in it.
fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("followup.toml");
    std::fs::write(&file, text).unwrap();
    (directory, file)
}

/// What `followup check` says of a file: its warnings and its verdict.
fn checked(file: &Path) -> anyhow::Result<(String, String)> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    check::run(file, &Environment::default(), &mut out, &mut err)?;
    Ok((String::from_utf8(err)?, String::from_utf8(out)?))
}

#[test]
fn the_example_is_complete_and_without_a_doubt() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("followup.toml");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("followup.toml");
    std::fs::copy(example, &file).unwrap();
    let (warnings, _) = checked(&file).unwrap();
    let exports = folder.path().join("exports");
    let expected = format!("there is no folder {}", exports.display());
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&warnings).contains(&expected), "{warnings}");
    std::fs::create_dir(&exports).unwrap();
    std::fs::write(exports.join("messages.csv"), "").unwrap();
    let (warnings, verdict) = checked(&file).unwrap();
    assert_eq!(warnings, "");
    assert!(verdict.contains("is valid: 3 scenarios"), "{verdict}");
    let (config, _) = config::load(&file).unwrap();
    assert_eq!(config.bot.name, "Clínica Sol");
    assert_eq!(config.channels.len(), 3);
}

#[test]
fn what_is_not_said_has_the_documented_defaults() {
    let text = "[bot]\ntimezone = \"Europe/Madrid\"\n[channels.sms.outbox]\n";
    let (config, _) = config::parse(Path::new("dir/followup.toml"), text).unwrap();
    let policy = &config.policy;
    assert_eq!(config.store, Path::new("dir/followup.db"));
    assert_eq!(
        (config.bot.active, config.bot.language_tag.as_str()),
        (true, "en")
    );
    assert_eq!(policy.hours, None);
    assert!(Scenario::ALL.iter().all(|s| !policy.cadence(*s).enabled));
    assert_eq!(policy.human_hold, Delay::seconds(24 * 3600));
    assert_eq!(policy.max_late, Some(Delay::seconds(24 * 3600)));
    assert_eq!(policy.fresh_for, Some(Delay::seconds(3600)));
    let cap = policy.per_contact.unwrap();
    assert_eq!((cap.count, cap.window), (3, Delay::seconds(24 * 3600)));
    assert_eq!(
        (config.limits.per_run, config.limits.concurrency),
        (Some(500), 8)
    );
    // D16: the two rules of the original, because sms has a sender.
    assert_eq!(policy.switching.len(), 2);
    assert_eq!(policy.switching[0].after, Delay::seconds(0));
    assert_eq!(policy.switching[1].after, Delay::seconds(24 * 3600));

    let without_sms = text.replace("sms", "email");
    let (config, _) = config::parse(Path::new("followup.toml"), &without_sms).unwrap();
    assert_eq!(config.policy.switching, []);
    assert_eq!(config.store, Path::new("followup.db"));
}

#[test]
fn a_text_of_more_than_two_sms_is_doubted_where_there_is_sms() {
    let text = |channel: &str, letters: usize| {
        let long = "á".repeat(letters); // not in GSM 7-bit: 67 in each part
        format!(
            "[bot]\nname = \"Sol\"\ntimezone = \"Europe/Madrid\"\n[hours]\nopen = [\"Mo-Fr 09:00-18:00\"]\n\
             [scenarios.busy]\nsteps = [{{ after = \"2h\", text = \"{long}\" }}]\n[channels.{channel}.outbox]\n"
        )
    };
    for (channel, letters, doubted) in [
        ("sms", 134, false),
        ("sms", 135, true),
        ("email", 135, false),
    ] {
        let (_directory, file) = written(&text(channel, letters));
        let (warnings, _) = checked(&file).unwrap();
        let said = warnings.contains("by SMS it takes 3 messages");
        assert_eq!(said, doubted, "{channel} {letters}: {warnings}");
    }
}

#[test]
fn a_channel_without_a_rate_has_its_providers() {
    let rates = |text| {
        let (config, _) = config::parse(Path::new("followup.toml"), text).unwrap();
        let rates = config.rates().into_iter();
        let rates: Vec<_> = rates
            .map(|(channel, rate)| format!("{channel} {}/{:?}", rate.count, rate.per))
            .collect();
        let pairs = config.contact_rates().into_iter();
        let pairs: Vec<_> = pairs
            .map(|(c, r)| format!("{c} {}/{:?}", r.count, r.per))
            .collect();
        (rates.join(", "), pairs.join(", "))
    };
    let (platforms, pairs) = rates(include_str!("../configs/valid/platforms.toml"));
    assert_eq!(
        platforms,
        "live_chat 160/10s, sms 100/10s, whatsapp 20/1s, facebook 80/1s, telegram 30/1s"
    );
    assert_eq!(pairs, "whatsapp 1/2s, telegram 1/1s");
    // One location, two channels: what the provider allows is halved.
    let (shared, _) = rates(include_str!("../configs/valid/highlevel_everywhere.toml"));
    assert_eq!(shared, "whatsapp 100/20s, instagram 80/1s, email 100/20s");
}

#[test]
fn values_arrive_where_they_belong() {
    let text = include_str!("../configs/valid/every_provider.toml");
    let (config, _) = config::parse(Path::new("/etc/followup/followup.toml"), text).unwrap();
    assert!(config.policy.hours.as_ref().unwrap().ever_opens());
    let step = config.step(Scenario::Busy, 1).unwrap();
    assert_eq!(step.text, StepText::Template("nudge".to_owned()));
    assert_eq!(step.workflow.as_deref(), Some("told"));
    assert_eq!(config.step(Scenario::Busy, 2), None);
    assert_eq!(config.step(Scenario::Busy, 0), None);
    assert!(config.policy.busy.steps[0].whatsapp_template, "D17");
    let rates: Vec<_> = config
        .channels
        .iter()
        .map(|(channel, c)| {
            let rate = c.rate.unwrap();
            (
                channel.as_str(),
                c.provider.name(),
                rate.count,
                rate.per.as_secs(),
            )
        })
        .collect();
    assert_eq!(
        rates,
        [
            ("live_chat", "outbox", 100, 10),
            ("sms", "twilio", 1, 1),
            ("whatsapp", "twilio", 80, 1),
            ("email", "webhook", 30, 60),
        ]
    );
    let paths: Vec<_> = config
        .sources
        .iter()
        .map(|s| s.path.to_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "/etc/followup/exports/*.csv",
            "/etc/followup/chats/*.zip",
            "/var/lib/messages/today",
        ]
    );
    assert_eq!(config.policy.fresh_for("crm"), None, "D15: its own \"off\"");
    assert!(config.policy.fresh_for("phone").is_some());
}

#[test]
fn check_renders_templates_and_reads_secrets() {
    let (_directory, file) = written(
        r#"[bot]
timezone = "Europe/Madrid"

[hours]
open = ["Mo-Fr 09:00-18:00"]

[scenarios.busy]
steps = [
  { after = "1h", text = "Hi {{ contact.nmae }}" },
  { after = "1d", text = "Hi {{ contact.name }" },
  { after = "1d", text = "Hi {{ contact.first_name | default('there') }}" },
  { after = "1d", template = "bye" },
]

[templates.bye]
en = "{% if contact.name %}Bye"
whatsapp = { name = "bye", language = "en", variables = ["{{ contact.password }}"] }

[channels.sms.twilio]
account_sid = "AC00000000000000000000000000000000"
auth_token = { env = "TWILIO_AUTH_TOKEN" }
from = "+34600000000"

[channels.email.webhook]
url = "https://example.com/send"
secret = { env = "hunter2" }

[channels.telegram.webhook]
url = "https://example.com/send"
secret = { command = ["false"] }

[templates.long]
en = """
Hi {{ contact.first_name }},

  {{ contact.nickname }} {{ bot.name }}
"""
"#,
    );
    config::load(&file).expect("loading compiles no template and reads no secret");
    let report = checked(&file).unwrap_err().to_string();
    assert!(!report.contains("hunter2"), "S1: {report}");
    let report = report.replace(file.to_str().unwrap(), "followup.toml");
    insta::assert_snapshot!(report);
}

#[test]
fn check_warns_of_what_cannot_work_for_everyone() {
    let (_directory, file) = written(
        r#"[bot]
timezone = "Europe/Madrid"

[hours]
open = ["Mo-Fr 09:00-18:00"]

[scenarios.busy]
steps = [{ after = "1h", template = "hello", workflow = "note" }]

[templates.hello]
en = "Hello {{ contact.first_name }}"
whatsapp = { name = "hello", language = "en", variables = ["{{ contact.first_name }}"] }

[workflows.note]
command = ["./note.sh", "--quiet"]

[channels.sms.outbox]
"#,
    );
    let (warnings, verdict) = checked(&file).unwrap();
    let directory = file.parent().unwrap().to_str().unwrap();
    insta::assert_snapshot!(format!("{verdict}{warnings}").replace(directory, "DIR"));
}

#[test]
fn s1_loading_runs_no_secret_command() {
    let (directory, file) = written(
        r#"[bot]
timezone = "Europe/Madrid"
[channels.sms.webhook]
url = "https://example.com/send"
secret = { command = ["sh", "-c", "touch ran; echo whsec_c2lnbmluZyBzZWNyZXQgb2YgYSB0ZXN0"] }
"#,
    );
    let ran = directory.path().join("ran");
    config::load(&file).unwrap();
    assert!(!ran.exists());
    checked(&file).unwrap();
    assert!(ran.exists());
}

#[test]
fn a_file_that_cannot_be_read_is_a_configuration_error() {
    let (directory, file) = written("");
    let missing = config::load(&directory.path().join("other.toml")).unwrap_err();
    assert!(
        missing.to_string().contains("failed to read it"),
        "{missing}"
    );
    std::fs::write(&file, b"[bot]\nname = \"Cl\xednica\"\n").unwrap();
    let latin = config::load(&file).unwrap_err();
    assert!(latin.to_string().contains("line 2 is not UTF-8"), "{latin}");
    assert_eq!(error::outcome_of(&latin.into()).code(), 78);
    // A byte order mark is no fault, and does not move columns.
    std::fs::write(&file, "\u{feff}[bot]\r\ntimezone = \"Europe/Madrid\"\r\n").unwrap();
    config::load(&file).unwrap();
}

#[test]
fn the_fingerprint_changes_with_what_decides() {
    let print = |text: &str| {
        let (config, _) = config::parse(Path::new("followup.toml"), text).unwrap();
        config::fingerprint(&config)
    };
    let text = "[bot]\ntimezone = \"Europe/Madrid\"\n";
    assert_eq!(
        print(text),
        print(&format!("# a comment\n{text}name = \"Other\"\n"))
    );
    for change in [
        "[stop]\nhuman_hold = \"1h\"",
        "[stop]\nopt_out_words = [\"basta\"]",
        "[hours]\nopen = [\"09:00-18:00\"]",
        "[channels.sms.outbox]",
    ] {
        assert_ne!(print(text), print(&format!("{text}{change}\n")), "{change}");
    }
    assert_ne!(print(text), print(&text.replace("Madrid", "Lisbon")));
}

#[test]
fn init_writes_a_configuration_that_check_accepts_and_never_overwrites() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("new");
    let environment: Environment = [("TZ", ":America/Bogota"), ("LANG", "es_CO.UTF-8")]
        .into_iter()
        .collect();
    let mut out = Vec::new();
    let outcome = init::run(&target, &environment, &mut out).unwrap();
    assert_eq!(outcome, Outcome::Done);
    let file = target.join("followup.toml");
    let shown = String::from_utf8(out).unwrap();
    assert!(shown.contains("followup check"), "{shown}");

    let (mut out, mut err) = (Vec::new(), Vec::new());
    check::run(&file, &environment, &mut out, &mut err).unwrap();
    assert_eq!(String::from_utf8(err).unwrap(), "");
    let verdict = String::from_utf8(out).unwrap();
    assert!(
        verdict.ends_with(
            "is valid: 3 scenarios, 0 templates, 0 workflows, 7 channels, 0 sources, 0 warnings\n"
        ),
        "{verdict}"
    );
    let (config, _) = config::load(&file).unwrap();
    assert_eq!(config.bot.zone.name(), "America/Bogota");
    assert_eq!(config.bot.language_tag, "es");

    std::fs::write(&file, "mine").unwrap();
    let refused = init::run(&target, &environment, &mut Vec::new()).unwrap_err();
    assert_eq!(error::outcome_of(&refused), Outcome::Usage);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

/// Everything that is commented out in the starter is valid once it is not.
#[test]
fn what_the_starter_comments_out_is_valid() {
    let directory = tempfile::tempdir().unwrap();
    init::run(directory.path(), &Environment::default(), &mut Vec::new()).unwrap();
    let text = std::fs::read_to_string(directory.path().join("followup.toml")).unwrap();
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        let inner = line.trim_start().strip_prefix("# ").unwrap_or(line);
        let is_code = inner.starts_with(['[', '{', '}', ']'])
            || inner.trim_start().starts_with('{')
            || inner
                .split_once(" = ")
                .is_some_and(|(k, _)| !k.contains(' '));
        if is_code || !line.trim_start().starts_with('#') {
            lines.push(inner);
        }
    }
    let all = lines.join("\n").replace("\n[channels.sms.outbox]\n", "\n");
    let (config, _) = config::parse(Path::new("followup.toml"), &all)
        .unwrap_or_else(|faults| panic!("{faults}\n{all}"));
    assert_eq!(config.workflows.len(), 1);
    assert_eq!(config.policy.stopped_responding.steps.len(), 4);
    assert_eq!(config.sources.len(), 2);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 400, ..Default::default() })]

    /// Whatever is cut out of a file or put into it: a report, never a panic, and never the secret of a line
    /// that still has its key.
    #[test]
    fn s1_a_damaged_file_is_reported_without_its_secrets(
        cuts in proptest::collection::vec((0usize..6000, 0usize..40, "[\\[\\]{}=\"',#\n a-zñ你.0-9]{0,3}"), 1..4),
    ) {
        let mut text = "[channels.sms.twilio]\nauth_token = \"hunter2\"\n".to_owned();
        let kept = text.len();
        text.push_str(include_str!("../configs/valid/every_provider.toml"));
        for (at, length, insert) in cuts {
            let mut start = (kept + at).min(text.len());
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.replace_range(start..end.max(start), &insert);
        }
        let file = Path::new("followup.toml");
        let faults = config::parse(file, &text).expect_err("two tables of one name, and a plain secret");
        let report = faults.to_string();
        proptest::prop_assert!(!report.contains("hunter2"), "{}", report);
        proptest::prop_assert!(!faults.faults.is_empty());
    }
}
