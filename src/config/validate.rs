//! From the file as written to a [`Config`]: reads every table, collects every fault, lets only valid states
//! through.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use super::file::{Table, Value};
use super::findings::Findings;
use super::{
    Bot, Config, Limits, Provider, Stop, ai, channels, hours, people, scenarios, sources,
    switching, templates, tls, words, workflows,
};
use crate::decide::{Approval, ApprovalExpired, Cancelled, Cap, Policy};
use crate::model::{Channel, Delay, Language};
use crate::zone::Zone;

const HOUR: u32 = 3600;

/// What the nouns are read with.
pub(super) struct Place<'a> {
    /// The directory of the configuration.
    pub(super) root: &'a Path,
}

impl Place<'_> {
    /// A path of the file, resolved.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        let written = written.strip_prefix("./").unwrap_or(written);
        if self.root == Path::new(".") {
            return PathBuf::from(written);
        }
        self.root.join(written)
    }
}

/// The configuration, as far as it could be made out; it counts only when there are no faults.
pub(super) fn read(
    file: &Path,
    root: &Path,
    document: &DeTable<'_>,
    findings: &mut Findings,
) -> Option<Config> {
    let place = Place { root };
    let mut top = Table::top(document);

    let (bot, approval) = bot(top.table("bot", findings), findings);
    let store = store(top.table("store", findings), &place, findings);
    let hours = hours::read(
        top.table("hours", findings),
        bot.as_ref().map(|b| &b.zone),
        findings,
    );
    let channels = channels::read(top.table("channels", findings), &place, findings);
    let senders: Vec<Channel> = channels.keys().copied().collect();
    let contacts_only: Vec<Channel> = channels
        .iter()
        .filter(|(_, c)| !c.provider.reaches_anyone())
        .map(|(channel, _)| *channel)
        .collect();
    let highlevel: Vec<Channel> = channels
        .iter()
        .filter(|(_, c)| matches!(c.provider, Provider::Highlevel(_)))
        .map(|(channel, _)| *channel)
        .collect();
    let templates = templates::read(
        top.table("templates", findings),
        bot.as_ref().map(|b| b.language_tag.as_str()),
        channels.get(&Channel::Whatsapp).map(|c| &c.provider),
        findings,
    );
    let workflows = workflows::read(
        top.table("workflows", findings),
        &place,
        &workflows::Reach {
            senders: &senders,
            contacts_only: &contacts_only,
            highlevel: &highlevel,
        },
        findings,
    );
    let ai = ai::read(top.table("ai", findings), &place, findings);
    let known = scenarios::Known {
        templates: &templates,
        workflows: &workflows,
        senders: &senders,
        approve: approval.texts,
        approve_ai: ai.as_ref().is_some_and(|ai| ai.approve),
    };
    let scenarios = scenarios::read(top.table("scenarios", findings), &known, findings);
    let switching = switching::read(top.table("switching", findings), &senders, findings);
    let (stop, human_hold, cancelled) = stop(top.table("stop", findings), findings);
    let join_by = people::read(top.table("people", findings), findings);
    let caps = limits(top.table("limits", findings), findings);
    let certificates = tls::read(top.table("tls", findings), &place, findings);
    let (sources, apis) = sources::read(top.take("sources"), &channels, &place, findings);
    if hours.is_none() && !top.table("hours", findings).is_present() && scenarios.any_enabled() {
        findings.warn(
            &top.spot_of("hours"),
            "no opening hours: follow-ups go out at any time of the night; write, for example: \
             [hours] open = [\"Mo-Fr 09:00-19:00\"]",
        );
    }
    if channels.is_empty() && scenarios.any_enabled() {
        findings.warn(
            &top.spot_of("channels"),
            "no channel has a sender: nothing can be sent; write, for example: [channels.sms.outbox]",
        );
    }
    top.done(findings);

    let bot = bot?;
    // A source's own, else that of [limits], else what fits its kind.
    let of_kind =
        |own: Option<Option<Delay>>, kind: Delay| own.or(caps.fresh_for).unwrap_or(Some(kind));
    let of_files = sources.iter().map(|s| {
        let fresh_for = of_kind(s.fresh_for, s.default_fresh_for());
        (&s.name, fresh_for)
    });
    let of_apis = apis.iter().map(|s| {
        let fresh_for = of_kind(s.fresh_for, super::apis::FRESH_FOR);
        (&s.name, fresh_for)
    });
    let source_fresh_for = of_files
        .chain(of_apis)
        .map(|(name, fresh_for)| (name.clone(), fresh_for))
        .collect();
    let policy = Policy {
        active: bot.active,
        zone: bot.zone.clone(),
        hours,
        asked_for_time: scenarios.asked_for_time.cadence,
        busy: scenarios.busy.cadence,
        stopped_responding: scenarios.stopped_responding.cadence,
        switching,
        human_hold,
        per_contact: caps.per_contact,
        max_late: caps.max_late,
        fresh_for: caps.fresh_for.unwrap_or(Some(Delay::seconds(HOUR))),
        source_fresh_for,
        approval: approval.approval,
        senders,
        cancelled,
        confirms_bookings: sources.iter().any(|s| s.has_bookings()),
        join_by,
        country: bot.country,
        reach: channels
            .iter()
            .filter_map(|(channel, c)| Some((*channel, c.provider.reach(*channel)?)))
            .collect(),
    };
    use crate::model::Scenario::{AskedForTime, Busy, StoppedResponding};
    Some(Config {
        file: file.to_owned(),
        root: root.to_owned(),
        bot,
        store,
        policy,
        scenarios: BTreeMap::from([
            (AskedForTime, scenarios.asked_for_time.steps),
            (Busy, scenarios.busy.steps),
            (StoppedResponding, scenarios.stopped_responding.steps),
        ]),
        templates,
        workflows,
        channels,
        sources,
        apis,
        stop,
        limits: caps.limits,
        certificates,
        ai,
    })
}

