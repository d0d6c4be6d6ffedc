//! Finds what a message wants: the intent rules of all languages at once, called up by their rarest words.

use super::grammar::{Call, Grammar, Intent, Want, WordSet};
use super::pattern::{Edge, SlotId, Subject, longest};
use super::time::compose::Said;
use super::token::{Kind, Token};
use super::vocabulary::UNKNOWN;
use crate::model::Language;

/// A rule that matched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) want: Want,
    /// The first token.
    pub(super) start: usize,
    /// After the last token.
    pub(super) end: usize,
    pub(super) label: &'static str,
    pub(super) language: Language,
}

/// A message in the eyes of the intent rules.
struct Message<'a> {
    grammar: &'a Grammar,
    tokens: &'a [Token],
    /// By the token at which a time begins, the one after it; 0 elsewhere.
    time_ends: Vec<usize>,
}

impl Message<'_> {
    fn is_filler(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|t| self.grammar.filler_in(t.word) != 0)
    }

    /// Whether it is a filler of this language.
    fn is_filler_of(&self, at: usize, language: Language) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|t| self.grammar.filler_in(t.word) & (1 << language as u8) != 0)
    }

    /// Whether a name signs the message from `at` on: "STOP - Ana".
    fn signed(&self, at: usize) -> bool {
        let rest = self.tokens.get(at..).unwrap_or_default();
        let (sign, names) = match rest {
            [first, names @ ..] if first.is('-') => (true, names),
            names => (false, names),
        };
        let parted = sign || names.first().is_some_and(|t| t.comma || t.begins());
        parted
            && (1..=2).contains(&names.len())
            && names
                .iter()
                .all(|t| t.kind == Kind::Word && t.word == UNKNOWN && t.capital)
    }

    /// Whether it is a thumb held up: "fine 👍" agrees in English, whatever "fine" asks for in Italian.
    fn approves(&self, token: &Token) -> bool {
        token.word != UNKNOWN && token.word == self.grammar.vocabulary.get("👍".as_bytes())
    }

    /// Whether these tokens have the word of this one: "stop stop stop".
    fn says(&self, range: std::ops::Range<usize>, token: &Token) -> bool {
        let mut said = self.tokens.get(range).unwrap_or_default().iter();
        token.word != UNKNOWN && said.any(|t| t.word == token.word)
    }

    /// Whether a time begins here.
    fn begins_time(&self, at: usize) -> bool {
        self.time_ends.get(at).is_some_and(|end| *end > 0)
    }

    fn clause_ends(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_none_or(|t| t.begins() || t.comma || t.is('-') && !t.glued)
    }
}

impl Subject for Message<'_> {
    type Value = ();

    fn tokens(&self) -> &[Token] {
        self.tokens
    }

    fn joined(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else {
            return true;
        };
        !token.breaks
            && (!token.dot
                || at
                    .checked_sub(1)
                    .and_then(|b| self.tokens.get(b))
                    .is_some_and(|b| b.kind == Kind::Word && b.len() <= 2))
    }

    fn edge(&self, at: usize, edge: Edge) -> bool {
        match edge {
            Edge::First => at == 0,
            Edge::Last => at == self.tokens.len(),
            Edge::Begins => {
                let mut at = at;
                loop {
                    if at == 0 || self.clause_ends(at) {
                        return true;
                    }
                    if !self.is_filler(at - 1) {
                        return false;
                    }
                    at -= 1;
                }
            }
            Edge::Ends => {
                let mut at = at;
                loop {
                    if self.clause_ends(at) {
                        return true;
                    }
                    if !self.is_filler(at) {
                        return false;
                    }
                    at += 1;
                }
            }
        }
    }

    fn slot(&mut self, slot: SlotId, at: usize) -> usize {
        usize::from(self.found(slot, at, 0).is_some())
    }

    fn found(&self, slot: SlotId, at: usize, _index: usize) -> Option<(usize, ())> {
        if slot == super::grammar::Slot::N as SlotId {
            return self
                .tokens
                .get(at)
                .filter(|t| t.number().is_some())
                .map(|_| (at + 1, ()));
        }
        if slot == super::grammar::Slot::Name as SlotId {
            let token = self.tokens.get(at)?;
            let before = self.tokens.get(at.checked_sub(1)?)?;
            let name = token.kind == Kind::Word && token.name() && !before.capital;
            return name.then_some((at + 1, ()));
        }
        let end = self.time_ends.get(at).filter(|end| **end > 0)?;
        Some((*end, ()))
    }
}

/// No keyword stands in a longer message.
const WHOLE: usize = 24;
/// How far before its anchor a pattern can begin.
const REACH: usize = 16;

/// The rules that match and stand. `times` are those found in the message.
pub(super) fn hits(grammar: &Grammar, tokens: &[Token], times: &[Said]) -> Vec<Hit> {
    let mut hits = matches(grammar, tokens, times);
    let vetoes: Vec<Hit> = hits
        .iter()
        .copied()
        .filter(|h| denied(h.want).is_some())
        .collect();
    let never: Vec<Want> = hits.iter().filter_map(|h| ruled_out(h.want)).collect();
    hits.retain(|h| {
        denied(h.want).is_none()
            && ruled_out(h.want).is_none()
            && !never.contains(&h.want)
            && !vetoes.iter().any(|v| takes_back(v, h))
    });
    hits
}

