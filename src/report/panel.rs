//! One contact: who they are, what is decided and why, what was said, and what comes.

use std::io::{Result, Write};

use serde::Serialize;

use super::conversation::conversation;
use super::history::FollowUpLine;
use super::plan::{self, Row};
use super::terminal::{Styles, plain};
use super::text::{padding, wrap};
use super::{
    Clocks, action_words, channel_words, count, name_after, reason_words, scenario_words, words,
};
use crate::decide::{Action, Because, Decision};
use crate::model::{
    Author, Booking, BookingStatus, Channel, Contact, HeldBack, JoinedBy, Message, Signal, Thread,
    Timestamp, Word, fold,
};
use crate::store::{FollowUpRow, PersonId};

/// A contact, what is decided about them, and the steps that may follow.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a> {
    /// All that is known.
    pub thread: &'a Thread,
    /// What is decided.
    pub decision: &'a Decision,
    /// The next step and those after it, unless a reply comes.
    pub coming: &'a [Coming],
    /// Every follow-up ever claimed for them, with the reasons of that time.
    pub log: &'a [FollowUpRow],
    /// The contacts that are this person, the one that leads first.
    pub ids: &'a [PersonId],
    /// Contacts who may be the same person: id, name, and what they share.
    pub alike: &'a [(String, Option<String>, JoinedBy)],
    /// What kept a run from claiming the step that is due.
    pub held_back: Option<&'a HeldBack>,
}

/// A step that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// The step, from 1.
    pub step: u32,
    /// When: exactly for the next step, at the earliest for the ones after it.
    pub at: Timestamp,
    /// Its text as it would be now, or why it has none.
    pub text: std::result::Result<String, String>,
}

/// How much of a conversation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Its end.
    Recent,
    /// All of it.
    Whole,
}

/// Lines longer than this are hard to read.
const MOST: usize = 110;
const LABEL: usize = 11;
/// How many appointments are named.
const MOST_APPOINTMENTS: usize = 3;

/// The panel for people, in `width` columns.
///
/// # Errors
/// When `out` cannot be written.
pub fn panel(
    out: &mut dyn Write,
    panel: &Panel<'_>,
    extent: Extent,
    clocks: &Clocks,
    width: usize,
    styles: Styles,
) -> Result<()> {
    let width = width.min(MOST);
    let page = Page { width, styles };
    head(out, panel.thread, clocks, page)?;
    same_person(out, panel, clocks, page)?;
    appointments(out, &panel.thread.bookings, clocks, page)?;
    writeln!(out)?;
    decided(out, panel, clocks, page)?;
    writeln!(out)?;
    conversation(out, panel, extent, clocks, page)
}

/// Where a panel is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) width: usize,
    pub(super) styles: Styles,
}

impl Page {
    /// A label, and what it says, wrapped.
    fn field(self, out: &mut dyn Write, label: &str, text: &str) -> Result<()> {
        let lines = wrap(&plain(text), self.width.saturating_sub(LABEL));
        for (n, line) in lines.iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            let gap = " ".repeat(padding(label, LABEL));
            writeln!(out, "{}{gap}{line}", self.styles.faint(label))?;
        }
        Ok(())
    }
}

fn head(out: &mut dyn Write, thread: &Thread, clocks: &Clocks, page: Page) -> Result<()> {
    let contact = &thread.contact;
    let id = plain(&contact.contact_id);
    match contact.name.as_deref().map(plain) {
        Some(name) if fold(&name) != fold(&id) => {
            writeln!(out, "{}  {id}", page.styles.strong(name))?;
        }
        _ => writeln!(out, "{}", page.styles.strong(id))?,
    }
    let about = about(contact, clocks);
    for line in wrap(&plain(&about), page.width) {
        writeln!(out, "{}", page.styles.faint(line))?;
    }
    Ok(())
}

