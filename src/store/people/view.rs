//! What is known of a person, from all of their contacts together. Pure.

use crate::model::{Author, Channel, Contact, Direction, FollowUp, Message, Thread, Timestamp};

/// When each value of a contact was told: name, phone, email, zone, language; and each address.
pub(in crate::store) const PART: &str =
    "SELECT name_at, phone_at, email_at, timezone_at, language_at FROM contacts WHERE id = ?1";

/// By how much the times of one message differ that two sources bring, in microseconds.
pub(super) const SAME: i64 = 120_000_000;
/// Within how long a follow-up of ours comes back in an export, in microseconds (rule X6).
const ECHO: i64 = 600_000_000;
/// How many messages of about the same time are compared.
const MOST_COMPARED: usize = 64;

/// One contact of a person.
#[derive(Debug, Default)]
pub(in crate::store) struct Part {
    /// What is known by this contact alone.
    pub(in crate::store) thread: Thread,
    /// When its values were told, in the order of [`PART`].
    pub(in crate::store) told: [Option<i64>; 5],
    /// Its addresses, with when they were told.
    pub(in crate::store) addresses: Vec<(Channel, String, i64)>,
}

/// The thread of a person; the first part leads.
pub(in crate::store) fn one(parts: Vec<Part>) -> Thread {
    let mut whole = Thread {
        contact: contact(&parts),
        aliases: parts
            .iter()
            .skip(1)
            .map(|p| p.thread.contact.contact_id.clone())
            .collect(),
        ids: ids(&parts),
        ..Thread::default()
    };
    let mut messages: Vec<(usize, Message)> = Vec::new();
    let mut follow_ups: Vec<(usize, FollowUp)> = Vec::new();
    for (n, part) in parts.into_iter().enumerate() {
        let thread = part.thread;
        messages.extend(thread.messages.into_iter().map(|m| (n, m)));
        follow_ups.extend(thread.follow_ups.into_iter().map(|f| (n, f)));
        whole.drafts.extend(thread.drafts);
        for booking in thread.bookings {
            if !whole.bookings.contains(&booking) {
                whole.bookings.push(booking);
            }
        }
        for word in thread.words {
            if !whole.words.contains(&word) {
                whole.words.push(word);
            }
        }
    }
    let mut brought_twice = Vec::new();
    messages.retain(|(part, m)| {
        let is_here = follow_ups.iter().any(|(of, f)| of != part && is_echo(m, f));
        brought_twice.extend(m.message_id.clone().filter(|_| is_here));
        !is_here
    });
    messages.sort_by_key(|(_, m)| m.sent_at);
    let (messages, twice) = each_once(messages, &mut brought_twice);
    whole.brought_twice = brought_twice;
    for (again, first) in twice {
        let is_its_own = messages
            .iter()
            .any(|m| m.sent_at == again && m.author == Author::Contact);
        if !is_its_own {
            let episodes = follow_ups.iter_mut().map(|(_, f)| &mut f.episode);
            let episodes = episodes.chain(whole.drafts.iter_mut().map(|d| &mut d.episode));
            episodes.filter(|e| **e == again).for_each(|e| *e = first);
        }
    }
    whole.messages = messages;
    whole.follow_ups = follow_ups.into_iter().map(|(_, f)| f).collect();
    whole
}

/// A follow-up of ours that another contact's export shows (rule X6).
fn is_echo(message: &Message, follow_up: &FollowUp) -> bool {
    if message.direction() == Direction::Inbound || !follow_up.counts_as_sent() {
        return false;
    }
    let by_id = follow_up.provider_id.is_some() && follow_up.provider_id == message.message_id;
    let apart = micros(message.sent_at).abs_diff(micros(follow_up.went_out_at()));
    by_id
        || (message.channel == follow_up.channel
            && apart <= ECHO.unsigned_abs()
            && message.text.trim() == follow_up.text.trim())
}

