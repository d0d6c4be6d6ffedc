//! HighLevel's Auto Follow-Up: the actions of a Conversation AI agent, as its API gives them, in whatever
//! envelope.

use serde_json::{Map, Value};

use super::page::{Page, one_line, quoted, shown};
use super::{Local, MigrateError, Migrated, hours, merge_fields};
use crate::model::{Country, Delay, Language, Scenario};
use crate::zone::Zone;

type Object = Map<String, Value>;

/// The scenarios by their names there, in the order of the file that is written.
const SCENARIOS: [(Scenario, &str); 3] = [
    (Scenario::StoppedResponding, "contactStoppedReplying"),
    (Scenario::Busy, "contactIsBusy"),
    (Scenario::AskedForTime, "contactRequested"),
];

/// Turns a HighLevel follow-up configuration into a `followup.toml`. What is not in the file, the zone above all,
/// is that of `local`.
///
/// # Errors
/// When it is not JSON, or has no follow-up configuration.
pub fn highlevel(text: &str, local: Local<'_>) -> Result<Migrated, MigrateError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value =
        serde_json::from_str(text).map_err(|e| MigrateError::NotJson(e.to_string()))?;
    let mut given = Given::default();
    given.look_into(&value, "");
    if given.scenarios.is_empty() {
        return Err(MigrateError::Nothing);
    }
    let mut page = Page::default();
    page.line("# A followup.toml made from HighLevel's Auto Follow-Up by followup import-config.");
    page.line("# Behind each line stands what it came from. Look for NOT CARRIED OVER; then run: followup check");
    let chosen = given.choose(&mut page);
    page.line("");
    bot(&given, local, &mut page);
    page.line("");
    let settings = chosen.iter().flatten().find_map(|c| c.settings());
    opening_hours(&chosen, settings, &mut page);
    let mut steps = 0;
    for ((scenario, theirs), chosen) in SCENARIOS.iter().zip(&chosen) {
        page.line("");
        match chosen {
            Some(one) => steps += one.write(*scenario, settings, &mut page),
            None => page.comment(&format!(
                "{scenario}: the file has no {theirs}, so it is off."
            )),
        }
    }
    page.line("");
    switching(settings, &chosen, &mut page);
    page.line("");
    human_hold(&given, &mut page);
    others(&given, &mut page);
    workflows(&mut page);
    page.line(ENDING);
    Ok(Migrated {
        toml: page.toml,
        steps,
        missed: page.missed,
    })
}

/// Where messages come from and go to is no part of HighLevel's file.
const ENDING: &str = r#"
# "Message by AI" takes a model, in [ai]; without one, built-in texts in the contact's language go out.

# Messages are written to outbox.jsonl and nothing is sent until a channel gets a sender. By HighLevel itself:
#   [channels.sms.highlevel]
#   location_id = "…"
#   token = { env = "HIGHLEVEL_TOKEN" }
[channels.live_chat.outbox]
[channels.sms.outbox]
[channels.whatsapp.outbox]
[channels.facebook.outbox]
[channels.instagram.outbox]

# Where conversations come from:
# [[sources]]
# name = "inbox"
# path = "exports/*.csv""#;

/// What is found in the file, wherever it stands.
#[derive(Default)]
struct Given<'a> {
    scenarios: Vec<Found<'a>>,
    business: Option<(&'a str, &'static str)>,
    mode: Option<&'a str>,
    zone: Option<(&'a str, String)>,
    country: Option<&'a str>,
    language: Option<&'a str>,
    handovers: Vec<&'a Object>,
    stops: Vec<&'a Object>,
    bookings: Vec<&'a Object>,
    workflows: Vec<&'a Object>,
}

/// An `advancedFollowup` action.
#[derive(Clone)]
struct Found<'a> {
    object: &'a Object,
    path: String,
}