/// How a contact is reached, and by which clock.
pub(super) fn about(contact: &Contact, clocks: &Clocks) -> String {
    let mut about: Vec<String> = [&contact.phone, &contact.email]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    for (channel, address) in &contact.addresses {
        if Some(address) != contact.phone.as_ref() && Some(address) != contact.email.as_ref() {
            about.push(format!("{} {address}", channel_words(*channel)));
        }
    }
    about.extend(contact.language.clone());
    about.push(clocks.words());
    if !contact.tags.is_empty() {
        about.push(format!("tags {}", contact.tags.join(", ")));
    }
    about.join(" · ")
}

fn decided(out: &mut dyn Write, panel: &Panel<'_>, clocks: &Clocks, page: Page) -> Result<()> {
    for (label, text) in fields(panel.decision, clocks) {
        page.field(out, label, &text)?;
    }
    let held = panel.held_back;
    if let Some(held) = held.filter(|held| plan::is_of(held, panel.decision)) {
        page.field(out, "Held back", &plan::held_back_words(held, clocks))?;
    }
    Ok(())
}

/// The newest appointments that sources have of them.
fn appointments(
    out: &mut dyn Write,
    bookings: &[Booking],
    clocks: &Clocks,
    page: Page,
) -> Result<()> {
    let mut newest: Vec<&Booking> = bookings.iter().collect();
    newest.sort_by_key(|b| (b.starts_at, b.booked_at));
    for booking in newest.iter().rev().take(MOST_APPOINTMENTS).rev() {
        let when = booking
            .starts_at
            .map(|at| format!(" {}", clocks.moment(at)));
        let what = match (booking.status, booking.cancelled_at) {
            (_, Some(at)) => format!(", called off {}", clocks.moment(at)),
            (BookingStatus::NoShow, None) => ", did not come".to_owned(),
            _ => format!(", made {}", clocks.moment(booking.booked_at)),
        };
        let when = when.unwrap_or_default();
        let words = format!("appointment{when}{what} ({})", booking.source);
        for line in wrap(&plain(&words), page.width) {
            writeln!(out, "{}", page.styles.faint(line))?;
        }
    }
    Ok(())
}

/// Under which other ids they are known, and who may be the same.
fn same_person(out: &mut dyn Write, panel: &Panel<'_>, clocks: &Clocks, page: Page) -> Result<()> {
    let others = panel.ids.iter().skip(1).map(|id| {
        let by = id.by.map_or("", |by| match by {
            JoinedBy::Phone => ", the same phone number",
            JoinedBy::Email => ", the same email address",
            JoinedBy::ContactId => ", the same id on the platform",
            JoinedBy::Operator => ", by an operator's word",
        });
        let at = id.at.map(|at| format!(" ({})", clocks.moment(at)));
        let reason = id.reason.as_ref().map(|r| format!(": {r}"));
        let (at, reason) = (at.unwrap_or_default(), reason.unwrap_or_default());
        format!("also {}{by}{at}{reason}", id.contact_id)
    });
    let alike = panel.alike.iter().map(|(id, name, by)| {
        let what = match by {
            JoinedBy::Email => "email address",
            JoinedBy::ContactId => "id",
            _ => "phone number",
        };
        let name = name_after(id, name.as_deref());
        let me = &panel.thread.contact.contact_id;
        format!("shares the {what} of {id}{name}. One person? followup merge {me} {id}")
    });
    for words in others.chain(alike) {
        for line in wrap(&plain(&words), page.width) {
            writeln!(out, "{}", page.styles.faint(line))?;
        }
    }
    Ok(())
}

