//! The times said in a message, by the rules of its language and of those whose words stand out in it.

use std::borrow::Cow;

use chrono::NaiveDateTime;

use super::Input;
use super::grammar::{ABROAD, BESIDE, COMMON, COUNTED, Grammar, NAMES_TIME, NUMBERS, Speech};
use super::time::compose::{self, Said};
use super::time::reader::{Reader, Room};
use super::time::resolve::{Local, resolve};
use super::token::{Kind, Token};
use crate::model::Language;
use crate::zone::Zone;

/// The times said, by the rules of the language and of those whose words stand out in the message.
pub(super) fn times(
    grammar: &'static Grammar,
    tokens: &[Token],
    language: Language,
    input: &Input<'_>,
    room: &mut Room,
) -> (Vec<Said>, Option<NaiveDateTime>) {
    let Some(speech) = grammar.speeches.get(language as usize) else {
        return (Vec::new(), None);
    };
    let mut now = None;
    let mut said = Vec::new();
    if may_hold_time(tokens, speech) {
        let local = *now.get_or_insert_with(|| input.zone.local(input.sent_at));
        said = compose::find(&mut Reader::new(tokens, speech, local, room));
    }
    if !said.is_empty() {
        return (said, now);
    }
    let mut abroad = 0_u8;
    for token in tokens {
        if speech.bits(token.word) & (NAMES_TIME | COMMON | ABROAD) == 0 {
            abroad |= grammar
                .abroad_in
                .get(token.word as usize)
                .copied()
                .unwrap_or(0);
        }
    }
    for (i, other) in grammar.speeches.iter().enumerate() {
        if abroad & (1 << i) != 0 && other.language != language {
            let local = *now.get_or_insert_with(|| input.zone.local(input.sent_at));
            said = compose::find(&mut Reader::new(tokens, other, local, room));
            if !said.is_empty() {
                break;
            }
        }
    }
    (said, now)
}

/// Whether a time can be said: a word names one, or a number stands where one would.
fn may_hold_time(tokens: &[Token], speech: &Speech) -> bool {
    let bits = |at: Option<usize>| {
        at.and_then(|a| tokens.get(a))
            .map_or(0, |t| speech.bits(t.word))
    };
    let beside = |at: Option<usize>| {
        let near = at.and_then(|a| tokens.get(a));
        near.is_some_and(|t| t.number().is_some() || matches!(t.kind, Kind::Sign(_)))
            || bits(at) & (BESIDE | NUMBERS) != 0
    };
    tokens.iter().enumerate().any(|(at, token)| {
        let own = speech.bits(token.word);
        if own & NAMES_TIME != 0 {
            return true;
        }
        let number = token.number().is_some_and(|_| token.len() <= 4) || own & NUMBERS != 0;
        number
            && bits(Some(at + 1)) & COUNTED == 0
            && (tokens.len() == 1
                || beside(at.checked_sub(1))
                || beside(Some(at + 1))
                || tokens.get(at + 1).is_some_and(|t| t.glued))
    })
}

/// A time as clocks show it, and where they hang.
pub(super) struct Meant<'a> {
    pub(super) local: Local,
    pub(super) zone: Cow<'a, Zone>,
}

impl<'a> Meant<'a> {
    /// In the contact's zone (rule S3), unless the words name another: "3 pm EST".
    pub(super) fn of(said: &Said, now: NaiveDateTime, input: &Input<'a>) -> Option<Self> {
        let named = said.zone.and_then(Zone::named);
        let now = named.as_ref().map_or(now, |zone| zone.local(input.sent_at));
        Some(Self {
            local: resolve(&said.piece, now)?,
            zone: named.map_or(Cow::Borrowed(input.zone), Cow::Owned),
        })
    }
}
