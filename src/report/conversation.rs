//! A conversation as bubbles: theirs on the left, ours on the right, what is scheduled as ghosts.

use std::io::{Result, Write};

use super::history::facts;
use super::names::{by_words, signal_words, state_words};
use super::panel::{Coming, Extent, Page, Panel, left_out};
use super::plan::in_short;
use super::reason::quote;
use super::terminal::{plain, plain_lines};
use super::text::{padding, wrap};
use super::{Clocks, channel_words};
use crate::model::{Author, Channel, Message, Timestamp, Word, WordKind};
use crate::store::FollowUpRow;

/// How many events are shown of a long conversation.
const RECENT: usize = 30;

/// Something in a conversation, at its time.
pub(super) enum Event<'a> {
    Message(&'a Message),
    FollowUp(&'a FollowUpRow),
    Word(&'a Word),
    Now,
    Coming(&'a Coming, Option<Channel>),
}

pub(super) fn conversation(
    out: &mut dyn Write,
    panel: &Panel<'_>,
    extent: Extent,
    clocks: &Clocks,
    page: Page,
) -> Result<()> {
    let events = events(panel, clocks.now());
    let skipped = match extent {
        Extent::Recent => events.len().saturating_sub(RECENT),
        Extent::Whole => 0,
    };
    if skipped > 0 {
        middle(out, &left_out(skipped), page)?;
    }
    let (mut day, mut channel) = (None, None);
    for (at, _, event) in &events[skipped..] {
        let date = clocks.local(*at).date();
        if day != Some(date) {
            rule(out, &clocks.day(*at), page)?;
            (day, channel) = (Some(date), None);
        }
        let time = clocks.local(*at).format("%H:%M").to_string();
        match event {
            Event::Message(message) => {
                let moved = channel.replace(message.channel) != Some(message.channel);
                said(out, message, moved, &time, clocks, page)?;
            }
            Event::FollowUp(row) => {
                channel = Some(row.follow_up.channel);
                sent(out, row, &time, clocks, page)?;
            }
            Event::Word(word) => middle(out, &told(word, clocks), page)?,
            Event::Now => rule(out, &format!("now, {time}"), page)?,
            Event::Coming(coming, by) => ghost(out, coming, *by, &time, page)?,
        }
    }
    Ok(())
}

/// Everything in time order. At equal times a message comes before what we made of it.
pub(super) fn events<'a>(panel: &Panel<'a>, now: Timestamp) -> Vec<(Timestamp, i64, Event<'a>)> {
    let thread = panel.thread;
    let mut events: Vec<_> = Vec::new();
    for message in &thread.messages {
        events.push((message.sent_at, message.seq, Event::Message(message)));
    }
    for row in panel.log {
        let at = row.follow_up.went_out_at();
        events.push((at, i64::MAX - 3, Event::FollowUp(row)));
    }
    for word in &thread.words {
        events.push((word.at, i64::MAX - 2, Event::Word(word)));
    }
    for (n, coming) in panel.coming.iter().enumerate() {
        let by = panel.decision.channel.filter(|_| n == 0);
        events.push((coming.at.max(now), i64::MAX, Event::Coming(coming, by)));
    }
    if events.iter().any(|(at, ..)| *at >= now) {
        events.push((now, i64::MAX - 1, Event::Now));
    }
    events.sort_by_key(|(at, order, _)| (*at, *order));
    events
}

fn said(
    out: &mut dyn Write,
    message: &Message,
    channel_is_new: bool,
    time: &str,
    clocks: &Clocks,
    page: Page,
) -> Result<()> {
    let about = about_message(message, channel_is_new, clocks);
    if message.author == Author::Contact {
        theirs(out, &message.text, &about, time, page)
    } else {
        ours(out, &message.text, &about, time, Bar::Solid, page)
    }
}

/// What stands below a message: who wrote it, on which channel, what it means.
pub(super) fn about_message(message: &Message, channel_is_new: bool, clocks: &Clocks) -> String {
    let mut about = Vec::new();
    match message.author {
        Author::Contact | Author::Bot => {}
        Author::Human => about.push("staff".to_owned()),
        Author::Followup => about.push("follow-up, by an export".to_owned()),
    }
    if channel_is_new {
        about.push(channel_words(message.channel).to_owned());
    }
    if message.automatic {
        about.push("automatic reply".to_owned());
    }
    if message.ad_click {
        about.push("by a click on an ad".to_owned());
    }
    if let Some(signal) = &message.signal {
        let mut words = format!("{}: {}", signal_words(signal.kind), quote(&signal.evidence));
        if let Some(at) = signal.at {
            words.push_str(&format!(" = {}", clocks.moment(at)));
        }
        about.push(words);
    }
    about.join(" · ")
}

fn sent(
    out: &mut dyn Write,
    row: &FollowUpRow,
    time: &str,
    clocks: &Clocks,
    page: Page,
) -> Result<()> {
    let about = about_follow_up(row, clocks);
    ours(out, &row.follow_up.text, &about, time, Bar::Solid, page)
}

/// What stands below a follow-up: what became of it, and in a second line why it was sent.
pub(super) fn about_follow_up(row: &FollowUpRow, clocks: &Clocks) -> String {
    let follow_up = &row.follow_up;
    let mut about = format!(
        "follow-up {} by {}, {}",
        follow_up.step,
        channel_words(follow_up.channel),
        state_words(follow_up.state)
    );
    if let Some(id) = follow_up
        .provider_id
        .as_ref()
        .filter(|id| **id != follow_up.id)
    {
        about.push_str(&format!(" · {id}"));
    }
    about.push_str(&format!(" · {}", follow_up.id));
    if let Some(error) = &follow_up.error {
        about.push_str(&format!(": {error}"));
    }
    let why = in_short(&facts(&row.because), true, clocks);
    about.push_str(&format!("\n{why}"));
    about
}

fn ghost(
    out: &mut dyn Write,
    coming: &Coming,
    by: Option<Channel>,
    time: &str,
    page: Page,
) -> Result<()> {
    let (text, about) = about_coming(coming, by);
    ours(out, &text, &about, time, Bar::Ghost, page)
}

/// The text of a step that is to come, and what stands below it.
pub(super) fn about_coming(coming: &Coming, by: Option<Channel>) -> (String, String) {
    let about = match by {
        Some(channel) => format!("step {}, by {}", coming.step, channel_words(channel)),
        None => format!("step {}, at the earliest, unless they reply", coming.step),
    };
    let text = match &coming.text {
        Ok(text) => text.clone(),
        Err(why) => format!("(no text: {why})"),
    };
    (text, about)
}

/// What an operator said, or another who is no part of the conversation.
pub(super) fn told(word: &Word, clocks: &Clocks) -> String {
    let what = match word.kind {
        WordKind::Pause => "paused",
        WordKind::Resume => "resumed",
        WordKind::Booked => "booked",
        WordKind::OptOut => "opted out",
        WordKind::OptIn => "opted in",
    };
    let until = word.until.map(|at| format!(" until {}", clocks.moment(at)));
    let reason = word.reason.as_ref().map(|r| format!(": {r}"));
    format!(
        "{}  {what}{}, {}{}",
        clocks.local(word.at).format("%H:%M"),
        until.unwrap_or_default(),
        by_words(word.source),
        reason.unwrap_or_default(),
    )
}

const TIME: usize = 6;

fn theirs(out: &mut dyn Write, text: &str, about: &str, time: &str, page: Page) -> Result<()> {
    let mut left = time;
    for line in lines(text, bubble(page)) {
        let gap = " ".repeat(padding(left, TIME));
        writeln!(out, "{}{gap}▌ {line}", page.styles.faint(left))?;
        left = "";
    }
    if !about.is_empty() {
        for line in wrap(&plain(about), page.width - TIME - 2) {
            writeln!(out, "{:TIME$}▌ {}", "", page.styles.faint(line))?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bar {
    Solid,
    Ghost,
}

fn ours(
    out: &mut dyn Write,
    text: &str,
    about: &str,
    time: &str,
    bar: Bar,
    page: Page,
) -> Result<()> {
    let inner = page.width - TIME - 2;
    let text = lines(text, bubble(page));
    let widest = text
        .iter()
        .map(|l| padding("", inner) - padding(l, inner))
        .max()
        .unwrap_or(0);
    let mut right = time;
    for line in text {
        let indent = " ".repeat(inner - widest);
        let gap = " ".repeat(padding(&line, widest));
        let time = if right.is_empty() {
            String::new()
        } else {
            format!(" {right}")
        };
        if bar == Bar::Solid {
            let (bar, time) = (page.styles.ours("▐"), page.styles.faint(time));
            writeln!(out, "{indent}{line}{gap} {bar}{time}")?;
        } else {
            let line = format!("{indent}{line}{gap} ┊{time}");
            writeln!(out, "{}", page.styles.faint(line))?;
        }
        right = "";
    }
    for line in about.lines().flat_map(|line| wrap(&plain(line), inner)) {
        if line.is_empty() {
            continue;
        }
        let indent = " ".repeat(padding(&line, inner));
        let bar = if bar == Bar::Solid { "▐" } else { "┊" };
        writeln!(
            out,
            "{indent}{} {}",
            page.styles.faint(line),
            page.styles.faint(bar)
        )?;
    }
    Ok(())
}

/// How wide a bubble may be: enough stays free to see whose it is.
fn bubble(page: Page) -> usize {
    (page.width - TIME - 2) * 7 / 10
}

/// A message's own lines, each wrapped.
fn lines(text: &str, most: usize) -> Vec<String> {
    let text = text.trim_end().replace('\t', " ");
    let text = plain_lines(&text);
    text.lines().flat_map(|line| wrap(line, most)).collect()
}

fn rule(out: &mut dyn Write, title: &str, page: Page) -> Result<()> {
    let rest = padding(title, page.width.saturating_sub(6));
    let line = format!("──── {title} {}", "─".repeat(rest));
    writeln!(out, "{}", page.styles.faint(line))
}

fn middle(out: &mut dyn Write, text: &str, page: Page) -> Result<()> {
    for line in wrap(&plain(text), page.width - TIME) {
        writeln!(out, "{:TIME$}{}", "", page.styles.warning(line))?;
    }
    Ok(())
}
