//! Finds the times in a message and puts together what belongs together.

use super::build::combine;
use super::reader::Reader;
use super::value::{Bound, Clock, Day, Piece, Value};
use crate::detect::Grain;
use crate::detect::grammar::{STARTS, Slot};
use crate::detect::pattern::{SlotId, Subject as _};
use crate::detect::token::Token;

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
    /// Said not to be meant.
    pub(in crate::detect) negated: bool,
    /// What something is about, not when to write.
    pub(in crate::detect) topic: bool,
    /// Takes the place of the time before it.
    pub(in crate::detect) instead: bool,
}

/// The times of a message, in order.
pub(in crate::detect) fn find(reader: &mut Reader<'_>) -> Vec<Said> {
    let mut pieces = scan(reader);
    if pieces.is_empty() {
        return pieces;
    }
    pieces = merge_neighbours(reader, pieces);
    for said in &mut pieces {
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
    while let Some(token) = reader.tokens.get(at).copied() {
        let starts = token.number().is_some() || reader.speech.bits(token.word) & STARTS != 0;
        let mut best: Option<(usize, Value, &'static str)> = None;
        if starts && !inside_word(reader.tokens, at) {
            for slot in ALONE {
                let many = reader.slot(slot as SlotId, at);
                let mut found = None;
                for index in 0..many {
                    let Some(reading) = reader.entry(slot as SlotId, at, index) else {
                        break;
                    };
                    let counted = is_loose(&reading.1) && counts(reader, reading.0);
                    let cut = slot == Slot::Day
                        && (in_range(reader.tokens, reading.0) || is_hour(reader, reading.0))
                        || slot == Slot::Period && misses_day(reader, at, &reading);
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
            pieces.push(Said {
                start: at,
                end,
                also: None,
                piece,
                rule,
                negated: false,
                topic: false,
                instead: false,
            });
        }
        at = end.max(at + 1);
    }
    pieces
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
fn counts(reader: &mut Reader<'_>, at: usize) -> bool {
    reader.joined(at)
        && (reader.longest(Slot::Counted, at).is_some()
            || reader
                .tokens
                .get(at)
                .is_some_and(|t| t.glued && t.number().is_none() && !t.is('-')))
}

fn merge_neighbours(reader: &mut Reader<'_>, pieces: Vec<Said>) -> Vec<Said> {
    let mut out: Vec<Said> = Vec::with_capacity(pieces.len());
    for mut said in pieces {
        loose_before(reader, &mut said, out.last().map_or(0, |s| s.end));
        let mut merged = false;
        if let Some(last) = out.last_mut() {
            merged = merge(reader, last, &said);
        }
        if !merged {
            if let Some(last) = out.last_mut() {
                loose_after(reader, last, said.start);
                put_right(reader, last, said.start);
            }
            out.push(said);
        }
        if merged && let Some(last) = out.last_mut() {
            last.rule = longer_rule(last.rule, said.rule);
        }
    }
    let limit = reader.tokens.len();
    if let Some(last) = out.last_mut() {
        loose_after(reader, last, limit);
        put_right(reader, last, limit);
    }
    out
}

fn longer_rule(a: &'static str, b: &'static str) -> &'static str {
    if b.len() > a.len() { b } else { a }
}

/// "Friday 3-5": hours that only the day before them shows.
fn loose_after(reader: &mut Reader<'_>, said: &mut Said, limit: usize) {
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
fn put_right(reader: &mut Reader<'_>, said: &mut Said, limit: usize) {
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
fn loose_before(reader: &mut Reader<'_>, said: &mut Said, limit: usize) {
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
        let found: Vec<_> = reader.readings(Slot::Loose, from).collect();
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

/// What stands between two pieces.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Between {
    Nothing,
    To,
    Other,
}

fn between(reader: &mut Reader<'_>, from: usize, to: usize) -> Between {
    let mut at = from;
    let mut seen = Between::Nothing;
    for place in from..=to {
        if !reader.joined(place) && place < reader.tokens.len() {
            return Between::Other;
        }
    }
    while at < to {
        if reader.tokens.get(at).is_some_and(|t| t.is('-')) && seen == Between::Nothing {
            seen = Between::To;
            at += 1;
            continue;
        }
        let glue = reader.longest(Slot::Glue, at).map_or(at, |(end, _, _)| end);
        let link = reader.longest(Slot::To, at).map_or(at, |(end, _, _)| end);
        if link > at && link >= glue && link <= to && seen == Between::Nothing {
            seen = Between::To;
            at = link;
        } else if glue > at && glue <= to {
            at = glue;
        } else {
            return Between::Other;
        }
    }
    seen
}

fn merge(reader: &mut Reader<'_>, last: &mut Said, next: &Said) -> bool {
    if last.piece.past != next.piece.past {
        return false;
    }
    let today = reader.now.date();
    let link = between(reader, last.end, next.start);
    let (a, b) = (last.piece, next.piece);
    let merged = match link {
        Between::Other => None,
        Between::To => range(a, b).or_else(|| {
            // "Friday - 3 pm", "a las 3 de la tarde"
            join(a, b, today)
        }),
        Between::Nothing => join(a, b, today),
    };
    let Some(piece) = merged else { return false };
    last.piece = piece;
    last.end = next.end;
    true
}

/// A length of time, not a point in it: "for three days".
fn lasts(piece: &Piece) -> bool {
    piece.bound == Bound::Within
}

/// Two pieces that say one time.
fn join(a: Piece, b: Piece, today: chrono::NaiveDate) -> Option<Piece> {
    if lasts(&a) || lasts(&b) {
        return None;
    }
    if a.moment.is_some() || b.moment.is_some() {
        // "today in one hour"
        let (m, other) = if a.moment.is_some() { (a, b) } else { (b, a) };
        return (other.is_day() && other.day == Day::Date(today)).then_some(m);
    }
    let mut piece = a;
    if a.until_day != Day::None && b.is_tod() && a.until_clock.is_none() && b.clock.is_some() {
        piece.until_clock = b.clock;
        return Some(piece);
    }
    match (a.clock, b.clock) {
        (Some(_), Some(_)) => return None,
        (None, Some(_)) => {
            piece.clock = b.clock;
            piece.until_clock = b.until_clock;
        }
        _ => {}
    }
    match (a.part, b.part) {
        (Some(x), Some(y)) => {
            // "this morning", "in the morning": the narrower counts.
            piece.part = Some(if y.to - y.from < x.to - x.from { y } else { x });
            if a.day != Day::None && b.day != Day::None && a.day != b.day {
                return None;
            }
        }
        (None, Some(_)) => piece.part = b.part,
        _ => {}
    }
    if a.day != Day::None && b.day != Day::None {
        if a.until_day != Day::None || b.until_day != Day::None {
            return None;
        }
        piece.day = combine(a.day, b.day, today)?;
    } else if b.day != Day::None {
        piece.day = b.day;
        piece.until_day = b.until_day;
        piece.hint = b.hint;
    }
    if piece.bound == Bound::At {
        piece.bound = b.bound;
    }
    piece.doubtful |= b.doubtful;
    Some(piece)
}

/// Two pieces that are the ends of a range.
fn range(a: Piece, b: Piece) -> Option<Piece> {
    if a.moment.is_some()
        || b.moment.is_some()
        || a.until_day != Day::None
        || lasts(&a)
        || lasts(&b)
    {
        return None;
    }
    let mut piece = a;
    match (a.clock, b.clock) {
        (Some(_), Some(clock)) if a.until_clock.is_none() => {
            piece.until_clock = Some(clock);
            if b.day != Day::None {
                if a.day == Day::None {
                    piece.day = b.day;
                } else {
                    piece.until_day = b.day;
                }
            }
            if piece.part.is_none() {
                piece.part = b.part;
            }
            Some(piece)
        }
        (None, _) | (_, None) if a.day != Day::None && b.day != Day::None => {
            piece.until_day = b.day;
            piece.until_clock = b.clock;
            if let (Day::Yearly(m, d), Day::Date(end)) = (a.day, b.day)
                && let Some(start) = super::calendar::ymd(chrono::Datelike::year(&end), m, d)
                && start <= end
            {
                piece.day = Day::Date(start);
            }
            if let (Day::Dom(d), Day::Date(end)) = (a.day, b.day) {
                piece.day = Day::Date(chrono::Datelike::with_day(&end, u32::from(d))?);
            }
            if let (Day::Dom(d), Day::Yearly(m, _)) = (a.day, b.day) {
                piece.day = Day::Yearly(m, d);
            }
            Some(piece)
        }
        _ => None,
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

/// What the words around a time say about it.
fn around(reader: &mut Reader<'_>, said: &mut Said) {
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
    if let Some(from) = ends_at(reader, Slot::Instead, start) {
        said.instead = true;
        start = from;
    }
    let not = ends_at(reader, Slot::Not, start).is_some();
    let unfit = said.end < reader.tokens.len()
        && reader.joined(said.end)
        && reader.longest(Slot::Unfit, said.end).is_some();
    said.negated = not && !said.instead || unfit;
    said.topic = ends_at(reader, Slot::Topic, start).is_some()
        || reader.joined(said.end)
            && said.piece.bound == Bound::At
            && reader.longest(Slot::Thing, said.end).is_some();
    said.start = start;
}

/// "at 3, no, 4": what is put right goes.
fn correct(pieces: &mut Vec<Said>) {
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

/// "tomorrow I'm free, say around 4?": one day and one time of day, apart from each other.
fn merge_apart(pieces: &mut Vec<Said>) {
    let usable = |s: &Said| !s.topic && s.piece.moment.is_none();
    if pieces
        .iter()
        .any(|s| usable(s) && !s.piece.is_day() && !s.piece.is_tod())
    {
        return;
    }
    let single = |day: &Day| !matches!(day, Day::Range(..)) && *day != Day::None;
    let day = pieces.iter().position(|s| {
        usable(s) && s.piece.is_day() && s.piece.until_day == Day::None && single(&s.piece.day)
    });
    let tod = pieces
        .iter()
        .position(|s| usable(s) && s.piece.is_tod() && s.piece.clock.is_some())
        .or_else(|| pieces.iter().position(|s| usable(s) && s.piece.is_tod()));
    let (Some(day), Some(tod)) = (day, tod) else {
        return;
    };
    let (Some(d), Some(t)) = (pieces.get(day).copied(), pieces.get(tod).copied()) else {
        return;
    };
    let mut whole = d;
    whole.piece.clock = t.piece.clock;
    whole.piece.until_clock = t.piece.until_clock;
    whole.piece.part = t.piece.part;
    whole.piece.bound = if t.piece.bound == Bound::At {
        d.piece.bound
    } else {
        t.piece.bound
    };
    whole.also = Some((t.start, t.end));
    if t.start < d.start {
        whole.also = Some((d.start, d.end));
        (whole.start, whole.end) = (t.start, t.end);
    }
    whole.rule = longer_rule(d.rule, t.rule);
    if let Some(place) = pieces.get_mut(day) {
        *place = whole;
    }
    pieces.remove(tod);
}

/// Twelve hours later may be meant: the reading that lies in the part, or nearer to it.
pub(super) fn by_part(clock: Clock, from: i32, to: i32) -> i32 {
    let distance = |m: i32| {
        [m, m + 1440]
            .into_iter()
            .map(|m| (from - m).max(m - to).max(0))
            .min()
            .unwrap_or(0)
    };
    let other = (clock.minutes + 720) % 1440;
    if distance(other) < distance(clock.minutes) {
        other
    } else {
        clock.minutes
    }
}
