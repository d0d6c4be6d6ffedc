//! Puts together what belongs together.

use super::around::{loose_after, loose_before, put_right};
use super::build::combine;
use super::compose::Said;
use super::reader::Reader;
use super::value::{Bound, Clock, Day, Part, Piece};
use crate::detect::grammar::Slot;
use crate::detect::pattern::Subject as _;

pub(super) fn merge_neighbours(reader: &mut Reader<'_>, pieces: Vec<Said>) -> Vec<Said> {
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
    last.zone = last.zone.or(next.zone);
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
    piece.impossible |= b.impossible;
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

/// "tomorrow I'm free, say around 4?": one day, or part of one, and one time of day, apart from each other.
pub(super) fn merge_apart(pieces: &mut Vec<Said>) {
    let usable = |s: &Said| !s.topic && s.piece.moment.is_none();
    let single = |s: &Said| {
        !matches!(s.piece.day, Day::Range(..) | Day::None) && s.piece.until_day == Day::None
    };
    let evening = |s: &Said| single(s) && s.piece.clock.is_none() && s.piece.part.is_some();
    if pieces
        .iter()
        .any(|s| usable(s) && !s.piece.is_day() && !s.piece.is_tod() && !evening(s))
    {
        return;
    }
    let day = pieces
        .iter()
        .position(|s| usable(s) && s.piece.is_day() && single(s))
        .or_else(|| pieces.iter().position(|s| usable(s) && evening(s)));
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
    // "tomorrow evening then, call at 7", but not "tomorrow evening, call at 11".
    let fits = |part: Part, clock: Clock| {
        let spans = [clock.minutes % 720, clock.minutes % 720 + 720];
        spans.iter().any(|m| (part.from - 60..=part.to).contains(m))
    };
    if let Some(part) = d.piece.part
        && !t.piece.clock.is_some_and(|clock| fits(part, clock))
    {
        return;
    }
    let mut whole = d;
    whole.piece.clock = t.piece.clock;
    whole.piece.until_clock = t.piece.until_clock;
    whole.piece.part = t.piece.part.or(d.piece.part);
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
    whole.zone = d.zone.or(t.zone);
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
