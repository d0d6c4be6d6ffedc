//! What a HighLevel configuration says, wherever in the file it stands.

use serde_json::Value;

use super::{Object, SCENARIOS};
use crate::migrate::page::{Page, shown};
use crate::model::Country;

/// What is found in the file, wherever it stands.
#[derive(Default)]
pub(super) struct Given<'a> {
    pub(super) scenarios: Vec<Found<'a>>,
    pub(super) business: Option<(&'a str, &'static str)>,
    pub(super) mode: Option<&'a str>,
    pub(super) zone: Option<(&'a str, String)>,
    pub(super) country: Option<&'a str>,
    pub(super) language: Option<&'a str>,
    pub(super) handovers: Vec<&'a Object>,
    pub(super) stops: Vec<&'a Object>,
    pub(super) bookings: Vec<&'a Object>,
    pub(super) workflows: Vec<&'a Object>,
}

/// An `advancedFollowup` action.
#[derive(Clone)]
pub(super) struct Found<'a> {
    pub(super) object: &'a Object,
    pub(super) path: String,
}

impl<'a> Given<'a> {
    pub(super) fn look_into(&mut self, value: &'a Value, path: &str) {
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
    pub(super) fn choose(&self, page: &mut Page) -> [Option<Found<'a>>; 3] {
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
    pub(super) fn id(&self) -> &'a str {
        self.object["scenarioId"].as_str().unwrap_or("")
    }

    pub(super) fn is_on(&self) -> bool {
        self.object
            .get("enabled")
            .and_then(Value::as_bool)
            .unwrap_or(true)
    }

    pub(super) fn settings(&self) -> Option<&'a Object> {
        self.object
            .get("followupSettings")
            .and_then(Value::as_object)
    }

    /// Whether this scenario keeps to the working hours.
    pub(super) fn has_hours(&self) -> bool {
        self.settings().is_some_and(has_hours)
    }
}

/// Whether a scenario's settings keep to the working hours.
pub(super) fn has_hours(settings: &Object) -> bool {
    settings.get("followUpHours").and_then(Value::as_bool) == Some(true)
}
