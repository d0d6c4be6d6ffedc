//! The small language of `tests/cases`: a thread written like a chat, one fact a line, each with its time on the
//! clocks of the policy's zone:
//!
//! ```text
//! 2026-03-02 10:00 in whatsapp [busy]: not now, later     signals: [KIND], [asked TIME], [unclear]
//! 10:01 bot whatsapp: sure                                the date of the line above; also human, followup
//! 10:02 auto email [away until 2026-03-09 09:00]: I'm out
//! 12:00 step 1 sent whatsapp scenario=busy                also sending, unknown, retry, failed; see `row`
//! 13:00 operator pause until 2026-03-03 10:00: holiday    also provider, data, suppression
//! 13:00 other ana opt_out                                 a contact with the same number
//! 13:00 source crm                                        crm's data are complete up to here
//! ```
//!
//! A time with a `T` is an RFC 3339 instant: `2026-10-25T01:30:00Z`. A message may carry `seq=N` and `@SOURCE`;
//! without them it has the number of its line, and the first source.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use followup::model::{
    Author, Contact, FollowUp, FollowUpState, Message, Scenario, SharedWord, Signal, SignalKind,
    SignalSource, SourceAge, TextSource, Thread, Timestamp, Word, WordKind,
};
use followup::zone::Zone;
use serde::Deserialize;

/// What is wrong with a case's own text.
pub(crate) type Fault = String;

pub(crate) fn word<T: std::str::FromStr>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| format!("what is `{text}`?"))
}

/// A contact as a case writes it. A phone number is there unless it says `phone = ""`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ContactText {
    phone: Option<String>,
    email: Option<String>,
    timezone: Option<String>,
    addresses: BTreeMap<String, String>,
}

impl ContactText {
    fn read(self) -> Result<Contact, Fault> {
        let phone = self.phone.unwrap_or_else(|| "+34600000001".to_owned());
        Ok(Contact {
            contact_id: "eva".to_owned(),
            phone: Some(phone).filter(|p| !p.is_empty()),
            email: self.email,
            timezone: self.timezone,
            addresses: self
                .addresses
                .iter()
                .map(|(channel, address)| Ok((word(channel)?, address.clone())))
                .collect::<Result<_, Fault>>()?,
            ..Contact::default()
        })
    }
}

/// Reads times on the clocks of one zone; a bare `HH:MM` has the date of the time read before it.
#[derive(Clone)]
pub(crate) struct Clock<'a> {
    zone: &'a Zone,
    date: Option<NaiveDate>,
}

impl<'a> Clock<'a> {
    pub(crate) fn new(zone: &'a Zone) -> Self {
        Self { zone, date: None }
    }

    /// The time at the beginning of `text`, and the rest.
    pub(crate) fn read<'t>(&mut self, text: &'t str) -> Result<(Timestamp, &'t str), Fault> {
        let fault = || format!("no time at the beginning of `{text}`");
        let (first, rest) = cut(text);
        if first.contains('T') {
            let at = chrono::DateTime::parse_from_rfc3339(first).map_err(|_| fault())?;
            return Ok((at.to_utc(), rest));
        }
        let (time, rest) = match NaiveDate::parse_from_str(first, "%Y-%m-%d") {
            Ok(date) => {
                self.date = Some(date);
                cut(rest)
            }
            Err(_) => (first, rest),
        };
        let time = NaiveTime::parse_from_str(time, "%H:%M")
            .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M:%S%.f"))
            .map_err(|_| fault())?;
        let date = self.date.ok_or_else(fault)?;
        Ok((self.zone.instant(date.and_time(time)), rest))
    }

    /// A text that is a time and nothing else.
    pub(crate) fn whole(&self, text: &str) -> Result<Timestamp, Fault> {
        match self.clone().read(text)? {
            (at, "") => Ok(at),
            (_, rest) => Err(format!("`{rest}` after the time in `{text}`")),
        }
    }

    pub(crate) fn show(&self, at: Timestamp) -> String {
        let local: NaiveDateTime = self.zone.local(at);
        let shown = local.format("%Y-%m-%d %H:%M:%S%.f").to_string();
        shown.strip_suffix(":00").unwrap_or(&shown).to_owned()
    }
}

