//! A text as an eye reads it: in lower case, without accents and unseen marks, with look-alikes as the letters
//! and digits that they pose as. Rules are matched here; findings quote the text as it was written.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text made plain, with the way back.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    /// What the rules read.
    pub(super) text: String,
    raw: String,
    /// For each byte of `text`, where its character begins in `raw`.
    from: Vec<u32>,
}

impl Plain {
    pub(super) fn new(raw: &str) -> Self {
        let mut text = String::with_capacity(raw.len());
        let mut from = Vec::with_capacity(raw.len());
        for (at, c) in raw.char_indices() {
            let before = text.len();
            push(&mut text, c);
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            from.extend(std::iter::repeat_n(at, text.len() - before));
        }
        Self {
            text,
            raw: raw.to_owned(),
            from,
        }
    }

    /// The words as written.
    pub(super) fn words(&self, range: Range<usize>) -> String {
        let start = self.origin(range.start);
        let last = range.end.saturating_sub(1).max(range.start);
        let from = self.origin(last);
        let end = self
            .raw
            .get(from..)
            .and_then(|rest| rest.chars().next())
            .map_or(self.raw.len(), |c| from + c.len_utf8());
        let words = self.raw.get(start..end).unwrap_or_default();
        words.trim().to_owned()
    }

    /// The text as written.
    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    /// Where a byte of the plain text comes from.
    fn origin(&self, at: usize) -> usize {
        self.from.get(at).map_or(self.raw.len(), |at| *at as usize)
    }

    /// Whether the (plain) words stand in the text, as whole words.
    pub(super) fn has_words(&self, words: &str) -> bool {
        self.text.match_indices(words).any(|(at, found)| {
            let before = self.text.get(..at).and_then(|t| t.chars().next_back());
            let after = self.text.get(at + found.len()..);
            let after = after.and_then(|t| t.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    }

    /// The sentences, with their places. A line is a sentence of its own.
    pub(super) fn sentences(&self) -> Vec<Range<usize>> {
        let mut sentences = Vec::new();
        let mut start = 0;
        let mut chars = self.text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            let ends = match c {
                '\n' => true,
                '.' | '!' | '?' | '…' | ';' => next.is_none_or(char::is_whitespace),
                _ => false,
            };
            if ends {
                let end = at + c.len_utf8();
                sentences.push(start..end);
                start = end;
            }
        }
        if start < self.text.len() {
            sentences.push(start..self.text.len());
        }
        sentences
    }

    /// The sentence at a place.
    pub(super) fn sentence(&self, at: usize) -> &str {
        let sentences = self.sentences();
        let range = sentences.into_iter().find(|s| s.contains(&at));
        range.and_then(|r| self.text.get(r)).unwrap_or(&self.text)
    }
}

/// The words of a plain text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
}

/// Writes one character as an eye reads it.
fn push(text: &mut String, c: char) {
    if c.is_ascii() {
        text.push(c.to_ascii_lowercase());
        return;
    }
    if is_unseen(c) {
        return;
    }
    for c in std::iter::once(c).nfkd() {
        if is_combining_mark(c) {
            continue;
        }
        for c in c.to_lowercase() {
            match c {
                'ß' => text.push_str("ss"),
                'æ' => text.push_str("ae"),
                'œ' => text.push_str("oe"),
                c => text.push(look_alike(c)),
            }
        }
    }
}

/// Whether a character has no shape of its own: it joins, breaks, selects, or turns the direction.
pub(super) const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The first digit of each script's ten.
const ZEROS: [char; 22] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}',
    '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{a620}', '\u{a8d0}',
];

/// The Latin letter, digit or sign that a character poses as.
fn look_alike(c: char) -> char {
    for zero in ZEROS {
        let distance = u32::from(c).wrapping_sub(u32::from(zero));
        if distance < 10 {
            return char::from_digit(distance, 10).unwrap_or(c);
        }
    }
    match c {
        'а' | 'ɑ' | 'α' => 'a',
        'в' | 'ь' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' | 'ɗ' => 'd',
        'е' | 'ҽ' | 'є' | 'ε' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'н' | 'հ' => 'h',
        'і' | 'ı' | 'ι' | 'ɩ' => 'i',
        'ј' | 'ϳ' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' | 'ⅼ' | 'ǀ' => 'l',
        'м' => 'm',
        'п' | 'ո' | 'η' => 'n',
        'о' | 'ο' | 'օ' | 'ø' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'г' | 'ґ' => 'r',
        'ѕ' | 'ꜱ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' | 'ц' => 'u',
        'ν' | 'ѵ' => 'v',
        'ѡ' | 'ԝ' | 'ω' => 'w',
        'х' | 'χ' | '×' => 'x',
        'у' | 'γ' | 'ү' => 'y',
        'з' => '3',
        '’' | '‘' | 'ʼ' | '′' | '`' | '´' => '\'',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '⁃' => '-',
        '。' | '․' | '｡' | '·' | '•' | '‧' | '∙' | '⋅' => '.',
        '⁄' | '∕' | '╱' | '⧸' => '/',
        '：' | '∶' | 'ː' | '꞉' => ':',
        '٪' | '﹪' => '%',
        '＠' | '﹫' => '@',
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
        c => c,
    }
}