impl<'a> Given<'a> {
    fn look_into(&mut self, value: &'a Value, path: &str) {
        match value {
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.look_into(item, &format!("{path}[{n}]"));
                }
            }
            Value::Object(object) => {
                self.notice(object, path);
                for (key, inner) in object {
                    let path = if path.is_empty() {
                        key.clone()
                    } else {
                        format!("{path}.{key}")
                    };
                    self.look_into(inner, &path);
                }
            }
            _ => {}
        }
    }

    fn notice(&mut self, object: &'a Object, path: &str) {
        let has = |key: &str| object.contains_key(key);
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::trim);
        if has("scenarioId") && has("followupSequence") {
            let path = path.to_owned();
            self.scenarios.push(Found { object, path });
        } else if has("stopBotDetectionType") {
            self.stops.push(object);
        } else if has("handoverType") {
            self.handovers.push(object);
        } else if has("calendarId") && has("onlySendLink") {
            self.bookings.push(object);
        } else if has("workflowIds") && has("triggerCondition") {
            self.workflows.push(object);
        }
        let is_agent = has("mode") || has("personality") || has("autoPilotMaxMessages");
        let business = text("businessName")
            .map(|name| (name, "businessName"))
            .or_else(|| Some((text("name").filter(|_| is_agent)?, "the agent's name")));
        self.business = self
            .business
            .or(business.filter(|(name, _)| !name.is_empty()));
        self.mode = self.mode.or(text("mode").filter(|_| is_agent));
        if self.zone.is_none() {
            let zone = text("timezone").or(text("timeZone"));
            self.zone = zone.map(|z| {
                (
                    z,
                    format!("{path}.timezone")
                        .trim_start_matches('.')
                        .to_owned(),
                )
            });
        }
        self.country = self
            .country
            .or(text("country").filter(|c| c.parse::<Country>().is_ok()));
        self.language = self
            .language
            .or(text("language").or(text("preferredLanguage")));
    }

    /// For each scenario the first that is on, else the first.
    fn choose(&self, page: &mut Page) -> [Option<Found<'a>>; 3] {
        let mut chosen: [Option<Found<'a>>; 3] = Default::default();
        for (place, (_, theirs)) in chosen.iter_mut().zip(SCENARIOS) {
            let mut all: Vec<_> = self.scenarios.iter().filter(|f| f.id() == theirs).collect();
            all.sort_by_key(|f| !f.is_on());
            let mut all = all.into_iter();
            *place = all.next().cloned();
            for other in all {
                let first = place.as_ref().map_or("", |f| f.path.as_str());
                page.miss(format!(
                    "{theirs} stands twice; the one at {first} is taken, and not the one at {}",
                    other.path
                ));
            }
        }
        let is_known = |id: &str| SCENARIOS.iter().any(|(_, theirs)| *theirs == id);
        for found in self.scenarios.iter().filter(|f| !is_known(f.id())) {
            page.miss(format!(
                "the scenario {} at {}: there is none like it here",
                shown(found.id()),
                found.path
            ));
        }
        chosen
    }
}