/// The first word and what follows it.
fn cut(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

/// Reads a thread.
pub(crate) fn thread(chat: &str, contact: ContactText, zone: &Zone) -> Result<Thread, Fault> {
    let mut thread = Thread {
        contact: contact.read()?,
        ..Thread::default()
    };
    let mut reader = Reader {
        clock: Clock::new(zone),
        sources: Vec::new(),
        thread: &mut thread,
    };
    for (number, line) in chat.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            reader
                .line(line, number)
                .map_err(|fault| format!("{fault}, in `{line}`"))?;
        }
    }
    Ok(thread)
}

struct Reader<'a> {
    clock: Clock<'a>,
    /// The names of the sources; a message of the place `i` has the source `i + 1`.
    sources: Vec<String>,
    thread: &'a mut Thread,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, number: usize) -> Result<(), Fault> {
        let (at, rest) = self.clock.read(line)?;
        let (what, rest) = cut(rest);
        match what {
            "step" => self.row(at, rest),
            "source" => {
                let id = self.source(rest);
                self.thread.sources.push(SourceAge {
                    id,
                    name: rest.to_owned(),
                    as_of: at,
                });
                Ok(())
            }
            "other" => {
                let (contact_id, kind) = cut(rest);
                self.thread.shared_words.push(SharedWord {
                    contact_id: contact_id.to_owned(),
                    kind: word(kind)?,
                    at,
                });
                Ok(())
            }
            "operator" | "provider" | "data" | "suppression" => self.word(at, what, rest),
            _ => self.message(at, what, rest, number),
        }
    }

    /// `CHANNEL [SIGNAL] seq=N @SOURCE: TEXT`
    fn message(
        &mut self,
        at: Timestamp,
        what: &str,
        rest: &str,
        number: usize,
    ) -> Result<(), Fault> {
        let (head, text) = rest.split_once(": ").ok_or("no `: ` before the text")?;
        let (head, signal) = match head.split_once('[') {
            Some((before, rest)) => {
                let (inside, after) = rest.split_once(']').ok_or("no `]`")?;
                let signal = self.signal(inside, text)?;
                (format!("{before} {after}"), Some(signal))
            }
            None => (head.to_owned(), None),
        };
        let (channel, options) = cut(&head);
        let mut message = Message {
            sent_at: at,
            seq: i64::try_from(number).unwrap_or(i64::MAX),
            channel: word(channel)?,
            author: match what {
                "in" | "auto" => Author::Contact,
                author => word(author)?,
            },
            text: text.to_owned(),
            message_id: None,
            conversation_id: None,
            status: None,
            signal,
            automatic: what == "auto",
            ad_click: false,
            source: 1,
        };
        for option in options.split_whitespace() {
            if let Some(seq) = option.strip_prefix("seq=") {
                message.seq = word(seq)?;
            } else if let Some(name) = option.strip_prefix('@') {
                message.source = self.source(name);
            } else if option == "ad" {
                message.ad_click = true;
            } else if let Some(id) = option.strip_prefix("conversation=") {
                message.conversation_id = Some(id.to_owned());
            } else {
                return Err(format!("what is `{option}`?"));
            }
        }
        self.thread.messages.push(message);
        Ok(())
    }

    fn signal(&self, text: &str, evidence: &str) -> Result<Signal, Fault> {
        let (kind, at) = match text {
            "unclear" => (SignalKind::AskedForTime, None),
            _ => match text
                .strip_prefix("asked ")
                .or_else(|| text.strip_prefix("away until "))
            {
                Some(time) => (SignalKind::AskedForTime, Some(self.clock.whole(time)?)),
                None => (word(text)?, None),
            },
        };
        Ok(Signal {
            kind,
            at,
            evidence: evidence.to_owned(),
            zone: None,
            source: SignalSource::Rules,
        })
    }

    /// `STEP STATE CHANNEL [scenario=S] [episode=HH:MM] [retry_at=HH:MM] [refused_on=C,C] [attempts=N]`: the
    /// episode is that of the inbound message above, unless it says otherwise.
    fn row(&mut self, at: Timestamp, rest: &str) -> Result<(), Fault> {
        let mut words = rest.split_whitespace();
        let mut next = || words.next().ok_or("step N STATE CHANNEL");
        let (step, state, channel) = (word(next()?)?, word(next()?)?, word(next()?)?);
        let episode = self
            .thread
            .messages
            .iter()
            .rfind(|m| m.author == Author::Contact && !m.automatic)
            .map_or(at, |m| m.sent_at);
        let mut row = FollowUp {
            id: format!("fu_{}", self.thread.follow_ups.len() + 1),
            episode,
            scenario: Scenario::StoppedResponding,
            step,
            state,
            channel,
            refused_on: Vec::new(),
            address: "+34600000001".to_owned(),
            due_at: at,
            claimed_at: at,
            sent_at: (state == FollowUpState::Sent).then_some(at),
            retry_at: None,
            attempts: 1,
            provider_id: None,
            text: "¿sigues ahí?".to_owned(),
            text_source: TextSource::Builtin,
            error: None,
        };
        for option in words {
            match option.split_once('=') {
                Some(("scenario", name)) => row.scenario = word(name)?,
                Some(("episode", time)) => row.episode = self.clock.whole(time)?,
                Some(("claimed_at", time)) => row.claimed_at = self.clock.whole(time)?,
                Some(("retry_at", time)) => row.retry_at = Some(self.clock.whole(time)?),
                Some(("attempts", number)) => row.attempts = word(number)?,
                Some(("refused_on", list)) => {
                    row.refused_on = list.split(',').map(word).collect::<Result<_, _>>()?;
                }
                _ => return Err(format!("what is `{option}`?")),
            }
        }
        self.thread.follow_ups.push(row);
        Ok(())
    }

    /// `KIND [until TIME] [: REASON]`
    fn word(&mut self, at: Timestamp, source: &str, rest: &str) -> Result<(), Fault> {
        let (head, reason) = match rest.split_once(": ") {
            Some((head, reason)) => (head, Some(reason.to_owned())),
            None => (rest, None),
        };
        let (kind, until) = cut(head);
        let kind: WordKind = word(kind)?;
        let until = match until.strip_prefix("until ") {
            Some(time) => Some(self.clock.whole(time)?),
            None if until.is_empty() => None,
            None => return Err(format!("what is `{until}`?")),
        };
        self.thread.words.push(Word {
            kind,
            at,
            until,
            reason,
            source: word(source)?,
        });
        Ok(())
    }

    fn source(&mut self, name: &str) -> i64 {
        let known = self.sources.iter().position(|s| s == name);
        let place = known.unwrap_or_else(|| {
            self.sources.push(name.to_owned());
            self.sources.len() - 1
        });
        i64::try_from(place + 1).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_reads_as_it_is_written() {
        let zone = Zone::named("Europe/Madrid").unwrap();
        let chat = "2026-03-02 10:00 in sms [asked 2026-03-02 17:00] seq=4 @crm: call me at 5\n\
                    10:01:30 step 2 retry sms retry_at=10:02 refused_on=whatsapp";
        let thread = thread(chat, ContactText::default(), &zone).unwrap();
        let (message, row) = (&thread.messages[0], &thread.follow_ups[0]);
        assert_eq!(
            message.signal.as_ref().unwrap().at,
            Some("2026-03-02T16:00:00Z".parse().unwrap())
        );
        assert_eq!((message.seq, message.text.as_str()), (4, "call me at 5"));
        assert_eq!((row.episode, row.step), (message.sent_at, 2));
        assert_eq!(row.retry_at, Some("2026-03-02T09:02:00Z".parse().unwrap()));
    }
}