/// Whether a counter-rule takes back what another found in the same words.
pub(super) fn takes_back(veto: &Hit, hit: &Hit) -> bool {
    denied(veto.want) == Some(hit.want) && veto.start < hit.end && hit.start < veto.end
}

/// The rules that match, with those that take others back.
pub(super) fn matches(grammar: &Grammar, tokens: &[Token], times: &[Said]) -> Vec<Hit> {
    let mut time_ends = Vec::new();
    if !times.is_empty() {
        time_ends.resize(tokens.len(), 0);
        for time in times.iter().rev() {
            if let Some(end) = time_ends.get_mut(time.start) {
                *end = time.end;
            }
        }
    }
    let mut message = Message {
        grammar,
        tokens,
        time_ends,
    };
    let mut hits: Vec<Hit> = Vec::new();
    // Of the sentence up to here that some rule has been looked at for: its end and its words.
    let (mut sentence_ends, mut said) = (0, WordSet::SOME);
    for (place, token) in tokens.iter().enumerate() {
        let by_word = grammar.called_by(token.word);
        let by_time: &[Call] = match message.begins_time(place) {
            true => &grammar.called_by_time,
            false => &[],
        };
        if by_word.is_empty() && by_time.is_empty() {
            continue;
        }
        if place >= sentence_ends {
            let sentence = sentence(tokens, place);
            sentence_ends = sentence.end;
            said = WordSet::of(tokens.get(sentence).unwrap_or_default());
        }
        for call in by_word.iter().chain(by_time) {
            if call.timed && times.is_empty()
                || !call.also.meets(&said)
                || call.whole && tokens.len() > WHOLE
            {
                continue;
            }
            let (least, most) = (usize::from(call.lead.0), usize::from(call.lead.1));
            let (Some(last), Some(rule)) = (
                place.checked_sub(least),
                grammar.intents.get(usize::from(call.rule)),
            ) else {
                continue;
            };
            for start in (place.saturating_sub(most.min(REACH))..=last).rev() {
                if start < place && !message.joined(start + 1) {
                    break;
                }
                let fits = |t| rule.heads.fit(t, message.begins_time(start));
                if !tokens.get(start).is_some_and(fits) {
                    continue;
                }
                let Some((end, _)) = longest(&rule.pattern, &mut message, start) else {
                    continue;
                };
                if end <= place || !holds(&message, rule, start, end) {
                    continue;
                }
                hits.push(Hit {
                    want: rule.want,
                    start,
                    end,
                    label: rule.label,
                    language: rule.language,
                });
                break;
            }
        }
    }
    hits
}

/// The sentence around a token.
fn sentence(tokens: &[Token], at: usize) -> std::ops::Range<usize> {
    let (before, behind) = tokens.split_at_checked(at + 1).unwrap_or((tokens, &[]));
    let first = before.iter().rposition(|t| t.breaks).unwrap_or(0);
    let length = behind.iter().position(|t| t.breaks);
    first..length.map_or(tokens.len(), |l| before.len() + l)
}

/// What a counter-rule denies.
pub(super) const fn denied(want: Want) -> Option<Want> {
    match want {
        Want::OptOutNot => Some(Want::OptOut),
        Want::NotInterestedNot => Some(Want::NotInterested),
        Want::BookedNot => Some(Want::Booked),
        Want::AskNot => Some(Want::Ask),
        Want::BusyNot => Some(Want::Busy),
        _ => None,
    }
}

/// What a rule takes back wherever it stands in the message.
pub(super) const fn ruled_out(want: Want) -> Option<Want> {
    match want {
        Want::NotInterestedNever => Some(Want::NotInterested),
        Want::BusyNever => Some(Want::Busy),
        _ => None,
    }
}

/// Whether a match counts where it stands.
fn holds(message: &Message<'_>, rule: &Intent, start: usize, end: usize) -> bool {
    let want = rule.want;
    let rest = if want == Want::OptOutWord && message.signed(end) {
        end
    } else {
        message.tokens.len()
    };
    match want {
        Want::OptOutWord | Want::OptIn => (0..start).chain(end..rest).all(|i| {
            message.is_filler_of(i, rule.language)
                || message.is_filler_of(i, Language::En)
                || message.tokens.get(i).is_some_and(|t| {
                    matches!(t.kind, Kind::Sign(_))
                        || want == Want::OptOutWord
                            && (t.picture && !message.approves(t) || message.says(start..end, t))
                })
        }),
        Want::NotInterested | Want::Booked | Want::Busy => {
            rule.asks || !message.tokens.get(start).is_some_and(|t| t.question)
        }
        _ => true,
    }
}

/// Whether the tokens are all covered by hits of these wants, or fillers.
pub(super) fn covered(grammar: &Grammar, tokens: &[Token], hits: &[Hit], wants: &[Want]) -> bool {
    let mut seen = false;
    let mut at = 0;
    while at < tokens.len() {
        let end = hits
            .iter()
            .filter(|h| wants.contains(&h.want) && h.start == at)
            .map(|h| h.end)
            .max();
        if let Some(end) = end {
            seen = true;
            at = end.max(at + 1);
            continue;
        }
        let filler = tokens
            .get(at)
            .is_some_and(|t| matches!(t.kind, Kind::Sign(_)) || grammar.filler_in(t.word) != 0);
        if !filler {
            return false;
        }
        at += 1;
    }
    seen
}
