//! Finds the times in a message.

use super::around::{around, correct};
use super::merge::{merge_apart, merge_neighbours};
use super::reader::Reader;
use super::value::{Day, Piece, Value};
use crate::detect::Grain;
use crate::detect::grammar::{BESIDE, NAMES_TIME, NUMBERS, STARTS, Slot};
use crate::detect::pattern::{SlotId, Subject as _};
use crate::detect::token::{Kind, Token};

/// A time said, before it is resolved.
#[derive(Debug, Clone, Copy)]
pub(in crate::detect) struct Said {
    /// The first token.
    pub(in crate::detect) start: usize,
    /// After the last token.
    pub(in crate::detect) end: usize,
    /// Words elsewhere in the message that belong to it.
    pub(in crate::detect) also: Option<(usize, usize)>,
    pub(in crate::detect) piece: Piece,
    pub(in crate::detect) rule: &'static str,
    /// A word that refuses stands before it.
    pub(in crate::detect) refused: bool,
    /// Said not to be meant.
    pub(in crate::detect) negated: bool,
    /// What something is about, not when to write.
    pub(in crate::detect) topic: bool,
    /// Takes the place of the time before it.
    pub(in crate::detect) instead: bool,
    /// The zone that the words name.
    pub(in crate::detect) zone: Option<&'static str>,
}

/// The times of a message, in order.
pub(in crate::detect) fn find(reader: &mut Reader<'_>) -> Vec<Said> {
    let mut pieces = scan(reader);
    if pieces.is_empty() {
        return pieces;
    }
    pieces = merge_neighbours(reader, pieces);
    for said in &mut pieces {
        in_zone(reader, said);
        around(reader, said);
    }
    correct(&mut pieces);
    merge_apart(&mut pieces);
    // "this evening ... at 6 in the evening": the part is said again, more exactly.
    let exact: Vec<i32> = pieces
        .iter()
        .filter(|s| s.piece.clock.is_some())
        .filter_map(|s| s.piece.part.map(|p| p.from))
        .collect();
    pieces.retain(|s| {
        s.piece.clock.is_some() || s.piece.part.is_none_or(|p| !exact.contains(&p.from))
    });
    pieces
}

/// What can stand by itself, in the order in which it is preferred at equal length.
const ALONE: [Slot; 7] = [
    Slot::Nothing,
    Slot::Past,
    Slot::Day,
    Slot::Period,
    Slot::Time,
    Slot::Clock,
    Slot::Part,
];

