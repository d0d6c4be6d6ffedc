use std::collections::BTreeMap;

use super::file::{Table, Value};
use super::findings::Findings;
use super::load::TemplateUse;
use super::{Template, Workflow, suggest, words};
use crate::decide::{Cadence, StepRule};
use crate::model::{Channel, Scenario};

/// What a step says, and what follows it. When and where is in [`crate::decide::StepRule`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Where its text comes from.
    pub text: StepText,
    /// Where the text comes from when the AI gives none (rule X5); by default it is the built-in one.
    pub fallback: StepText,
    /// The workflow to run once it is sent (rule X8): a key of [`super::Config::workflows`].
    pub workflow: Option<String>,
}

/// Where a step's text comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StepText {
    /// Written by the AI, or built in when none is configured.
    #[default]
    Default,
    /// The source of a template of its own.
    Custom(String),
    /// A key of [`super::Config::templates`].
    Template(String),
}

/// What steps may name.
pub(super) struct Known<'a> {
    pub(super) templates: &'a BTreeMap<String, Template>,
    pub(super) workflows: &'a BTreeMap<String, Workflow>,
    pub(super) senders: &'a [Channel],
    /// Whether a person must let every text through, and every text by a model (rule X9).
    pub(super) approve: bool,
    pub(super) approve_ai: bool,
}

/// `[scenarios]`. One that is not in the file is off.
#[derive(Default)]
pub(super) struct Scenarios {
    pub(super) asked_for_time: ScenarioConfig,
    pub(super) busy: ScenarioConfig,
    pub(super) stopped_responding: ScenarioConfig,
}

/// `[scenarios.NAME]`, in two parts of equal length.
#[derive(Default)]
pub(super) struct ScenarioConfig {
    pub(super) cadence: Cadence,
    pub(super) steps: Vec<Step>,
}

impl Scenarios {
    pub(super) fn any_enabled(&self) -> bool {
        [&self.asked_for_time, &self.busy, &self.stopped_responding]
            .iter()
            .any(|s| s.cadence.enabled && !s.steps.is_empty())
    }
}

pub(super) fn read(mut table: Table<'_>, known: &Known<'_>, findings: &mut Findings) -> Scenarios {
    let mut one = |scenario: Scenario| {
        let inner = table.table(scenario.as_str(), findings);
        read_one(inner, scenario, known, findings)
    };
    let scenarios = Scenarios {
        asked_for_time: one(Scenario::AskedForTime),
        busy: one(Scenario::Busy),
        stopped_responding: one(Scenario::StoppedResponding),
    };
    if !scenarios.any_enabled() {
        findings.warn(
            &table.spot,
            "no scenario is on and has steps: nothing is ever sent; write, for example: \
             [scenarios.stopped_responding] steps = [{ after = \"1d\" }]",
        );
    }
    table.done(findings);
    scenarios
}

const STEPS: &str = "steps = [{ after = \"15m\" }, { after = \"1d\", text = \"…\" }]";

fn read_one(
    mut table: Table<'_>,
    scenario: Scenario,
    known: &Known<'_>,
    findings: &mut Findings,
) -> ScenarioConfig {
    let is_present = table.is_present();
    let enabled = table.flag("enabled", findings).unwrap_or(is_present);
    let hours_apply = match scenario {
        Scenario::AskedForTime => table.flag("hours_apply", findings).unwrap_or(true),
        Scenario::Busy | Scenario::StoppedResponding => {
            if let Some(value) = table.take("hours_apply") {
                findings.fault(
                    &value.key_spot(),
                    "only asked_for_time has this; every other step keeps to [hours]",
                );
            }
            true
        }
    };
    let approve = table.flag("approve", findings);
    let items = match table.take("steps") {
        Some(value) => value.items("a list of tables", STEPS, findings),
        None => Vec::new(),
    };
    if enabled && items.is_empty() {
        findings.warn(
            &table.spot,
            format!("no steps: it sends nothing; write, for example: {STEPS}"),
        );
    }
    if let Some(sixth) = items.get(5) {
        findings.warn(
            &sixth.spot,
            "more than 5 messages without an answer read as spam; fewer steps, further apart, do better",
        );
    }
    let mut config = ScenarioConfig {
        cadence: Cadence {
            enabled,
            hours_apply,
            steps: Vec::new(),
        },
        steps: Vec::new(),
    };
    for (index, item) in items.into_iter().enumerate() {
        // The first step of asked_for_time goes out at the time that the contact named.
        let soon_is_fine = scenario == Scenario::AskedForTime && index == 0;
        let step = step(item, soon_is_fine, approve, known, findings);
        if let Some((rule, step)) = step {
            config.cadence.steps.push(rule);
            config.steps.push(step);
        }
    }
    table.done(findings);
    config
}

