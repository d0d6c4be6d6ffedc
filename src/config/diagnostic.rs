//! How a fault of the configuration is shown: where it is, the line itself with carets, and what to write.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::findings::{Span, Spot};
use super::suggest::sounds_secret;
use crate::error::{Failure, Outcome};

/// Everything that is wrong with a configuration. It shows itself as the whole report, and `?` makes a
/// [`Failure`] of it that maps to [`Outcome::Config`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    /// The file, as it is shown.
    pub file: String,
    /// What is wrong, in the order of the file.
    pub faults: Vec<Note>,
}

/// One fault or warning, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The file, as it is shown.
    pub file: String,
    /// The line and column, both from 1; `None` for what the file does not say at all.
    pub place: Option<(usize, usize)>,
    /// The dotted path of the key; empty where there is none.
    pub path: String,
    /// What is wrong and what to write.
    pub message: String,
    excerpt: Option<Excerpt>,
}

/// A warning: what is allowed, and hardly meant.
pub type Warning = Note;

/// A line as it is shown, and which of its columns are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    text: String,
    carets: Range<usize>,
}

/// A shown line is cut to this width.
const WIDTH: usize = 100;

/// What stands for a secret.
const MASK: &str = "***";

/// The text of a file, where its lines are, and what of it must not be shown.
pub(super) struct Source<'a> {
    file: String,
    text: &'a str,
    masked: Vec<Span>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &Path, text: &'a str, masked: Vec<Span>) -> Self {
        Self {
            file: file.display().to_string(),
            text,
            masked,
        }
    }

    /// Everything noted, in the order of the file.
    pub(super) fn notes(&self, mut found: Vec<(Spot, String)>) -> Vec<Note> {
        found.sort_by_key(|(spot, _)| spot.span.as_ref().map(|s| s.start));
        found
            .into_iter()
            .map(|(spot, message)| self.note(spot, message))
            .collect()
    }

    pub(super) fn diagnostics(&self, found: Vec<(Spot, String)>) -> Diagnostics {
        Diagnostics {
            file: self.file.clone(),
            faults: self.notes(found),
        }
    }

    /// A fault of TOML itself. Its line is not understood: whatever may be a secret in it is not shown.
    pub(super) fn syntax(mut self, errors: &[toml::de::Error]) -> Diagnostics {
        let mut found = Vec::new();
        for error in errors {
            let span = error.span().map(|s| self.on_a_line(s));
            if let Some(span) = &span {
                let line = self.line_at(span.start);
                self.masked
                    .extend(guess_secret(&self.text[line.clone()], line.start));
            }
            let path = String::new();
            found.push((
                Spot { span, path },
                format!("not TOML: {}", error.message()),
            ));
        }
        self.diagnostics(found)
    }

    /// A fault after the last character of a line is at that character.
    fn on_a_line(&self, span: Span) -> Span {
        let start = span.start.min(self.text.len());
        if start == self.text.len() && self.text.ends_with('\n') {
            let end = self.text.trim_end().len();
            return end..end;
        }
        start..span.end.clamp(start, self.text.len())
    }

    fn note(&self, spot: Spot, message: String) -> Note {
        let place = spot.span.as_ref().map(|span| {
            let before = &self.text[..span.start];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            (line, column)
        });
        Note {
            file: self.file.clone(),
            place,
            path: spot.path,
            message,
            excerpt: spot.span.map(|span| self.excerpt(&span)),
        }
    }

    fn line_at(&self, at: usize) -> Span {
        let start = self.text[..at].rfind('\n').map_or(0, |n| n + 1);
        let end = self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |n| at + n);
        let end = start + self.text[start..end].trim_end_matches('\r').len();
        start..end.max(start)
    }

    fn excerpt(&self, span: &Span) -> Excerpt {
        let line = self.line_at(span.start);
        let mut shown = String::new();
        let mut columns = 0;
        let (mut first, mut last) = (None, 0);
        let mut at = line.start;
        while at < line.end {
            let masked = self.masked.iter().find(|m| m.contains(&at));
            let (piece, next) = match masked {
                Some(mask) => (MASK.to_owned(), mask.end.min(line.end)),
                None => {
                    let Some(c) = self.text[at..].chars().next() else {
                        break;
                    };
                    (visible(c), at + c.len_utf8())
                }
            };
            let width = piece.width();
            if next > span.start {
                first.get_or_insert(columns);
                if at < span.end.max(span.start + 1) {
                    last = columns + width;
                }
            }
            shown.push_str(&piece);
            columns += width;
            at = next;
        }
        let first = first.unwrap_or(columns);
        Excerpt {
            text: shown,
            carets: first..last.max(first + 1),
        }
        .cut()
    }
}