/// A decision as labelled lines; a line without a label goes on with the one above it.
pub(super) fn fields(decision: &Decision, clocks: &Clocks) -> Vec<(&'static str, String)> {
    let mut next = match (decision.scenario, decision.step, decision.steps) {
        (Some(scenario), Some(step), Some(steps)) => {
            format!("step {step} of {steps}, {}", scenario_words(scenario))
        }
        (Some(scenario), ..) => scenario_words(scenario).to_owned(),
        _ => "nothing".to_owned(),
    };
    match decision.action {
        Action::Send => next.push_str(": due now"),
        Action::Wait => {}
        action => {
            let (action, reason) = (action_words(action), reason_words(decision.reason));
            next.push_str(&format!(": {action}, {reason}"));
        }
    }
    let mut fields = vec![("Next", next)];
    if let (Action::Send | Action::Wait, Some(due)) = (decision.action, decision.due_at) {
        let mut when = clocks.moment(due);
        let distance = clocks.relative(due);
        if distance != "now" {
            when.push_str(&format!(", {distance}"));
        }
        if let Some(bot) = clocks.on_bot_clock(due) {
            when.push_str(&format!(" (for the bot {bot})"));
        }
        fields.push(("When", when));
    }
    let mut by = None;
    let mut ends = None;
    let mut label = "Why";
    for fact in &decision.because {
        match fact {
            Because::Channel { .. } => by = Some(words(fact, clocks)),
            Because::EndedBy { .. } => ends = Some(words(fact, clocks)),
            _ => {
                fields.push((label, words(fact, clocks)));
                label = "";
            }
        }
    }
    fields.extend(by.map(|by| ("Channel", by)));
    fields.extend(ends.map(|ends| ("Until", ends)));
    fields
}

/// The panel as one JSON object.
#[must_use]
pub fn json<'a>(panel: &Panel<'a>, follow_ups: &'a [FollowUpLine<'a>]) -> impl Serialize + use<'a> {
    let contact = &panel.thread.contact;
    let row = Row {
        contact,
        decision: panel.decision,
        text: panel.coming.first().and_then(|c| c.text.as_deref().ok()),
        text_source: None,
        unread: 0,
        held_back: panel.held_back,
    };
    let mut messages: Vec<&Message> = panel.thread.messages.iter().collect();
    messages.sort_by_key(|m| (m.sent_at, m.seq));
    Object {
        contact: ContactObject {
            contact_id: &contact.contact_id,
            name: contact.name.as_deref(),
            phone: contact.phone.as_deref(),
            email: contact.email.as_deref(),
            timezone: contact.timezone.as_deref(),
            language: contact.language.as_deref(),
            tags: &contact.tags,
            ids: panel.ids,
            may_be: panel.alike.iter().map(|(id, ..)| id.as_str()).collect(),
            addresses: contact
                .addresses
                .iter()
                .map(|(c, a)| (*c, a.as_str()))
                .collect(),
        },
        plan: plan::json(&row),
        messages: messages.into_iter().map(MessageObject::of).collect(),
        words: &panel.thread.words,
        bookings: &panel.thread.bookings,
        follow_ups,
    }
}

#[derive(Serialize)]
struct Object<'a, P> {
    contact: ContactObject<'a>,
    plan: P,
    messages: Vec<MessageObject<'a>>,
    words: &'a [Word],
    bookings: &'a [Booking],
    follow_ups: &'a [FollowUpLine<'a>],
}

#[derive(Serialize)]
struct ContactObject<'a> {
    contact_id: &'a str,
    name: Option<&'a str>,
    phone: Option<&'a str>,
    email: Option<&'a str>,
    timezone: Option<&'a str>,
    language: Option<&'a str>,
    tags: &'a [String],
    /// The contacts that are this person.
    ids: &'a [PersonId],
    /// The contacts who share a number or an address, and may be the same.
    may_be: Vec<&'a str>,
    addresses: std::collections::BTreeMap<Channel, &'a str>,
}

#[derive(Serialize)]
struct MessageObject<'a> {
    sent_at: Timestamp,
    channel: Channel,
    author: Author,
    text: &'a str,
    message_id: Option<&'a str>,
    conversation_id: Option<&'a str>,
    status: Option<&'a str>,
    automatic: bool,
    ad_click: bool,
    signal: Option<&'a Signal>,
}

impl<'a> MessageObject<'a> {
    fn of(message: &'a Message) -> Self {
        Self {
            sent_at: message.sent_at,
            channel: message.channel,
            author: message.author,
            text: &message.text,
            message_id: message.message_id.as_deref(),
            conversation_id: message.conversation_id.as_deref(),
            status: message.status.as_deref(),
            automatic: message.automatic,
            ad_click: message.ad_click,
            signal: message.signal.as_ref(),
        }
    }
}

/// How many messages are left out above those that are shown.
pub(super) fn left_out(number: usize) -> String {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    format!(
        "{} before; --all shows them",
        count(number, "event", "events")
    )
}
