//! The dashboard: one HTML file that needs nothing else, without scripts, to look at and to print.

mod figures;
mod timeline;

use std::io::{Result, Write};

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use super::conversation::{Event, about_coming, about_follow_up, about_message, events, told};
use super::panel::{Panel, about, fields};
use super::plan::{Tally, step, when, who, why};
use super::status::{Report, problems};
use super::terminal::{plain, plain_lines};
use super::{Clocks, action_words, channel_words, reason_words};
use crate::decide::Action;
use crate::decide::hours::Hours;
use crate::model::{Author, Thread, Timestamp};
use crate::zone::Zone;
use figures::{Funnel, FunnelRow, HeatMap, HeatRow};
use timeline::{Figure, Timeline};

/// How many contacts of a kind are shown with their conversation; all are counted.
const MOST: usize = 100;
/// How much is shown of a conversation.
const RECENT: usize = 20;

const TEMPLATE: &str = include_str!("page.html");

/// Collects what the page shows, contact by contact, in the order of the plan.
#[derive(Debug)]
pub struct Dashboard<'a> {
    business: &'a str,
    zone: &'a Zone,
    now: Timestamp,
    tally: Tally,
    funnel: Funnel,
    heat: HeatMap,
    timeline: Timeline<'a>,
    coming: Vec<Card>,
    held: Vec<Card>,
}

/// What the template shows, by its names there.
#[derive(Debug, Serialize)]
struct Page<'p> {
    business: String,
    day: String,
    time: String,
    zone: &'p str,
    due: u64,
    scheduled: u64,
    held_total: u64,
    left_alone_total: u64,
    left_alone: Vec<(&'static str, u64)>,
    follow_ups: &'p [(String, i64)],
    problems: Vec<String>,
    /// Name, age in words, whether it is stale.
    sources: Vec<(String, String, bool)>,
    timeline: Figure<'p>,
    sections: Vec<Section<'p>>,
    funnel: Vec<FunnelRow>,
    heat: Vec<HeatRow>,
}

