//! Weighs what was found in a message: its signal, its evidence, the time that counts.

use std::borrow::Cow;
use std::cell::RefCell;

use chrono::TimeDelta;

use super::grammar::{
    ABROAD, BESIDE, COMMON, COUNTED, GRAMMAR, Grammar, NAMES_TIME, NUMBERS, Speech, Want,
};
use super::intent::{self, Hit};
use super::language::language;
use super::strip::{own_words, plain, spelled};
use super::time::compose::{self, Said};
use super::time::reader::Reader;
use super::time::resolve::{Local, resolve};
use super::time::value::Bound;
use super::token::{Kind, Token, cut};
use super::vocabulary::UNKNOWN;
use super::{Doubt, Input, Reading, TimeSpan, time};
use crate::model::{Language, SignalKind};
use crate::zone::Zone;

/// A time must be this far ahead to be trusted (rule S4).
const SOONEST: TimeDelta = TimeDelta::minutes(5);
/// How many tokens after a time may still be of it.
const BESIDE_TIME: usize = 6;
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

/// A time as clocks show it, and where they hang.
struct Meant<'a> {
    local: Local,
    zone: Cow<'a, Zone>,
}

impl<'a> Meant<'a> {
    /// In the contact's zone (rule S3), unless the words name another: "3 pm EST".
    fn of(said: &Said, now: chrono::NaiveDateTime, input: &Input<'a>) -> Option<Self> {
        let named = said.zone.and_then(Zone::named);
        let now = named.as_ref().map_or(now, |zone| zone.local(input.sent_at));
        Some(Self {
            local: resolve(&said.piece, now)?,
            zone: named.map_or(Cow::Borrowed(input.zone), Cow::Owned),
        })
    }
}

/// A message's text and tokens.
struct Words<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

impl Words<'_> {
    /// The words from one token to before another, as written.
    fn slice(&self, start: usize, end: usize) -> &str {
        let from = self.tokens.get(start).map_or(0, |t| t.start);
        let to = end
            .checked_sub(1)
            .and_then(|e| self.tokens.get(e))
            .map_or(from, |t| t.end);
        self.text.get(from..to.max(from)).unwrap_or_default()
    }

    fn span(&self, said: &Said, meant: &Meant<'_>) -> TimeSpan {
        let mut text = self.slice(said.start, said.end).to_owned();
        if let Some((start, end)) = said.also {
            text.push_str(" … ");
            text.push_str(self.slice(start, end));
        }
        TimeSpan {
            text,
            at: meant.zone.instant(meant.local.at),
            from: meant.local.from.map(|t| meant.zone.instant(t)),
            to: meant.local.to.map(|t| meant.zone.instant(t)),
            grain: meant.local.grain,
            rule: said.rule,
        }
    }

    /// Whether a wish and its time stand with an hour that no clock shows, such as "25:00" or "10:75" (rule S4).
    fn has_no_time_of_day(&self, hit: &Hit, said: &Said) -> bool {
        let (start, end) = (hit.start.min(said.start), hit.end.max(said.end));
        let near = self.tokens.get(start..).unwrap_or_default();
        let near = near.get(..end - start + BESIDE_TIME).unwrap_or(near);
        near.windows(3).any(|three| match three {
            [hour, colon, minute] => match (hour.number(), colon.kind, minute.number()) {
                (Some(hour), Kind::Sign(':'), Some(minutes)) => {
                    colon.glued && minute.glued && minute.len() == 2 && (hour > 24 || minutes > 59)
                }
                _ => false,
            },
            _ => false,
        })
    }

    /// The words that show a wish and its time.
    fn evidence(&self, hit: &Hit, said: &Said) -> String {
        let (start, end) = (hit.start.min(said.start), hit.end.max(said.end));
        let whole = self.slice(start, end);
        if whole.len() <= 120 {
            return whole.to_owned();
        }
        format!(
            "{} … {}",
            self.slice(hit.start, hit.end),
            self.slice(said.start, said.end)
        )
    }
}

/// The times said, by the rules of the language and of those whose words stand out in the message.
fn times(
    grammar: &'static Grammar,
    tokens: &[Token],
    language: Language,
    input: &Input<'_>,
    room: &mut time::reader::Room,
) -> (Vec<Said>, Option<chrono::NaiveDateTime>) {
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
