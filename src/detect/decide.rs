//! Weighs what was found in a message: its signal, its evidence, the time that counts.

use std::borrow::Cow;
use std::cell::RefCell;

use chrono::TimeDelta;

use super::grammar::{GRAMMAR, Grammar, Want};
use super::intent::{self, Hit};
use super::language::language;
use super::strip::{own_words, plain, spelled};
use super::time::compose::Said;
use super::time::value::Bound;
use super::times::{Meant, times};
use super::token::{Kind, Token, cut};
use super::vocabulary::UNKNOWN;
use super::words::Words;
use super::{Doubt, Input, Reading, time};
use crate::model::SignalKind;

/// A time must be this far ahead to be trusted (rule S4).
const SOONEST: TimeDelta = TimeDelta::minutes(5);
/// A time must not be further ahead (rule S4).
const FURTHEST: TimeDelta = TimeDelta::days(180);

/// Room for the reading of a message, to be used again for the next one.
#[derive(Default)]
struct Room {
    tokens: Vec<Token>,
    times: time::reader::Room,
}

/// Of a longer message, the room is not kept.
const KEPT: usize = 1 << 14;

/// Reads one message by the rules.
pub(super) fn read(input: &Input<'_>) -> Reading {
    thread_local! {
        static ROOM: RefCell<Room> = RefCell::default();
    }
    if input.text.len() > KEPT {
        return read_in(&mut Room::default(), input);
    }
    ROOM.with_borrow_mut(|room| read_in(room, input))
}

fn read_in(room: &mut Room, input: &Input<'_>) -> Reading {
    let grammar: &'static Grammar = &GRAMMAR;
    let mut text = plain(own_words(input.text));
    if let Some(word) = spelled(&text) {
        text = Cow::Owned(word);
    }
    let Room {
        tokens,
        times: room,
    } = room;
    cut(&text, &grammar.vocabulary, tokens);
    let tokens: &[Token] = tokens;
    let language = language(grammar, tokens, &text, input);
    let mut reading = Reading {
        language: Some(language),
        ..Reading::default()
    };
    let (said, now) = times(grammar, tokens, language, input, room);
    let hits = intent::hits(grammar, tokens, &said);
    if said.is_empty() && hits.is_empty() {
        if let Some(token) = misspelt_keyword(grammar, &text, tokens) {
            reading.signal = Some(SignalKind::OptOut);
            text.get(token.start..token.end)
                .unwrap_or_default()
                .clone_into(&mut reading.evidence);
            reading.rule = "a keyword, misspelt";
        }
        return reading;
    }
    let words = Words {
        text: &text,
        tokens,
    };
    let resolved: Vec<_> = said
        .iter()
        .map(|s| now.and_then(|now| Meant::of(s, now, input)))
        .collect();
    // The main one first: a length of time and what something is about count less.
    let rank = |s: &Said| u8::from(s.topic) * 2 + u8::from(s.piece.bound == Bound::Within);
    for order in 0..4 {
        for (said, local) in said.iter().zip(&resolved) {
            if let Some(local) = local
                && rank(said) == order
                && !said.piece.impossible
            {
                reading.times.push(words.span(said, local));
            }
        }
    }
    weigh(grammar, &words, &said, &hits, now, input, &mut reading);
    reading.doubt = doubt(&said, &hits, tokens.len(), &reading);
    reading
}

/// The one word of a message that but for a letter or two is a long opt-out keyword: "unsuscribe" (rule S5).
fn misspelt_keyword(grammar: &Grammar, text: &str, tokens: &[Token]) -> Option<Token> {
    let mut words = tokens
        .iter()
        .filter(|t| t.kind == Kind::Word && grammar.filler_in(t.word) == 0);
    let (token, None) = (words.next()?, words.next()) else {
        return None;
    };
    if token.word != UNKNOWN || !(8..=20).contains(&token.len()) || tokens.len() > 6 {
        return None;
    }
    let word = crate::model::fold(text.get(token.start..token.end)?);
    let near = |known: &str| {
        let far = if known.len() >= 10 { 2 } else { 1 };
        known.len().abs_diff(word.len()) <= far
            && known.as_bytes().first() == word.as_bytes().first()
            && strsim::osa_distance(&word, known) <= far
    };
    grammar
        .long_keywords
        .iter()
        .any(|k| near(grammar.vocabulary.word(*k)))
        .then_some(*token)
}

/// A message of more tokens than this is about something else than when to write.
const SHORT: usize = 16;

