//! A word without its case and accents.

use std::sync::LazyLock;

use super::vocabulary::{UNKNOWN, Vocabulary, WordId};

/// Longer words are no words of any rule.
const LONGEST: usize = 40;

/// Letters of the Latin blocks without their accents; 0 where a letter has none here.
static FOLDED: LazyLock<[u8; 0x180]> = LazyLock::new(|| {
    let mut table = [0; 0x180];
    for (code, slot) in (0_u32..).zip(table.iter_mut()) {
        let Some(c) = char::from_u32(code) else {
            continue;
        };
        let folded = crate::model::fold(c.encode_utf8(&mut [0; 4]));
        if let [b] = folded.as_bytes()
            && b.is_ascii_alphabetic()
        {
            *slot = *b;
        }
    }
    table
});

/// A folded word on the stack.
pub(super) struct Word {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Default for Word {
    fn default() -> Self {
        Self {
            bytes: [0; LONGEST],
            len: 0,
        }
    }
}

impl Word {
    /// Takes the plain letters with which `text` begins, as many as there is room for; how many.
    pub(super) fn plain(&mut self, text: &[u8]) -> usize {
        self.len = 0;
        for (to, from) in self.bytes.iter_mut().zip(text) {
            let small = from | 0x20;
            if !small.is_ascii_lowercase() {
                break;
            }
            *to = small;
            self.len += 1;
        }
        self.len
    }

    /// Adds a letter.
    pub(super) fn push(&mut self, c: char) {
        if c.is_ascii() {
            self.byte((c as u8).to_ascii_lowercase());
            return;
        }
        match FOLDED.get(c as usize) {
            Some(0) | None => {}
            Some(b) => return self.byte(*b),
        }
        match c {
            'ß' => "ss".bytes().for_each(|b| self.byte(b)),
            'œ' | 'Œ' => "oe".bytes().for_each(|b| self.byte(b)),
            'æ' | 'Æ' => "ae".bytes().for_each(|b| self.byte(b)),
            '\u{300}'..='\u{36f}' => {}
            _ => c
                .encode_utf8(&mut [0; 4])
                .bytes()
                .for_each(|b| self.byte(b)),
        }
    }

    fn byte(&mut self, b: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = b;
        }
        self.len += 1;
    }

    /// The word; `None` when it is too long for any rule.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        self.bytes.get(..self.len)
    }

    /// Whether it is this one.
    pub(super) fn is(&self, bytes: &[u8]) -> bool {
        self.bytes() == Some(bytes)
    }

    /// Its number.
    pub(super) fn id(&self, vocabulary: &Vocabulary) -> WordId {
        self.bytes().map_or(UNKNOWN, |bytes| vocabulary.get(bytes))
    }
}

/// The folded form of one word of a rule, as [`tokens`](super::token::tokens) folds it.
pub(super) fn fold_word(word: &str) -> String {
    let mut folded = Word::default();
    word.chars().for_each(|c| folded.push(c));
    String::from_utf8_lossy(folded.bytes().unwrap_or_default()).into_owned()
}
