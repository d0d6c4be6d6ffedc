//! A policy as the cases of `tests/cases` write it, in the configuration's spelling.

use std::collections::BTreeMap;

use followup::decide::hours::{Hours, HoursZone, Interval, parse_closed, parse_open};
use followup::decide::{Approval, Cadence, Cap, Policy, Reach, StepRule, SwitchRule};
use followup::model::Channel;
use followup::zone::Zone;
use serde::Deserialize;

use crate::chat::{Fault, word};

/// A policy as a case writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PolicyText {
    zone: String,
    active: bool,
    open: Vec<String>,
    closed: Vec<String>,
    hours_zone: String,
    asked_for_time: Vec<String>,
    busy: Vec<String>,
    stopped_responding: Vec<String>,
    off: Vec<String>,
    /// Of `asked_for_time`.
    hours_apply: bool,
    switching: Vec<String>,
    human_hold: String,
    per_contact: String,
    max_late: String,
    fresh_for: String,
    source_fresh_for: BTreeMap<String, String>,
    senders: Option<Vec<String>>,
    country: String,
    /// `CHANNEL: number`, `contact` or `conversation`.
    reach: Vec<String>,
}

impl Default for PolicyText {
    fn default() -> Self {
        let steps = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Self {
            zone: "Europe/Madrid".to_owned(),
            active: true,
            open: Vec::new(),
            closed: Vec::new(),
            hours_zone: "contact".to_owned(),
            asked_for_time: steps(&["0m", "1d"]),
            busy: steps(&["2h", "1d"]),
            stopped_responding: steps(&["5m", "15m", "1d", "3d"]),
            off: Vec::new(),
            hours_apply: true,
            switching: Vec::new(),
            human_hold: "24h".to_owned(),
            per_contact: "3/24h".to_owned(),
            max_late: "24h".to_owned(),
            fresh_for: "1h".to_owned(),
            source_fresh_for: BTreeMap::new(),
            senders: None,
            country: String::new(),
            reach: Vec::new(),
        }
    }
}

impl PolicyText {
    /// The policy, and its zone once more.
    pub(crate) fn read(&self) -> Result<(Policy, Zone), Fault> {
        let zone = Zone::named(&self.zone).ok_or_else(|| format!("zone {}", self.zone))?;
        let cadence = |name: &str, steps: &[String]| {
            Ok::<_, Fault>(Cadence {
                enabled: !self.off.iter().any(|off| off == name),
                hours_apply: name != "asked_for_time" || self.hours_apply,
                steps: each(steps, step)?,
            })
        };
        let policy = Policy {
            active: self.active,
            zone: zone.clone(),
            hours: self.hours()?,
            asked_for_time: cadence("asked_for_time", &self.asked_for_time)?,
            busy: cadence("busy", &self.busy)?,
            stopped_responding: cadence("stopped_responding", &self.stopped_responding)?,
            switching: each(&self.switching, switch)?,
            human_hold: word(&self.human_hold)?,
            per_contact: unless_off(&self.per_contact, cap)?,
            max_late: unless_off(&self.max_late, word)?,
            fresh_for: unless_off(&self.fresh_for, word)?,
            source_fresh_for: self
                .source_fresh_for
                .iter()
                .map(|(name, text)| Ok((name.clone(), unless_off(text, word)?)))
                .collect::<Result<_, Fault>>()?,
            approval: Approval::default(),
            senders: match &self.senders {
                Some(senders) => each(senders, word)?,
                None => Channel::ALL.to_vec(),
            },
            cancelled: followup::decide::Cancelled::Resume,
            confirms_bookings: false,
            join_by: Vec::new(),
            country: self.country.parse().ok(),
            reach: each(&self.reach, reach)?.into_iter().collect(),
        };
        Ok((policy, zone))
    }

    fn hours(&self) -> Result<Option<Hours>, Fault> {
        if self.open.is_empty() {
            return Ok(None);
        }
        let mut week: [Vec<Interval>; 7] = Default::default();
        for text in &self.open {
            let (days, intervals) = parse_open(text).map_err(|e| format!("{text}: {e}"))?;
            for day in days {
                week[day.num_days_from_monday() as usize].extend(&intervals);
            }
        }
        for day in &mut week {
            day.sort();
        }
        let zone = match self.hours_zone.as_str() {
            "contact" => HoursZone::Contact,
            "bot" => HoursZone::Bot,
            name => HoursZone::Named(Zone::named(name).ok_or_else(|| format!("zone {name}"))?),
        };
        let closed = each(&self.closed, |text| {
            parse_closed(text).map_err(|e| e.to_string())
        })?;
        Ok(Some(Hours { week, closed, zone }))
    }
}

fn each<T>(texts: &[String], read: impl Fn(&str) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    texts.iter().map(|text| read(text)).collect()
}

fn unless_off<T>(text: &str, read: impl Fn(&str) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
    if text == "off" {
        Ok(None)
    } else {
        read(text).map(Some)
    }
}

/// `1d`, `1d on sms`, `3d template`.
fn step(text: &str) -> Result<StepRule, Fault> {
    let mut words = text.split_whitespace();
    let after = word(words.next().unwrap_or_default())?;
    let (mut channel, mut whatsapp_template) = (None, false);
    while let Some(next) = words.next() {
        match next {
            "on" => channel = Some(word(words.next().unwrap_or_default())?),
            "template" => whatsapp_template = true,
            other => return Err(format!("what is `{other}` in the step `{text}`?")),
        }
    }
    Ok(StepRule {
        approve: false,
        after,
        channel,
        whatsapp_template,
    })
}

/// `facebook instagram > sms after 24h`.
fn switch(text: &str) -> Result<SwitchRule, Fault> {
    let (from, rest) = text.split_once(" > ").ok_or("FROM > TO after DELAY")?;
    let (to, after) = rest.split_once(" after ").ok_or("FROM > TO after DELAY")?;
    let channels = |text: &str| text.split_whitespace().map(word).collect::<Result<_, _>>();
    Ok(SwitchRule {
        from: channels(from)?,
        to: channels(to)?,
        after: word(after)?,
    })
}

/// `3/24h`.
fn cap(text: &str) -> Result<Cap, Fault> {
    let (count, window) = text.split_once('/').ok_or("COUNT/WINDOW")?;
    Ok(Cap {
        count: word(count)?,
        window: word(window)?,
    })
}

/// `sms: number`.
fn reach(text: &str) -> Result<(Channel, Reach), Fault> {
    let (channel, reach) = text.split_once(": ").ok_or("no `CHANNEL: …`")?;
    let reach = match reach {
        "number" => Reach::Number,
        "contact" => Reach::Contact,
        "conversation" => Reach::Conversation,
        other => return Err(format!("what is `{other}`?")),
    };
    Ok((word(channel)?, reach))
}