impl<'a> Found<'a> {
    fn id(&self) -> &'a str {
        self.object["scenarioId"].as_str().unwrap_or("")
    }

    fn is_on(&self) -> bool {
        self.object
            .get("enabled")
            .and_then(Value::as_bool)
            .unwrap_or(true)
    }

    fn settings(&self) -> Option<&'a Object> {
        self.object
            .get("followupSettings")
            .and_then(Value::as_object)
    }

    /// Whether this scenario keeps to the working hours.
    fn has_hours(&self) -> bool {
        let hours = self.settings().and_then(|s| s.get("followUpHours"));
        hours.and_then(Value::as_bool).unwrap_or(false)
    }

    /// Writes the scenario; says how many steps it has.
    fn write(&self, scenario: Scenario, taken: Option<&Object>, page: &mut Page) -> u64 {
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

fn has_hours(settings: &Object) -> bool {
    settings.get("followUpHours").and_then(Value::as_bool) == Some(true)
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
        match merge_fields::template(message) {
            Ok(template) => {
                line.push_str(&format!(", text = {}", quoted(&template)));
                origin.push("customMessage".to_owned());
            }
            Err(field) => page.miss(format!(
                "{place}: its text has the field {}, which is not known here; a text by AI, or a built-in one, \
                 goes out instead of {}",
                shown(&field),
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
fn delay(time: &Value, unit: &str) -> Option<String> {
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

fn bot(given: &Given<'_>, local: Local<'_>, page: &mut Page) {
    page.line("[bot]");
    match given.business {
        Some((name, origin)) => page.from(&format!("name = {}", quoted(name)), origin),
        None => page.from(
            "name = \"\"",
            "the file does not tell; templates see it as bot.name",
        ),
    }
    match given.mode {
        Some(mode @ ("off" | "suggestive")) => {
            page.from(
                "active = false",
                &format!("mode {mode}: nothing was sent by itself"),
            );
        }
        Some(mode) => page.from("active = true", &format!("mode {mode}")),
        None => page.from("active = true", "the file does not tell"),
    }
    let zone = given
        .zone
        .as_ref()
        .filter(|(name, _)| Zone::named(name).is_some());
    match zone {
        Some((name, path)) => page.from(&format!("timezone = {}", quoted(name)), path),
        None => page.from(
            &format!("timezone = {}", quoted(local.timezone)),
            "this machine's; the file does not tell the business's: check it",
        ),
    }
    if let Some(country) = given.country {
        page.from(&format!("country = {}", quoted(country)), "country");
    }
    let tag = given
        .language
        .filter(|tag| Language::from_tag(tag).is_some());
    match tag {
        Some(tag) => page.from(&format!("language = {}", quoted(tag)), "language"),
        None => page.from(
            &format!("language = {}", quoted(local.language)),
            "of contacts whose own is not known",
        ),
    }
}

fn opening_hours(chosen: &[Option<Found<'_>>; 3], settings: Option<&Object>, page: &mut Page) {
    let with_hours = chosen.iter().flatten().find(|c| c.has_hours());
    let Some(found) = with_hours else {
        page.comment("followUpHours is off: follow-ups go out at any time. To keep to hours:");
        page.line("# [hours]");
        page.line("# open = [\"Mo-Fr 09:00-19:00\"]");
        return;
    };
    let own = found.settings().or(settings);
    let given = own
        .and_then(|s| s.get("workingHours"))
        .unwrap_or(&Value::Null);
    let open = hours::read(given);
    for missed in open.missed {
        page.miss(missed);
    }
    if open.lines.is_empty() {
        page.miss(
            "followUpHours is on, but no working hours are in the file; write [hours] by hand"
                .to_owned(),
        );
        return;
    }
    page.line("[hours]");
    let lines: Vec<String> = open.lines.iter().map(|l| quoted(l)).collect();
    page.from(&format!("open = [{}]", lines.join(", ")), "workingHours");
    let zone = own
        .and_then(|s| s.get("timezoneToUse"))
        .and_then(Value::as_str);
    match zone {
        Some("business") => page.from("timezone = \"bot\"", "timezoneToUse business"),
        Some("contact") => page.from("timezone = \"contact\"", "timezoneToUse contact"),
        _ => page.from("timezone = \"contact\"", "timezoneToUse is not in the file"),
    }
}

fn switching(settings: Option<&Object>, chosen: &[Option<Found<'_>>; 3], page: &mut Page) {
    let flag = |s: &Object| s.get("dynamicChannelSwitching").and_then(Value::as_bool);
    let of_any = || chosen.iter().flatten().find_map(|c| flag(c.settings()?));
    let given = settings.and_then(flag).or_else(of_any);
    page.line("[switching]");
    let words = match given {
        Some(_) => "dynamicChannelSwitching",
        None => "dynamicChannelSwitching is not in the file: on by default",
    };
    page.from(&format!("enabled = {}", given.unwrap_or(true)), words);
    page.comment("Its rules are HighLevel's: live chat to SMS at once; Facebook, Instagram and WhatsApp after 24 h.");
}

/// What a handover to staff says of how long the bot keeps still.
fn human_hold(given: &Given<'_>, page: &mut Page) {
    let wait = |object: &&Object| {
        let on = |key: &str| object.get(key).and_then(Value::as_bool);
        let unit = object.get("sleepTimeUnit")?.as_str()?;
        let after = delay(object.get("sleepTime")?, unit)?;
        (on("reactivateEnabled") == Some(true) && on("enabled") != Some(false)).then_some(after)
    };
    page.line("[stop]");
    match given.handovers.iter().find_map(wait) {
        Some(after) => page.from(
            &format!("human_hold = {}", quoted(&after)),
            "the handover's sleepTime: nothing this long after a member of staff wrote",
        ),
        None => page.from(
            "human_hold = \"24h\"",
            "nothing this long after a member of staff wrote",
        ),
    }
}

/// The workflows that steps start: HighLevel's own, by their ids there.
fn workflows(page: &mut Page) {
    for id in std::mem::take(&mut page.workflows) {
        page.line("");
        page.line(&format!("[workflows.{}]", quoted(&id)));
        page.from(
            &format!("highlevel_workflow = {}", quoted(&id)),
            "workflowId; started once a channel sends by HighLevel. It must not write to the contact",
        );
    }
}

/// Actions that are no follow-up.
fn others(given: &Given<'_>, page: &mut Page) {
    let condition =
        |object: &Object, key: &str| shown(object.get(key).and_then(Value::as_str).unwrap_or(""));
    for object in &given.stops {
        page.miss(format!(
            "the action that stops the bot ({}): goodbyes, refusals and opt-outs are recognised without it; \
             its final message and tags are not sent or set",
            condition(object, "stopBotTriggerCondition")
        ));
    }
    for object in &given.handovers {
        page.miss(format!(
            "the handover to staff ({}): messages of staff are recognised, but nobody is assigned and no task made",
            condition(object, "triggerCondition")
        ));
    }
    for _ in &given.bookings {
        page.miss(
            "the booking of appointments: that they are made is recognised, from what contacts say or from a source \
             of bookings"
                .to_owned(),
        );
    }
    for object in &given.workflows {
        page.miss(format!(
            "the action that starts workflows ({}): it belongs to the conversation, not to following up",
            condition(object, "triggerCondition")
        ));
    }
}
