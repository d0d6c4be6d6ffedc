//! The words of a message, as written: what a reading shows of them.

use super::TimeSpan;
use super::intent::Hit;
use super::time::compose::Said;
use super::times::Meant;
use super::token::{Kind, Token};

/// How many tokens after a time may still be of it.
const BESIDE_TIME: usize = 6;

/// A message's text and tokens.
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
}

impl Words<'_> {
    /// The words from one token to before another, as written.
    pub(super) fn slice(&self, start: usize, end: usize) -> &str {
        let from = self.tokens.get(start).map_or(0, |t| t.start);
        let to = end
            .checked_sub(1)
            .and_then(|e| self.tokens.get(e))
            .map_or(from, |t| t.end);
        self.text.get(from..to.max(from)).unwrap_or_default()
    }

    pub(super) fn span(&self, said: &Said, meant: &Meant<'_>) -> TimeSpan {
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
    pub(super) fn has_no_time_of_day(&self, hit: &Hit, said: &Said) -> bool {
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
    pub(super) fn evidence(&self, hit: &Hit, said: &Said) -> String {
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