/// A contact with what is decided, and their conversation.
#[derive(Debug, Serialize)]
struct Card {
    anchor: String,
    who: String,
    action: &'static str,
    when: String,
    below: String,
    step: String,
    channel: &'static str,
    why: String,
    about: String,
    fields: Vec<(&'static str, String)>,
    events: Vec<Bubble>,
    left_out: usize,
}

/// Contacts of a kind.
#[derive(Debug, Serialize)]
struct Section<'c> {
    title: &'static str,
    is_held: bool,
    reasons: Vec<(&'static str, u64)>,
    cards: &'c [Card],
    /// How many more there are.
    more: u64,
}

/// Something in a conversation.
#[derive(Debug, Serialize)]
struct Bubble {
    /// `day`, `theirs`, `ours`, `ghost`, `word` or `now`.
    kind: &'static str,
    time: String,
    text: String,
    about: String,
}

impl<'a> Dashboard<'a> {
    /// An empty page of a business whose bot's clock is `zone`.
    #[must_use]
    pub fn new(
        business: &'a str,
        zone: &'a Zone,
        hours: Option<&'a Hours>,
        now: Timestamp,
    ) -> Self {
        Self {
            business,
            zone,
            now,
            tally: Tally::default(),
            funnel: Funnel::default(),
            heat: HeatMap::default(),
            timeline: Timeline::new(hours, zone, now),
            coming: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Counts a contact. Says whether [`Dashboard::show`] is wanted as well.
    pub fn count(
        &mut self,
        thread: &Thread,
        action: Action,
        tally: impl FnOnce(&mut Tally),
    ) -> bool {
        tally(&mut self.tally);
        self.funnel.add(thread);
        self.heat.add(thread, self.zone, self.now);
        match action {
            Action::Send | Action::Wait => self.coming.len() < MOST,
            Action::Hold => self.held.len() < MOST,
            Action::Stop | Action::None => false,
        }
    }

    /// Shows a contact with their conversation.
    pub fn show(&mut self, panel: &Panel<'_>) {
        let decision = panel.decision;
        let contact = &panel.thread.contact;
        let clocks = Clocks::new(contact, self.zone, self.now);
        let [when, below] = when(decision, &clocks);
        let (bubbles, left_out) = bubbles(panel, &clocks);
        let is_held = decision.action == Action::Hold;
        let cards = if is_held {
            &mut self.held
        } else {
            &mut self.coming
        };
        let kind = if is_held { "held" } else { "next" };
        let anchor = format!("{kind}-{}", cards.len() + 1);
        if !is_held {
            self.timeline
                .add(&anchor, &plain(&who(contact)), panel.coming);
        }
        let fields = fields(decision, &clocks).into_iter();
        cards.push(Card {
            anchor,
            who: plain(&who(contact)).into_owned(),
            action: action_words(decision.action),
            when,
            below,
            step: step(decision),
            channel: decision.channel.map_or("", channel_words),
            why: plain(&why(decision, &clocks)).into_owned(),
            about: plain(&about(contact, &clocks)).into_owned(),
            fields: fields
                .map(|(label, text)| (label, plain(&text).into_owned()))
                .collect(),
            events: bubbles,
            left_out,
        });
    }

    /// Writes the page, with how things stand by `status`.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write(&self, status: &Report, out: &mut dyn Write) -> Result<()> {
        let clocks = Clocks::of_bot(self.zone, self.now);
        let reasons = |counts: &std::collections::BTreeMap<_, u64>| -> Vec<(&'static str, u64)> {
            let words = counts.iter().map(|(r, n)| (reason_words(*r), *n));
            words.collect()
        };
        let sources = status.sources.iter();
        let sources: Vec<_> = sources
            .map(|s| (plain(&s.name).into_owned(), s.words(&clocks), s.stale))
            .collect();
        let problems = problems(status, &clocks).into_iter();
        let problems: Vec<_> = problems.map(|p| plain(&p).into_owned()).collect();
        let local = clocks.local(self.now);
        let held_total = self.tally.held.values().sum();
        let page = Page {
            business: plain(self.business).into_owned(),
            day: local.format("%A %-d %B %Y").to_string(),
            time: local.format("%H:%M").to_string(),
            zone: self.zone.name(),
            due: self.tally.due,
            scheduled: self.tally.scheduled,
            held_total,
            left_alone: reasons(&self.tally.others),
            left_alone_total: self.tally.others.values().sum::<u64>(),
            follow_ups: &status.counts.follow_ups,
            problems,
            sources,
            timeline: self.timeline.figure(),
            sections: vec![
                Section {
                    title: "Due and scheduled",
                    is_held: false,
                    reasons: Vec::new(),
                    cards: &self.coming,
                    more: rest(self.tally.due + self.tally.scheduled, &self.coming),
                },
                Section {
                    title: "Held",
                    is_held: true,
                    reasons: reasons(&self.tally.held),
                    cards: &self.held,
                    more: rest(held_total, &self.held),
                },
            ],
            funnel: self.funnel.rows(),
            heat: self.heat.rows(),
        };
        let rendered = Environment::new().render_named_str("page.html", TEMPLATE, Serde(&page));
        let rendered = rendered.map_err(std::io::Error::other)?;
        out.write_all(rendered.as_bytes())
    }
}

/// How many of `total` are not among `cards`.
fn rest(total: u64, cards: &[Card]) -> u64 {
    total.saturating_sub(cards.len() as u64)
}

/// The end of a conversation, and how much of it is left out above.
fn bubbles(panel: &Panel<'_>, clocks: &Clocks) -> (Vec<Bubble>, usize) {
    let events = events(panel, clocks.now());
    let left_out = events.len().saturating_sub(RECENT);
    let (mut bubbles, mut day, mut channel) = (Vec::new(), None, None);
    for (at, _, event) in events.iter().skip(left_out) {
        let date = clocks.local(*at).date();
        if day.replace(date) != Some(date) {
            channel = None;
            bubbles.push(bubble(
                "day",
                String::new(),
                &clocks.day(*at),
                String::new(),
            ));
        }
        let time = clocks.local(*at).format("%H:%M").to_string();
        bubbles.push(match event {
            Event::Message(message) => {
                let moved = channel.replace(message.channel) != Some(message.channel);
                let kind = if message.author == Author::Contact {
                    "theirs"
                } else {
                    "ours"
                };
                let about = about_message(message, moved, clocks);
                bubble(kind, time, &message.text, about)
            }
            Event::FollowUp(row) => {
                channel = Some(row.follow_up.channel);
                let about = about_follow_up(row, clocks);
                bubble("ours", time, &row.follow_up.text, about)
            }
            Event::Word(word) => bubble("word", String::new(), &told(word, clocks), String::new()),
            Event::Now => bubble("now", time, "now", String::new()),
            Event::Coming(coming, by) => {
                let (text, about) = about_coming(coming, *by);
                bubble("ghost", time, &text, about)
            }
        });
    }
    (bubbles, left_out)
}

fn bubble(kind: &'static str, time: String, text: &str, about: String) -> Bubble {
    Bubble {
        kind,
        time,
        text: plain_lines(text.trim_end()).into_owned(),
        about: plain_lines(&about).into_owned(),
    }
}