impl Excerpt {
    /// Leaves out what is far from the carets.
    fn cut(self) -> Self {
        let room = WIDTH - 14;
        if self.text.width() <= room {
            return self;
        }
        let from = match self.carets.end {
            end if end < room => 0,
            _ => self.carets.start.saturating_sub(room / 4),
        };
        let (mut text, mut column) = (String::new(), 0);
        let mut skipped = 0;
        for c in self.text.chars() {
            let width = c.width().unwrap_or(0);
            if column < from {
                skipped = column + width;
            } else if column + width > from + room - 2 {
                text.push('…');
                break;
            } else {
                text.push(c);
            }
            column += width;
        }
        let lead = usize::from(skipped > 0);
        if lead > 0 {
            text.insert(0, '…');
        }
        let start = self.carets.start + lead - skipped;
        let end = (self.carets.end + lead - skipped).min(text.width());
        Self {
            carets: start..end.max(start + 1),
            text,
        }
    }
}

/// A character as it may be shown: none moves the cursor or hides what follows.
fn visible(c: char) -> String {
    match c {
        '\t' => "    ".to_owned(),
        c if c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
        {
            c.escape_unicode().to_string()
        }
        c => c.to_string(),
    }
}

/// In a line that is not TOML: what follows a word that sounds like a secret's name, and any credentials in a
/// URL.
fn guess_secret(line: &str, start: usize) -> Option<Span> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut at = 0;
    for word in line.split_inclusive(|c| !is_word(c)) {
        at += word.len();
        if sounds_secret(word) {
            let rest = line[at..].trim_start_matches([' ', '=', ':']);
            return Some(start + line.len() - rest.len()..start + line.len());
        }
    }
    let scheme = line.find("://")?;
    line[scheme..]
        .contains('@')
        .then_some(start + scheme + 3..start + line.len())
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::new(Outcome::Config, diagnostics.to_string())
    }
}

impl From<Diagnostics> for anyhow::Error {
    fn from(diagnostics: Diagnostics) -> Self {
        Failure::from(diagnostics).into()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self.faults.len() {
            1 => "a problem".to_owned(),
            n => format!("{n} problems"),
        };
        writeln!(f, "{} has {count}", self.file)?;
        for fault in &self.faults {
            write!(f, "\n{fault}")?;
        }
        f.write_str("\nNothing was sent. Check again with: followup check")
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}", self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.path.is_empty() {
            write!(f, "  {}", self.path)?;
        }
        f.write_str("\n")?;
        let (Some(excerpt), Some((line, _))) = (&self.excerpt, self.place) else {
            return wrapped(f, &self.message, 4);
        };
        writeln!(f, "{line:>7} | {}", excerpt.text)?;
        let Range { start, end } = excerpt.carets;
        write!(
            f,
            "        | {}{}",
            " ".repeat(start),
            "^".repeat(end - start)
        )?;
        if 10 + end + 1 + self.message.width() <= WIDTH {
            return writeln!(f, " {}", self.message);
        }
        f.write_str("\n")?;
        wrapped(f, &self.message, 10)
    }
}

/// Writes words, broken into lines that begin at column `indent`.
fn wrapped(f: &mut fmt::Formatter<'_>, words: &str, indent: usize) -> fmt::Result {
    let mut column = 0;
    for word in words.split(' ') {
        if column > 0 && column + 1 + word.width() > WIDTH - indent {
            f.write_str("\n")?;
            column = 0;
        }
        if column == 0 {
            write!(f, "{:indent$}", "")?;
        } else {
            f.write_str(" ")?;
            column += 1;
        }
        f.write_str(word)?;
        column += word.width();
    }
    f.write_str("\n")
}
