//! Times of day in digits.

use super::run::{sign_at, stands_alone};
use super::{NUMBER, clock_of};
use crate::detect::Grain;
use crate::detect::grammar::Slot;
use crate::detect::pattern::Subject as _;
use crate::detect::time::reader::{Found, Reader};
use crate::detect::time::value::{Clock, Piece, Value};
use crate::detect::token::Kind;

fn piece(minutes: i32, seconds: i32, either: bool, marked: bool, grain: Grain) -> Value {
    Value::Piece(Piece {
        clock: Some(Clock {
            minutes,
            seconds,
            either,
            marked,
            grain,
        }),
        ..Piece::default()
    })
}

/// "8.30" beside a word that shows an hour, in a language that writes 8:30.
fn dotted(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    if let (Some(h), Some(m)) = (tokens.get(at), tokens.get(at + 2))
        && let (Some(hour @ 0..24), Some(min @ 0..60)) = (h.number(), m.number())
        && sign_at(tokens, at + 1) == Some('.')
        && h.len() <= 2
        && m.len() == 2
        && min % 5 == 0
        && stands_alone(tokens, at, at + 3)
    {
        let minutes = i32::try_from(hour * 60 + min).unwrap_or(0);
        let either = (1..=12).contains(&hour);
        out.push((
            at + 3,
            piece(minutes, 0, either, false, Grain::Minute),
            NUMBER,
        ));
    }
}

/// An hour, with what may follow it: "3", "3 pm", "15h", "15h30", "8 Uhr".
pub(super) fn hour(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    if !reader.speech.dotted_clock {
        dotted(reader, at, out);
    }
    let numbers = reader.readings(Slot::N, at);
    for (end, value, _) in numbers {
        let Value::Int(n) = value else { continue };
        let digits = tokens.get(at).is_some_and(|t| t.number().is_some());
        // "à une" is more often an article than an hour.
        let article = n == 1 && !digits && reader.speech.one_is_article;
        if digits && (100..2400).contains(&n) && n % 100 < 60 {
            let leading = tokens.get(at).is_some_and(|t| t.len() == 4) && n < 1000;
            let either = n / 100 <= 12 && !leading;
            with_meridiem(
                reader,
                end,
                n / 100 * 60 + n % 100,
                Grain::Minute,
                either,
                false,
                out,
            );
            // "at 1530" is an hour; "at 2015" is more often a year or a price.
            let plain = leading || n >= 1300 && n % 100 % 15 == 0 && !(1900..2100).contains(&n);
            if !plain {
                out.retain(|(_, v, _)| clock_of(v).is_none_or(|c| c.marked));
            }
            continue;
        }
        if !(0..=24).contains(&n) || digits && tokens.get(at).is_some_and(|t| t.len() > 2) {
            continue;
        }
        let either = (1..=12).contains(&n)
            && !(digits && tokens.get(at).is_some_and(|t| t.len() == 2) && n < 10);
        let mut ends = vec![(end, false, n * 60, Grain::Hour)];
        if let Some((marked, _, _)) = reader.longest(Slot::Mark, end) {
            ends.push((marked, true, n * 60, Grain::Hour));
            if let Some(next) = tokens.get(marked)
                && let Some(min) = next.number()
                && min < 60
                && (next.glued && next.len() <= 2
                    || digits
                        && next.len() == 2
                        && reader.joined(marked)
                        && !next.comma
                        && stands_alone(tokens, marked, marked + 1)
                        && reader.longest(Slot::Counted, marked + 1).is_none())
            {
                let minutes = n * 60 + i32::try_from(min).unwrap_or(0);
                let end = skip_small_units(reader, marked + 1);
                ends.push((end, true, minutes, Grain::Minute));
            }
        }
        if let Some((marked, _, _)) = reader.longest(Slot::WeakMark, end) {
            ends.push((marked, false, n * 60, Grain::Hour));
        }
        ends.retain(|(_, marked, _, _)| *marked || !article);
        for (end, marked, minutes, grain) in ends {
            with_meridiem(reader, end, minutes, grain, either, marked, out);
        }
    }
}

