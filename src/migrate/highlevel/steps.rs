//! Scenarios and their steps.

use serde_json::Value;

use super::Object;
use super::given::{Found, has_hours};
use crate::migrate::merge_fields;
use crate::migrate::page::{Page, one_line, quoted, shown};
use crate::model::{Delay, Scenario};

impl Found<'_> {
    /// Writes the scenario; says how many steps it has.
    pub(super) fn write(&self, scenario: Scenario, taken: Option<&Object>, page: &mut Page) -> u64 {
        page.from(&format!("[scenarios.{scenario}]"), self.id());
        page.from(
            &format!("enabled = {}", self.is_on()),
            &format!(
                "enabled = {}",
                self.object.get("enabled").unwrap_or(&Value::Null)
            ),
        );
        if scenario == Scenario::AskedForTime {
            let words = if self.has_hours() {
                "followUpHours: a time asked for outside them waits for the opening"
            } else {
                "followUpHours is off: the time asked for is kept, whatever the hour"
            };
            page.from(&format!("hours_apply = {}", self.has_hours()), words);
        } else if !self.has_hours() && taken.is_some_and(has_hours) {
            page.miss(format!(
                "{} is free of working hours there; here [hours] hold for every follow-up but a time asked for",
                self.id()
            ));
        }
        self.differing_settings(taken, page);
        self.unknown_keys(page);
        let mut lines: Vec<(String, String)> = Vec::new();
        let empty = Vec::new();
        let sequence = self.object["followupSequence"].as_array().unwrap_or(&empty);
        for (n, step) in sequence.iter().enumerate() {
            let place = format!("{} step {}", self.id(), n + 1);
            let is_asked = scenario == Scenario::AskedForTime && lines.is_empty();
            lines.extend(step_line(step, &place, is_asked, page));
        }
        if lines.is_empty() {
            page.from("steps = []", "no step that could be carried over");
            return 0;
        }
        page.line("steps = [");
        for (line, origin) in &lines {
            page.from(&format!("  {line},"), origin);
        }
        page.line("]");
        u64::try_from(lines.len()).unwrap_or(u64::MAX)
    }

    fn differing_settings(&self, taken: Option<&Object>, page: &mut Page) {
        let (Some(mine), Some(taken)) = (self.settings(), taken) else {
            return;
        };
        for key in ["workingHours", "timezoneToUse", "dynamicChannelSwitching"] {
            let differs = mine.get(key).is_some_and(|v| taken.get(key) != Some(v));
            if differs && (key == "dynamicChannelSwitching" || self.has_hours()) {
                page.miss(format!(
                    "{key} of {} differs from that of another scenario; here there is one for all of them",
                    self.id()
                ));
            }
        }
    }

    fn unknown_keys(&self, page: &mut Page) {
        const KNOWN: [&str; 4] = [
            "enabled",
            "scenarioId",
            "followupSequence",
            "followupSettings",
        ];
        const SETTINGS: [&str; 4] = [
            "dynamicChannelSwitching",
            "followUpHours",
            "workingHours",
            "timezoneToUse",
        ];
        unknown(self.object, &KNOWN, self.id(), page);
        if let Some(settings) = self.settings() {
            unknown(
                settings,
                &SETTINGS,
                &format!("{}.followupSettings", self.id()),
                page,
            );
        }
    }
}

/// A step and where it came from; `None` when it has no delay that could be kept.
fn step_line(
    step: &Value,
    place: &str,
    is_asked: bool,
    page: &mut Page,
) -> Option<(String, String)> {
    const KNOWN: [&str; 8] = [
        "id",
        "followupTimeUnit",
        "followupTime",
        "aiEnabledMessage",
        "triggerWorkflow",
        "customMessage",
        "workflowId",
        "contactRequested",
    ];
    let Some(step) = step.as_object() else {
        page.miss(format!("{place}: it is no object"));
        return None;
    };
    unknown(step, &KNOWN, place, page);
    let flag = |key: &str| step.get(key).and_then(Value::as_bool);
    let text = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or("").trim();
    let unit = text("followupTimeUnit");
    let time = step.get("followupTime").unwrap_or(&Value::Null);
    let (after, origin) = if is_asked || flag("contactRequested") == Some(true) {
        (
            "0m".to_owned(),
            "at the time that the contact asked for".to_owned(),
        )
    } else {
        let Some(after) = delay(time, unit) else {
            page.miss(format!(
                "{place}: its delay, {time} {}, is none; the step is left out, and the one after it counts from the step before",
                shown(unit)
            ));
            return None;
        };
        (after, format!("followupTime {} {unit}", plain(time)))
    };
    let mut line = format!("{{ after = {}", quoted(&after));
    let mut origin = vec![origin];
    let message = text("customMessage");
    if flag("aiEnabledMessage").unwrap_or(message.is_empty()) {
        origin.push("message by AI".to_owned());
    } else if message.is_empty() {
        page.miss(format!(
            "{place}: its message is empty; it goes out with a text by AI, or a built-in one"
        ));
    } else {
        let template = merge_fields::template(message)
            .map_err(|field| format!("has the field {}, which is not known here", shown(&field)))
            .and_then(|template| match (page.accepts)(&template) {
                Ok(()) => Ok(template),
                Err(why) => Err(format!("cannot go out as it is ({why})")),
            });
        match template {
            Ok(template) => {
                line.push_str(&format!(", text = {}", quoted(&template)));
                origin.push("customMessage".to_owned());
            }
            Err(why) => page.miss(format!(
                "{place}: its text {why}; a text by AI, or a built-in one, goes out instead of {}",
                shown(message)
            )),
        }
    }
    if flag("triggerWorkflow") == Some(true) {
        let id = text("workflowId");
        let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !id.is_empty() && id.len() <= 64 && id.bytes().all(is_part) {
            line.push_str(&format!(", workflow = {}", quoted(id)));
            origin.push("workflowId".to_owned());
            if !page.workflows.iter().any(|known| known == id) {
                page.workflows.push(id.to_owned());
            }
        } else {
            page.miss(format!(
                "{place}: it starts the workflow {}, which is no id",
                shown(id)
            ));
        }
    }
    line.push_str(" }");
    Some((line, origin.join(", ")))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), one_line)
}

/// A delay as it is written here. Days are calendar days there as here; a part of a day is hours.
pub(super) fn delay(time: &Value, unit: &str) -> Option<String> {
    let by_text = || time.as_str()?.trim().parse().ok();
    let time: f64 = time.as_f64().or_else(by_text)?;
    let (sign, seconds) = match unit.to_ascii_lowercase().trim_end_matches('s') {
        "minute" | "min" => ('m', 60.0),
        "hour" => ('h', 3600.0),
        "day" => ('d', 86_400.0),
        _ => return None,
    };
    if !(0.0..=1e6).contains(&time) {
        return None;
    }
    let written = if time.fract() == 0.0 {
        format!("{time}{sign}")
    } else {
        let minutes = (time * seconds / 60.0).round();
        format!("{minutes}m")
    };
    written.parse::<Delay>().is_ok().then_some(written)
}

/// Names the keys of an object that are not known.
fn unknown(object: &Object, known: &[&str], place: &str, page: &mut Page) {
    for key in object
        .keys()
        .filter(|k| !known.contains(&k.as_str()) && *k != "_id")
    {
        page.miss(format!(
            "{} of {place}: this program does not know it",
            shown(key)
        ));
    }
}