fn step(
    item: Value<'_>,
    soon_is_fine: bool,
    scenario_approves: Option<bool>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<(StepRule, Step)> {
    let mut table = item.inline_table("{ after = \"15m\" }", findings)?;
    let after = table.required("after", "after = \"15m\"", findings);
    let delay = after
        .as_ref()
        .and_then(|text| text.parse(findings, words::delay));
    if let (Some(text), Some(delay)) = (&after, delay)
        && delay.nominal() < chrono::TimeDelta::minutes(5)
        && !soon_is_fine
    {
        findings.warn(
            &text.spot,
            "under 5 minutes reads as spam; write \"5m\" or more",
        );
    }
    let channel = table.text("channel", "channel = \"sms\"", findings);
    let named = channel
        .as_ref()
        .and_then(|text| text.parse(findings, words::channel));
    if let (Some(text), Some(channel)) = (&channel, named)
        && !known.senders.contains(&channel)
    {
        findings.warn(
            &text.spot,
            format!("{channel} has no sender: this step will be held; add [channels.{channel}.…]"),
        );
    }
    let (text, whatsapp_template) = step_text(&mut table, known, findings);
    let fallback = table.take("fallback").map(|value| {
        if text != StepText::Default {
            findings.warn(
                &value.spot,
                "this is never sent: the step has a text of its own, which always comes out",
            );
        }
        fallback(value, known, findings)
    });
    let approve = table.flag("approve", findings).or(scenario_approves);
    let by_ai = known.approve_ai && text == StepText::Default;
    let approve = approve.unwrap_or(known.approve || by_ai);
    let workflow = table.text("workflow", "workflow = \"cold_lead\"", findings);
    if let Some(workflow) = &workflow {
        let names = known.workflows.keys();
        workflow.parse(findings, |name| existing("workflow", name, names));
    }
    table.done(findings);
    let step = Step {
        text,
        fallback: fallback.unwrap_or_default(),
        workflow: workflow.map(|w| w.value.to_owned()),
    };
    let rule = StepRule {
        after: delay?,
        channel: named,
        whatsapp_template,
        approve,
    };
    Some((rule, step))
}

/// `fallback = "Hola"`, or `fallback = { template = "reminder" }`.
fn fallback(value: Value<'_>, known: &Known<'_>, findings: &mut Findings) -> StepText {
    const EXAMPLE: &str = "fallback = \"Hola, ¿seguimos?\"";
    if !value.is_table() {
        let Some(text) = value.text(EXAMPLE, findings) else {
            return StepText::Default;
        };
        findings.template(&text, TemplateUse::Text);
        return StepText::Custom(text.value.to_owned());
    }
    let example = "fallback = { template = \"reminder\" }";
    let Some(mut table) = value.inline_table(example, findings) else {
        return StepText::Default;
    };
    let template = table.required("template", example, findings);
    table.done(findings);
    template.map_or(StepText::Default, |template| {
        let names = known.templates.keys();
        template.parse(findings, |name| existing("template", name, names));
        StepText::Template(template.value.to_owned())
    })
}

fn step_text(
    table: &mut Table<'_>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> (StepText, bool) {
    let text = table.text(
        "text",
        "text = \"¿Sigues ahí, {{ contact.first_name }}?\"",
        findings,
    );
    let template = table.text("template", "template = \"reminder\"", findings);
    if let Some(text) = &text {
        findings.template(text, TemplateUse::Text);
        if text.value.trim().is_empty() {
            findings.fault(&text.spot, "empty; leave `text` out for the built-in text");
        }
    }
    match (text, template) {
        (Some(_), Some(template)) => {
            findings.fault(
                &template.spot,
                "a step has a text or a template, not both; leave one out",
            );
            (StepText::Default, false)
        }
        (Some(text), None) => (StepText::Custom(text.value.to_owned()), false),
        (None, Some(template)) => {
            let names = known.templates.keys();
            template.parse(findings, |name| existing("template", name, names));
            let approved = known.templates.get(template.value);
            let approved = approved.is_some_and(|t| t.whatsapp.is_some());
            (StepText::Template(template.value.to_owned()), approved)
        }
        (None, None) => (StepText::Default, false),
    }
}

fn existing<'a>(
    what: &str,
    name: &str,
    mut names: impl Iterator<Item = &'a String> + Clone,
) -> Result<(), String> {
    if names.clone().any(|n| n == name) {
        return Ok(());
    }
    let near = suggest::nearest(name, names.clone().map(String::as_str));
    Err(match (near, names.next()) {
        (Some(near), _) => format!("no such {what}; did you mean {near:?}?"),
        (None, None) => format!("there are no {what}s; write one: [{what}s.{name}]"),
        (None, Some(_)) => format!("no such {what}; write one: [{what}s.{name}]"),
    })
}
