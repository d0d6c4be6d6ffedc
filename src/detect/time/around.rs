//! What the words around a time say about it.

use super::compose::{Said, counts};
use super::reader::Reader;
use super::value::{Bound, Day, Value};
use crate::detect::grammar::Slot;
use crate::detect::pattern::{SlotId, Subject as _};

/// What the words around a time say about it.
pub(super) fn around(reader: &mut Reader<'_>, said: &mut Said) {
    let mut start = said.start;
    if said.piece.bound == Bound::At {
        let mut best = start;
        for (slot, bound) in [
            (Slot::After, Bound::After),
            (Slot::Until, Bound::Until),
            (Slot::Before, Bound::Before),
            (Slot::Within, Bound::Within),
            (Slot::From, Bound::At),
        ] {
            if let Some(from) = ends_at(reader, slot, start)
                && from < best
            {
                said.piece.bound = bound;
                best = from;
            }
        }
        start = best;
    }
    if let Some(from) = ends_at(reader, Slot::From, start) {
        start = from;
    }
    // "today I can't, tomorrow I can": a comma ends what is refused.
    let apart = reader.tokens.get(start).is_some_and(|t| t.comma);
    let not = !apart && ends_at(reader, Slot::Not, start).is_some();
    said.refused = not;
    if let Some(from) = ends_at(reader, Slot::Instead, start) {
        said.instead = true;
        start = from;
    }
    let unfit = said.end < reader.tokens.len()
        && reader.joined(said.end)
        && reader.longest(Slot::Unfit, said.end).is_some();
    said.negated = not && !said.instead || unfit;
    said.topic = said.piece.bound == Bound::At
        && (ends_at(reader, Slot::Topic, start).is_some()
            || reader.joined(said.end) && reader.longest(Slot::Thing, said.end).is_some());
    said.start = start;
}

/// "at 3, no, 4": what is put right goes.
pub(super) fn correct(pieces: &mut Vec<Said>) {
    // "not tomorrow, Friday": nothing is put right by the first.
    let more = pieces.len() > 1;
    if let Some(first) = pieces.first_mut() {
        first.negated |= more && first.instead && first.refused;
    }
    let mut at = 1;
    while at < pieces.len() {
        let (before, here) = (pieces.get(at - 1).copied(), pieces.get(at).copied());
        if let (Some(before), Some(mut here)) = (before, here)
            && here.instead
            && !here.negated
            && !(here.piece.is_day() && before.piece.is_tod())
            && !(here.piece.is_tod() && before.piece.is_day())
        {
            // "tomorrow at 3, no, at 4" keeps the day.
            if here.piece.is_tod() && before.piece.day != Day::None {
                here.piece.day = before.piece.day;
            }
            if let Some(place) = pieces.get_mut(at) {
                *place = here;
            }
            pieces.remove(at - 1);
        } else {
            at += 1;
        }
    }
    pieces.retain(|s| !s.negated && !s.piece.past);
}

/// "Friday 3-5": hours that only the day before them shows.
pub(super) fn loose_after(reader: &mut Reader<'_>, said: &mut Said, limit: usize) {
    if !(said.piece.is_day() || said.piece.part.is_some() && said.piece.clock.is_none())
        || said.piece.past
        || said.piece.until_day != Day::None
    {
        return;
    }
    let mut at = said.end;
    if let Some((end, _, _)) = reader.longest(Slot::Glue, at) {
        at = end;
    }
    if at >= limit
        || !reader.joined(at)
        || reader
            .tokens
            .get(at)
            .is_some_and(|t| t.glued && at == said.end)
    {
        return;
    }
    if let Some((end, Value::Piece(piece), _)) = reader.longest(Slot::Loose, at)
        && end <= limit
        && !counts(reader, end)
        && piece.clock.is_some()
    {
        said.piece.clock = piece.clock;
        said.piece.until_clock = piece.until_clock;
        said.end = end;
    }
}

/// "at 3, no, 4": an hour in the place of another.
pub(super) fn put_right(reader: &mut Reader<'_>, said: &mut Said, limit: usize) {
    if said.piece.clock.is_none() || said.piece.until_clock.is_some() {
        return;
    }
    if let Some((from, _, _)) = reader.longest(Slot::Instead, said.end)
        && from < limit
        && reader.joined(said.end)
        && reader.joined(from)
        && let Some((end, Value::Piece(piece), _)) = reader.longest(Slot::Loose, from)
        && end <= limit
        && !counts(reader, end)
        && piece.clock.is_some()
    {
        said.piece.clock = piece.clock;
        said.end = end;
    }
}

/// "9 tomorrow", "6-8 next Monday"
pub(super) fn loose_before(reader: &mut Reader<'_>, said: &mut Said, limit: usize) {
    if !(said.piece.is_day() || said.piece.part.is_some() && said.piece.clock.is_none())
        || said.piece.past
    {
        return;
    }
    for back in 1..=5 {
        let Some(from) = said.start.checked_sub(back) else {
            return;
        };
        if from < limit || !reader.joined(from + 1) {
            return;
        }
        let begins = from == 0
            || !reader.joined(from)
            || reader.tokens.get(from).is_some_and(|t| t.comma)
            || back >= 3
            || back == 1 && said.piece.part.is_some() && said.piece.day != Day::None;
        let found = reader.readings(Slot::Loose, from);
        for (end, value, _) in found {
            let reaches = end == said.start
                || reader
                    .longest(Slot::Glue, end)
                    .is_some_and(|(g, _, _)| g == said.start);
            if reaches
                && begins
                && reader.joined(said.start)
                && let Value::Piece(piece) = value
            {
                said.piece.clock = piece.clock;
                said.piece.until_clock = piece.until_clock;
                said.start = from;
                return;
            }
        }
    }
}

/// Where a reading of `slot` that ends at `end` begins.
fn ends_at(reader: &mut Reader<'_>, slot: Slot, end: usize) -> Option<usize> {
    let mut found = None;
    for back in 1..=5 {
        let Some(from) = end.checked_sub(back) else {
            break;
        };
        if !reader.joined(from + 1) {
            break;
        }
        let many = reader.slot(slot as SlotId, from);
        if (0..many).any(|i| {
            reader
                .found(slot as SlotId, from, i)
                .is_some_and(|(e, _)| e == end)
        }) {
            found = Some(from);
        }
    }
    found
}