fn scan(reader: &mut Reader<'_>) -> Vec<Said> {
    let mut pieces: Vec<Said> = Vec::new();
    let mut at = 0;
    let mut core = 0;
    while let Some(token) = reader.tokens.get(at).copied() {
        // Nothing begins far before a word that can name a time.
        while core < at || reader.tokens.get(core).is_some_and(|t| !is_core(reader, t)) {
            core += 1;
        }
        if core > at + BEFORE_CORE {
            at = core - BEFORE_CORE;
            if core >= reader.tokens.len() {
                break;
            }
            continue;
        }
        let starts = if token.number().is_some() {
            may_begin(reader, at)
        } else {
            reader.speech.bits(token.word) & STARTS != 0
        };
        let mut best: Option<(usize, Value, &'static str)> = None;
        if starts && !inside_word(reader.tokens, at) {
            let can = reader.speech.slots_at(&token);
            for slot in ALONE.into_iter().filter(|s| can & 1 << *s as u64 != 0) {
                let many = reader.slot(slot as SlotId, at);
                let mut found = None;
                for index in 0..many {
                    let Some(reading) = reader.entry(slot as SlotId, at, index) else {
                        break;
                    };
                    let counted = is_loose(&reading.1) && counts(reader, reading.0);
                    let cut = slot == Slot::Day
                        && (in_range(reader.tokens, reading.0)
                            || lettered(reader.tokens, reading.0)
                            || is_hour(reader, reading.0))
                        || slot == Slot::Period && misses_day(reader, at, &reading)
                        || slot == Slot::Clock && is_dom(reader, reading.0);
                    if !counted && !cut {
                        found = Some(reading);
                        break;
                    }
                }
                if let Some(found) = found
                    && best.is_none_or(|(end, _, _)| found.0 > end)
                {
                    best = Some(found);
                }
            }
        }
        let Some((end, value, rule)) = best else {
            at += 1;
            continue;
        };
        if let Some(piece) = piece_of(value) {
            let mut said = Said {
                start: at,
                end,
                also: None,
                piece,
                rule,
                refused: false,
                negated: false,
                topic: false,
                instead: false,
                zone: None,
            };
            in_zone(reader, &mut said);
            at = said.end;
            pieces.push(said);
            continue;
        }
        at = end.max(at + 1);
    }
    pieces
}

/// Takes in the zone that is named right behind a time of day: "at 3 pm EST".
fn in_zone(reader: &mut Reader<'_>, said: &mut Said) {
    if said.piece.clock.is_some()
        && said.zone.is_none()
        && reader.joined(said.end)
        && let Some((end, Value::Zone(name), _)) = reader.longest(Slot::Zone, said.end)
    {
        said.zone = Some(name);
        said.end = end;
    }
}

/// No rule has more words before the first that can name a time.
const BEFORE_CORE: usize = 8;

/// Whether a word names a time or a number.
fn is_core(reader: &Reader<'_>, token: &Token) -> bool {
    token.number().is_some() || reader.speech.bits(token.word) & (NAMES_TIME | NUMBERS) != 0
}

/// Whether a time can begin with the number at `at`, by what stands after it.
fn may_begin(reader: &Reader<'_>, at: usize) -> bool {
    reader.tokens.get(at + 1).is_some_and(|t| {
        t.glued
            || t.kind != Kind::Word
            || reader.speech.bits(t.word) & (NAMES_TIME | NUMBERS | BESIDE) != 0
    })
}

/// Whether a reading that ends at `end` leaves the end of a range of numbers behind: "Monday 11" of "11-4".
fn in_range(tokens: &[Token], end: usize) -> bool {
    tokens.get(end).is_some_and(|t| t.is('-') && t.glued)
        && tokens
            .get(end + 1)
            .is_some_and(|t| t.glued && t.number().is_some())
        && end
            .checked_sub(1)
            .and_then(|e| tokens.get(e))
            .is_some_and(|t| t.number().is_some())
        && end
            .checked_sub(2)
            .and_then(|e| tokens.get(e))
            .is_none_or(|t| !t.is('/') && !t.is('.') && !t.is('-'))
}

/// Whether letters are glued to the number before `end` that no rule reads with it: "the 21x", "el 21ro".
fn lettered(tokens: &[Token], end: usize) -> bool {
    tokens
        .get(end)
        .is_some_and(|t| t.glued && t.kind == Kind::Word && !t.picture)
        && end
            .checked_sub(1)
            .and_then(|e| tokens.get(e))
            .is_some_and(|t| t.number().is_some())
}

/// Whether the number before `end` is an hour by what follows it: "Tue 10am", "mardi 14h".
fn is_hour(reader: &mut Reader<'_>, end: usize) -> bool {
    let digits = end
        .checked_sub(1)
        .and_then(|e| reader.tokens.get(e))
        .is_some_and(|t| t.number().is_some() && t.len() <= 2);
    digits
        && reader.joined(end)
        && (reader.longest(Slot::Meridiem, end).is_some()
            || reader.longest(Slot::Mark, end).is_some())
}

/// Whether the number before `end` is a day by the month that follows it: "after 5 June".
fn is_dom(reader: &mut Reader<'_>, end: usize) -> bool {
    let day = end.checked_sub(1).and_then(|e| reader.tokens.get(e));
    day.is_some_and(|t| t.number().is_some() && t.len() <= 2)
        && reader.joined(end)
        && reader.longest(Slot::Month, end).is_some()
}

/// Whether a month stands beside a number that is no day of it: "30 February", "February 29, 2022".
fn misses_day(reader: &Reader<'_>, at: usize, found: &(usize, Value, &'static str)) -> bool {
    let (
        end,
        Value::Piece(Piece {
            day: Day::Range(_, _, Grain::Month),
            ..
        }),
        _,
    ) = found
    else {
        return false;
    };
    let small = |t: &Token| t.number().is_some() && t.len() <= 2;
    let after = reader
        .tokens
        .get(*end)
        .is_some_and(|t| small(t) && !t.dot && !t.breaks && !t.comma);
    let before = at
        .checked_sub(1)
        .and_then(|b| reader.tokens.get(b))
        .is_some_and(small)
        && reader.tokens.get(at).is_some_and(|t| !t.breaks && !t.comma);
    after || before
}

/// The middle of a word that digits cut, such as the `h` of `15h30`.
fn inside_word(tokens: &[Token], at: usize) -> bool {
    at > 0
        && tokens
            .get(at)
            .is_some_and(|t| t.glued && t.number().is_none())
        && tokens.get(at - 1).is_some_and(|t| t.number().is_some())
}

fn piece_of(value: Value) -> Option<Piece> {
    match value {
        Value::Piece(piece) => Some(piece),
        Value::Part(part) => Some(Piece {
            part: Some(part),
            ..Piece::default()
        }),
        _ => None,
    }
}

fn is_loose(value: &Value) -> bool {
    matches!(value, Value::Piece(Piece { clock: Some(c), until_clock, .. })
        if !c.marked && until_clock.is_none_or(|u| !u.marked))
}

/// Whether what stands at `at` shows that the number before it counts something.
pub(super) fn counts(reader: &mut Reader<'_>, at: usize) -> bool {
    reader.joined(at)
        && (reader.longest(Slot::Counted, at).is_some()
            || reader
                .tokens
                .get(at)
                .is_some_and(|t| t.glued && t.number().is_none() && !t.is('-')))
}