/// Whether every text waits for a person, and for how long those do that wait (rule X9).
struct Approving {
    texts: bool,
    approval: Approval,
}

fn bot(mut table: Table<'_>, findings: &mut Findings) -> (Option<Bot>, Approving) {
    let approving = Approving {
        texts: table.flag("approve", findings).unwrap_or(false),
        approval: Approval {
            within: table.parsed(
                "approve_within",
                "approve_within = \"4h\"",
                findings,
                words::delay,
            ),
            expired: table
                .parsed(
                    "approval_expired",
                    "approval_expired = \"skip\"",
                    findings,
                    |text| {
                        let (all, name) = (ApprovalExpired::ALL, ApprovalExpired::as_str);
                        words::one_of("choice", all, name, text)
                    },
                )
                .unwrap_or_default(),
        },
    };
    (read_bot(table, findings), approving)
}

fn read_bot(mut table: Table<'_>, findings: &mut Findings) -> Option<Bot> {
    let name = table.text("name", "name = \"Clínica Sol\"", findings);
    let active = table.flag("active", findings).unwrap_or(true);
    let zone = table
        .required("timezone", "timezone = \"America/Mexico_City\"", findings)
        .and_then(|text| text.parse(findings, words::zone));
    let country = table.parsed("country", "country = \"MX\"", findings, str::parse);
    let tag = table.text("language", "language = \"es\"", findings);
    let language_tag = match &tag {
        Some(tag) => tag.parse(findings, words::language_tag),
        None => Some("en".to_owned()),
    };
    let language = language_tag.as_deref().and_then(Language::from_tag);
    if let (Some(tag), Some(_), None) = (&tag, &language_tag, language) {
        findings.warn(
            &tag.spot,
            "there are no built-in texts in this language: steps without a text are written in English",
        );
    }
    table.done(findings);
    Some(Bot {
        name: name.map_or_else(String::new, |n| n.value.trim().to_owned()),
        active,
        zone: zone?,
        country,
        language_tag: language_tag?,
        language: language.unwrap_or(Language::En),
    })
}

fn store(mut table: Table<'_>, place: &Place<'_>, findings: &mut Findings) -> PathBuf {
    let example = "path = \"followup.db\"";
    let path = table.parsed("path", example, findings, path(example));
    table.done(findings);
    place.path(&path.unwrap_or_else(|| "followup.db".to_owned()))
}