/// "8h10m", "12h34min25s"
fn skip_small_units(reader: &mut Reader<'_>, at: usize) -> usize {
    let tokens = reader.tokens;
    let mut end = at;
    if let Some(t) = tokens.get(end)
        && t.glued
        && t.kind == Kind::Word
        && t.len() <= 3
        && reader.longest(Slot::Meridiem, end).is_none()
    {
        end += 1;
        if tokens
            .get(end)
            .is_some_and(|t| t.glued && t.number().is_some())
            && tokens.get(end + 1).is_some_and(|t| t.glued && t.len() == 1)
        {
            end += 2;
        }
    }
    end
}

fn with_meridiem(
    reader: &mut Reader<'_>,
    end: usize,
    minutes: i32,
    grain: Grain,
    either: bool,
    marked: bool,
    out: &mut Found,
) {
    out.push((end, piece(minutes, 0, either, marked, grain), NUMBER));
    if reader.joined(end)
        && let Some((last, Value::Meridiem(pm), _)) = reader.longest(Slot::Meridiem, end)
        && minutes <= 24 * 60
    {
        out.push((
            last,
            piece(at_meridiem(minutes, pm), 0, false, true, grain),
            NUMBER,
        ));
    }
}

/// Minutes since midnight, with "am" or "pm".
pub(in crate::detect::time) fn at_meridiem(minutes: i32, pm: bool) -> i32 {
    match (minutes / 60, pm) {
        (12, false) => minutes - 12 * 60,
        (0..12, true) => minutes + 12 * 60,
        _ => minutes,
    }
}

/// "3:30", "3:30:15", "3.30" with what may follow.
pub(super) fn clock(reader: &mut Reader<'_>, at: usize, out: &mut Found) {
    let tokens = reader.tokens;
    if let (Some(h), Some(m)) = (tokens.get(at), tokens.get(at + 2))
        && let (Some(hour), Some(min)) = (h.number(), m.number())
        && let Some(sign) = sign_at(tokens, at + 1)
        && m.glued
        && tokens.get(at + 1).is_some_and(|t| t.glued)
        && h.len() <= 2
        && m.len() == 2
        && hour <= 24
        && min < 60
        && hour * 60 + min <= 24 * 60
    {
        let minutes = i32::try_from(hour * 60 + min).unwrap_or(0);
        let either = (1..=12).contains(&hour) && !(h.len() == 2 && hour < 10);
        let mut found = Vec::new();
        match sign {
            ':' => {
                let (mut end, mut seconds, mut grain) = (at + 3, 0, Grain::Minute);
                if sign_at(tokens, at + 3) == Some(':')
                    && let Some(s) = tokens.get(at + 4)
                    && let Some(sec) = s.number().filter(|n| *n < 60)
                {
                    (end, seconds, grain) =
                        (at + 5, i32::try_from(sec).unwrap_or(0), Grain::Second);
                }
                if stands_alone(tokens, at, end) {
                    with_meridiem(reader, end, minutes, grain, either, true, &mut found);
                    if let Some((marked, _, _)) = reader.longest(Slot::Mark, end) {
                        with_meridiem(reader, marked, minutes, grain, either, true, &mut found);
                    }
                    for (_, value, _) in &mut found {
                        if let Value::Piece(Piece { clock: Some(c), .. }) = value {
                            c.seconds = seconds;
                        }
                    }
                }
            }
            '.' if stands_alone(tokens, at, at + 3) => {
                with_meridiem(
                    reader,
                    at + 3,
                    minutes,
                    Grain::Minute,
                    either,
                    true,
                    &mut found,
                );
                if !reader.speech.dotted_clock {
                    found.retain(|(end, _, _)| *end > at + 3);
                }
                if let Some((marked, _, _)) = reader.longest(Slot::Mark, at + 3) {
                    with_meridiem(
                        reader,
                        marked,
                        minutes,
                        Grain::Minute,
                        either,
                        true,
                        &mut found,
                    );
                }
            }
            _ => {}
        }
        out.extend(found);
    }
    let hours = reader.readings(Slot::Oclock, at);
    out.extend(hours);
}
