//! What is not a step: the bot, opening hours, switching, the hold, workflows.

use serde_json::Value;

use super::Object;
use super::given::{Found, Given};
use super::steps::delay;
use crate::migrate::page::{Page, quoted, shown};
use crate::migrate::{Local, hours};
use crate::model::Language;
use crate::zone::Zone;

pub(super) fn bot(given: &Given<'_>, local: Local<'_>, page: &mut Page) {
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

pub(super) fn opening_hours(
    chosen: &[Option<Found<'_>>; 3],
    settings: Option<&Object>,
    page: &mut Page,
) {
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

pub(super) fn switching(
    settings: Option<&Object>,
    chosen: &[Option<Found<'_>>; 3],
    page: &mut Page,
) {
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
pub(super) fn human_hold(given: &Given<'_>, page: &mut Page) {
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
pub(super) fn workflows(page: &mut Page) {
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
pub(super) fn others(given: &Given<'_>, page: &mut Page) {
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
