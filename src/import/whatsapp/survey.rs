//! The first reading of a chat: how its dates are written and ordered, and who wrote.

use super::body::{self, Kind};
use super::header::{Header, Shape};
use super::order::Evidence;
use super::people::Senders;
use super::phrases::is_missed_call;
use super::sender::sender;
use super::{ChatCounts, Input, readable};
use crate::import::ReadError;
use crate::import::archive::as_fault;
use crate::import::lines::Lines;

/// What the first reading finds.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) shape: Option<Shape>,
    pub(super) evidence: Evidence,
    pub(super) senders: Senders,
    pub(super) counts: ChatCounts,
    /// Missed calls of which it is not said who called; they are counted as lines of WhatsApp's own.
    pub(super) missed_calls: u64,
}

impl Survey {
    /// Reads the chat through.
    ///
    /// # Errors
    /// Reading fails, or there are too many senders for a chat.
    pub(super) fn of(input: Input) -> Result<Self, ReadError> {
        let mut survey = Self::default();
        let mut lines = Lines::new(input);
        // Lines whose colon no blank follows: messages, if their sender is known from others.
        let mut unsure: Vec<String> = Vec::new();
        loop {
            let (line, bytes) = match lines.next().map_err(as_fault)? {
                None => break,
                Some(Err(_)) => continue,
                Some(Ok(found)) => found,
            };
            let (text, _) = readable(bytes);
            let Some(header) = Header::read(&text) else {
                continue;
            };
            if *survey.shape.get_or_insert_with(|| header.shape.clone()) != header.shape {
                continue;
            }
            let found = sender(header.rest);
            let kind = found.map_or(Kind::System, |(_, text)| {
                body::kind(text, header.shape.is_ios(), header.marked)
            });
            if !survey.evidence.see(line, &header, kind != Kind::System) {
                continue; // no such day: part of a message
            }
            survey.counts.system += u64::from(kind == Kind::System);
            survey.counts.messages += u64::from(kind != Kind::System);
            survey.counts.media += u64::from(kind == Kind::Media);
            match found {
                Some((sender, _)) if kind != Kind::System => {
                    survey.senders.count(sender)?;
                }
                None if !header.shape.is_ios() && is_missed_call(header.rest) => {
                    survey.missed_calls += 1;
                }
                None if unsure.len() < 10_000 => {
                    unsure.extend(header.rest.split_once(':').map(|(name, _)| name.to_owned()));
                }
                _ => {}
            }
        }
        for sender in unsure {
            if survey.senders.has(&sender) {
                survey.senders.count(&sender)?;
                survey.counts.system -= 1;
                survey.counts.messages += 1;
            }
        }
        Ok(survey)
    }
}
