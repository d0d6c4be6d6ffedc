//! HighLevel's Auto Follow-Up: the actions of a Conversation AI agent, as its API gives them, in whatever
//! envelope.

mod given;
mod settings;
mod steps;

use serde_json::{Map, Value};

use super::page::Page;
use super::{Local, MigrateError, Migrated};
use crate::model::Scenario;
use given::Given;
use settings::{bot, human_hold, opening_hours, others, switching, workflows};

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
    let mut page = Page::new(local.accepts);
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