/// The messages without those that a second source brings again, and of the contact's own among these the time
/// that was left out and the one that was kept.
fn each_once(
    messages: Vec<(usize, Message)>,
    brought_twice: &mut Vec<String>,
) -> (Vec<Message>, Vec<(Timestamp, Timestamp)>) {
    let mut kept: Vec<(usize, Message)> = Vec::with_capacity(messages.len());
    let mut twice = Vec::new();
    for (part, message) in messages {
        let before = kept.iter_mut().rev().take(MOST_COMPARED);
        let near = before.take_while(|(_, k)| micros(message.sent_at) - micros(k.sent_at) <= SAME);
        let same = near.into_iter().find(|(of, k)| {
            *of != part
                && k.channel == message.channel
                && k.direction() == message.direction()
                && k.text == message.text
        });
        let Some((_, first)) = same else {
            kept.push((part, message));
            continue;
        };
        brought_twice.extend(message.message_id.clone());
        if message.direction() == Direction::Inbound {
            twice.push((message.sent_at, first.sent_at));
            first.automatic |= message.automatic;
            first.signal = first.signal.take().or(message.signal);
        } else if message.author == Author::Human {
            first.author = Author::Human; // who of the two knows more
        }
    }
    (kept.into_iter().map(|(_, m)| m).collect(), twice)
}

fn micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

/// Each value as it was told last; the name as the one who leads is called, if anybody said that.
fn contact(parts: &[Part]) -> Contact {
    let newest = |n: usize, get: fn(&Contact) -> &Option<String>| {
        let told = parts.iter().filter(|p| get(&p.thread.contact).is_some());
        let newest = told.rev().max_by_key(|p| p.told[n]);
        newest.and_then(|p| get(&p.thread.contact).clone())
    };
    let lead = parts.first().map(|p| &p.thread.contact);
    let mut tags: Vec<String> = Vec::new();
    for tag in parts.iter().flat_map(|p| &p.thread.contact.tags) {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    Contact {
        contact_id: lead.map_or_else(String::new, |c| c.contact_id.clone()),
        name: lead
            .and_then(|c| c.name.clone())
            .or_else(|| newest(0, |c| &c.name)),
        phone: newest(1, |c| &c.phone),
        email: newest(2, |c| &c.email),
        timezone: newest(3, |c| &c.timezone),
        language: newest(4, |c| &c.language),
        tags,
        addresses: addresses(parts),
    }
}

/// The address on each channel that was told last; where a platform's contacts are known by their id, that of the
/// contact who wrote there.
fn addresses(parts: &[Part]) -> Vec<(Channel, String)> {
    let mut told: Vec<(Channel, String, i64)> = Vec::new();
    for part in parts {
        told.extend(part.addresses.iter().cloned());
        for channel in [
            Channel::LiveChat,
            Channel::Facebook,
            Channel::Instagram,
            Channel::Telegram,
        ] {
            let is_given = part.addresses.iter().any(|(c, ..)| *c == channel);
            if let Some(at) = last_on(part, channel).filter(|_| !is_given) {
                told.push((channel, part.thread.contact.contact_id.clone(), at));
            }
        }
    }
    told.sort_by(|a, b| (a.0, b.2).cmp(&(b.0, a.2)));
    told.dedup_by_key(|(channel, ..)| *channel);
    told.into_iter()
        .map(|(c, address, _)| (c, address))
        .collect()
}

/// The id under which a person is known on each channel: that of the contact who was in touch there last.
fn ids(parts: &[Part]) -> Vec<(Channel, String)> {
    let on = |channel: &Channel| {
        let in_touch = parts
            .iter()
            .filter_map(|p| Some((last_on(p, *channel)?, p)));
        let (_, part) = in_touch.rev().max_by_key(|(at, _)| *at)?;
        Some((*channel, part.thread.contact.contact_id.clone()))
    };
    Channel::ALL.iter().filter_map(on).collect()
}

fn last_on(part: &Part, channel: Channel) -> Option<i64> {
    let messages = part.thread.messages.iter();
    messages
        .filter(|m| m.channel == channel)
        .map(|m| micros(m.sent_at))
        .max()
}