/// Why a message without a signal may have one all the same.
fn doubt(said: &[Said], hits: &[Hit], tokens: usize, reading: &Reading) -> Option<Doubt> {
    if reading.signal.is_some() || reading.automatic {
        return None;
    }
    if tokens > SHORT {
        return None;
    }
    if said.iter().any(|s| !s.topic) && !reading.times.is_empty() {
        return Some(Doubt::Time);
    }
    let wishes = |h: &Hit| matches!(h.want, Want::Ask | Want::Available);
    hits.iter().any(wishes).then_some(Doubt::Wish)
}

fn weigh(
    grammar: &Grammar,
    words: &Words<'_>,
    said: &[Said],
    hits: &[Hit],
    now: Option<chrono::NaiveDateTime>,
    input: &Input<'_>,
    reading: &mut Reading,
) {
    let first = |want: Want| {
        hits.iter()
            .filter(|h| h.want == want)
            .min_by_key(|h| h.start)
    };
    let set = |kind: SignalKind, hit: &Hit, reading: &mut Reading| {
        reading.signal = Some(kind);
        words
            .slice(hit.start, hit.end)
            .clone_into(&mut reading.evidence);
        reading.rule = hit.label;
    };
    let automatic = first(Want::Automatic);
    reading.automatic = automatic.is_some();
    // A keyword of another language counts too, unless it says something else in the message's own ("fine").
    let own = |h: &Hit| {
        Some(h.language) == reading.language
            || !hits.iter().any(|o| {
                Some(o.language) == reading.language
                    && o.start == h.start
                    && matches!(o.want, Want::Ack | Want::Closing)
            })
    };
    let keyword = first(Want::OptOutWord).filter(|h| own(h));
    if let Some(hit) = keyword.or_else(|| first(Want::OptOut)) {
        return set(SignalKind::OptOut, hit, reading);
    }
    if let Some(hit) = first(Want::OptIn) {
        return set(SignalKind::OptIn, hit, reading);
    }
    let ask = hits
        .iter()
        .filter(|h| h.want == Want::Ask)
        .max_by_key(|h| h.start);
    let busy = first(Want::Busy);
    let no_interest = first(Want::NotInterested);
    let usable = said.iter().filter(|s| !s.topic);
    let asked = ask
        .or(automatic)
        .or_else(|| first(Want::Available))
        .or_else(|| first(Want::Free))
        .or_else(|| busy.filter(|_| said.iter().any(|s| s.piece.bound == Bound::Until)));
    let wanted = asked.and_then(|hit| {
        usable
            .clone()
            .find(|s| s.start >= hit.start || s.end > hit.start)
            .or_else(|| usable.clone().next())
            .map(|s| (hit, *s))
    });
    if let Some(hit) = no_interest
        && !wanted.is_some_and(|(ask, _)| ask.start > hit.start && ask.want == Want::Ask)
    {
        return set(SignalKind::NotInterested, hit, reading);
    }
    if let Some(hit) = first(Want::Booked) {
        return set(SignalKind::Booked, hit, reading);
    }
    if let Some((hit, mut time)) = wanted
        && (hit.want != Want::Free || busy.is_some())
    {
        // "busy until 3, call me after that"
        if time.piece.bound == Bound::Until && (hit.want != Want::Ask || busy.is_some()) {
            time.piece.bound = Bound::At;
        }
        let at = now
            .and_then(|now| Meant::of(&time, now, input))
            .map(|meant| meant.zone.instant(meant.local.at))
            .filter(|_| !time.piece.doubtful && !time.piece.impossible)
            .filter(|_| !words.has_no_time_of_day(hit, &time))
            .filter(|at| {
                let ahead = at.signed_duration_since(input.sent_at);
                ahead >= SOONEST && ahead <= FURTHEST
            });
        // Who only says when they are free has not asked for anything that a person must clear up.
        if at.is_some() || hit.want != Want::Available {
            reading.signal = Some(SignalKind::AskedForTime);
            reading.evidence = words.evidence(hit, &time);
            reading.rule = hit.label;
            reading.at = at;
            return;
        }
    }
    if let Some(hit) = busy {
        return set(SignalKind::Busy, hit, reading);
    }
    let bare = |wants: &[Want]| intent::covered(grammar, words.tokens, hits, wants);
    if let Some(hit) = first(Want::Closing)
        && bare(&[Want::Closing, Want::Ack])
    {
        return set(SignalKind::Closing, hit, reading);
    }
    if let Some(hit) = first(Want::Ack)
        && bare(&[Want::Ack])
    {
        set(SignalKind::Ack, hit, reading);
    }
}
