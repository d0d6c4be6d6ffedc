//! Runs every case of `tests/cases`: a thread, a policy, a moment, and the decision that the rules give.

use std::collections::BTreeSet;
use std::path::Path;

use followup::decide::{Decision, because_json, decide};
use serde::Deserialize;

use crate::chat::{self, Clock, ContactText, Fault};
use crate::policy::PolicyText;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What the policy of each case begins with.
    #[serde(default)]
    policy: toml::Table,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Begins with the number of the rule that it proves.
    name: String,
    #[serde(default)]
    policy: toml::Table,
    #[serde(default)]
    contact: ContactText,
    thread: String,
    now: String,
    /// `ACTION REASON[: SCENARIO [STEP/STEPS]] [at TIME] [on CHANNEL] [as template]`, nothing left out.
    expect: String,
    /// The numbers of the rules that shaped the decision, in order.
    because: String,
    /// Parts of the list's JSON.
    #[serde(default)]
    facts: Vec<String>,
    /// When the contact is looked at again, or `never`.
    wake: Option<String>,
}

/// Rules that are decided here; the others belong to sending, importing and detecting.
const RULES: &[&str] = &[
    "d1", "d2", "d3", "d4", "d5", "d6", "d6b", "d7", "d8", "d9", "d10", "d11", "d12", "d13", "d14",
    "d15", "d16", "d17", "d18", "d19", "d20", "d21", "s2", "s4", "s8", "x1", "x4", "x6",
];

#[test]
fn every_case_is_decided_as_the_rules_say() {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    let mut proved = BTreeSet::new();
    for (path, file) in files() {
        for case in &file.case {
            let rule = case.name.split('_').next().unwrap_or_default();
            if !RULES.contains(&rule) {
                faults.push(format!("{}: names no rule", case.name));
            }
            proved.insert(rule.to_owned());
            if !names.insert(case.name.clone()) {
                faults.push(format!("{}: the name is used twice", case.name));
            }
            if let Err(fault) = check(&file, case) {
                faults.push(format!("{} ({path})\n{fault}", case.name));
            }
        }
    }
    let unproved: Vec<_> = RULES.iter().filter(|r| !proved.contains(**r)).collect();
    assert!(unproved.is_empty(), "no case for {unproved:?}");
    let (count, of) = (faults.len(), names.len());
    assert!(
        count == 0,
        "{count} of {of} cases:\n\n{}",
        faults.join("\n\n")
    );
}

fn files() -> Vec<(String, File)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let file = toml::from_str(&text)
                .map_err(|e| format!("{name}: {e}"))
                .unwrap();
            (name, file)
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

fn check(file: &File, case: &Case) -> Result<(), Fault> {
    let mut policy = file.policy.clone();
    policy.extend(case.policy.clone());
    let policy: PolicyText = policy.try_into().map_err(|e| format!("policy: {e}"))?;
    let (policy, zone) = policy.read()?;
    let thread = chat::thread(&case.thread, case.contact.clone(), &zone)?;
    let clock = Clock::new(&zone);
    let now = clock.whole(&case.now)?;

    let decision = decide(&policy, &thread, now);
    let expected = normal(&case.expect, &clock)?;
    let came = render(&decision, &clock);
    let json = facts(&decision);
    let rules: Vec<_> = decision.because.iter().map(|b| b.rule()).collect();
    let mut fault = String::new();
    if came != expected {
        fault += &format!("  expected: {expected}\n  came:     {came}\n");
    }
    if rules.join(" ") != case.because {
        fault += &format!(
            "  because expected: {}\n          came:     {}\n",
            case.because,
            rules.join(" ")
        );
    }
    for part in case.facts.iter().filter(|part| !json.contains(*part)) {
        fault += &format!("  not among the facts: {part}\n");
    }
    if let Some(wake) = &case.wake {
        let expected = (wake != "never").then(|| clock.whole(wake)).transpose()?;
        if expected != decision.wake_at {
            let came = decision
                .wake_at
                .map_or("never".to_owned(), |at| clock.show(at));
            fault += &format!("  wake expected: {wake}\n       came:     {came}\n");
        }
    }
    if fault.is_empty() {
        return Ok(());
    }
    Err(format!("{fault}  because:\n{json}"))
}

/// The expectation with its time in full.
fn normal(text: &str, clock: &Clock<'_>) -> Result<String, Fault> {
    let Some((before, rest)) = text.split_once(" at ") else {
        return Ok(text.to_owned());
    };
    let (at, after) = clock.clone().read(rest)?;
    let gap = if after.is_empty() { "" } else { " " };
    Ok(format!("{before} at {}{gap}{after}", clock.show(at)))
}

fn render(decision: &Decision, clock: &Clock<'_>) -> String {
    let mut text = format!("{} {}", decision.action, decision.reason);
    if let Some(scenario) = decision.scenario {
        text += &format!(": {scenario}");
    }
    if let (Some(step), Some(steps)) = (decision.step, decision.steps) {
        text += &format!(" {step}/{steps}");
    }
    if let Some(at) = decision.due_at {
        text += &format!(" at {}", clock.show(at));
    }
    if let Some(channel) = decision.channel {
        text += &format!(" on {channel}");
    }
    if decision.approved_template {
        text += " as template";
    }
    text
}

fn facts(decision: &Decision) -> String {
    let alone = decision.because.chunks(1);
    let alone = alone.map(|fact| because_json(fact).unwrap());
    alone
        .map(|json| format!("    {}\n", json.trim_matches(['[', ']'])))
        .collect()
}