/// A path is any text that is not empty.
pub(super) fn path(example: &str) -> impl FnOnce(&str) -> Result<String, String> {
    move |text| match text.trim() {
        "" => Err(format!("empty; write, for example: {example}")),
        _ if text.contains('\0') => Err("a path has no NUL in it".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

fn stop(mut table: Table<'_>, findings: &mut Findings) -> (Stop, Delay, Cancelled) {
    let human_hold = table.parsed("human_hold", "human_hold = \"24h\"", findings, words::delay);
    let words = table.texts(
        "opt_out_words",
        "opt_out_words = [\"no gracias\"]",
        findings,
    );
    let cancelled = table.parsed("cancelled", "cancelled = \"resume\"", findings, |t| {
        words::one_of("way", Cancelled::ALL, Cancelled::as_str, t)
    });
    table.done(findings);
    let stop = Stop {
        opt_out_words: words.iter().map(|w| w.value.trim().to_owned()).collect(),
    };
    (
        stop,
        human_hold.unwrap_or(Delay::seconds(24 * HOUR)),
        cancelled.unwrap_or(Cancelled::Resume),
    )
}

struct Caps {
    limits: Limits,
    per_contact: Option<Cap>,
    max_late: Option<Delay>,
    /// As written, where it is.
    fresh_for: Option<Option<Delay>>,
}

fn limits(mut table: Table<'_>, findings: &mut Findings) -> Caps {
    let per_contact = table.parsed("per_contact", "per_contact = \"3/24h\"", findings, |t| {
        words::or_off(t, words::cap)
    });
    let per_run = table
        .take("per_run")
        .map(|value| number_or_off(value, "per_run = 500", findings));
    let max_late = table.parsed("max_late", "max_late = \"24h\"", findings, |t| {
        words::or_off(t, words::delay)
    });
    let fresh_for = table.parsed("fresh_for", "fresh_for = \"1h\"", findings, |t| {
        words::or_off(t, words::delay)
    });
    let concurrency = table.take("concurrency").and_then(|value| {
        let example = "concurrency = 8";
        number(value, 1..=64, example, findings)
    });
    let request_timeout = table.parsed(
        "request_timeout",
        "request_timeout = \"30s\"",
        findings,
        |text| match words::duration(text)? {
            time if (1..=600).contains(&time.as_secs()) => Ok(time),
            _ => Err("not between 1s and 10m; write \"30s\"".to_owned()),
        },
    );
    table.done(findings);
    Caps {
        limits: Limits {
            per_run: per_run.unwrap_or(Some(500)),
            concurrency: concurrency.map_or(8, |n| n as usize),
            request_timeout: request_timeout.unwrap_or(Duration::from_secs(30)),
        },
        per_contact: per_contact.unwrap_or(Some(Cap {
            count: 3,
            window: Delay::seconds(24 * HOUR),
        })),
        max_late: max_late.unwrap_or(Some(Delay::seconds(24 * HOUR))),
        fresh_for,
    }
}

fn number_or_off(value: Value<'_>, example: &str, findings: &mut Findings) -> Option<u32> {
    if !value.is_text() {
        return number(value, 1..=u32::MAX, example, findings);
    }
    let text = value.text(example, findings)?;
    text.parse(findings, |text| match text.trim() {
        "off" => Ok(()),
        _ => Err(format!("not a number; write {example} or \"off\"")),
    });
    None
}

pub(super) fn number(
    value: Value<'_>,
    range: std::ops::RangeInclusive<u32>,
    example: &str,
    findings: &mut Findings,
) -> Option<u32> {
    let toml::de::DeValue::Integer(integer) = value.value else {
        value.mismatch("a whole number, without quotes", example, findings);
        return None;
    };
    let number = u32::from_str_radix(integer.as_str(), integer.radix());
    match number {
        Ok(number) if range.contains(&number) => Some(number),
        _ => {
            let (low, high) = (range.start(), range.end());
            let range = match *high {
                u32::MAX => format!("a number of {low} or more"),
                high => format!("between {low} and {high}"),
            };
            let message = format!("not {range}; write, for example: {example}");
            findings.fault(&value.spot, message);
            None
        }
    }
}

/// The zone that a table of hours or a source names, if it is a name of its own.
pub(super) fn named_zone(text: &str, words: &str) -> Result<Zone, String> {
    words::zone(text).map_err(|message| format!("{message}; or {words}"))
}
