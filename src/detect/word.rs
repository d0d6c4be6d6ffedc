//! A word without its case and accents.

use std::sync::LazyLock;

use super::vocabulary::{Key, UNKNOWN, Vocabulary, WordId};

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

/// A folded word on the stack, filled up with zeros.
pub(super) struct Word {
    bytes: [u8; LONGEST],
    len: usize,
}

/// With how many plain letters eight bytes begin, and these letters as small ones, the rest zeros. All eight are
/// looked at at once: the highest bit of each byte says whether it is a letter.
const fn small_letters(bytes: u64) -> (usize, u64) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x80 * EACH;
    let small = bytes | (0x20 * EACH);
    let low = small & (0x7f * EACH);
    let from_a = low + (0x80 - b'a' as u64) * EACH;
    let past_z = low + (0x7f - b'z' as u64) * EACH;
    let no_letter = !(from_a & !past_z & !bytes) & HIGHEST;
    let letters = no_letter.trailing_zeros() / 8;
    let kept = match letters {
        8 => u64::MAX,
        fewer => (1 << (8 * fewer)) - 1,
    };
    (letters as usize, small & kept)
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
        let (parts, _) = self.bytes.as_chunks_mut::<8>();
        for to in parts {
            let rest = text.get(self.len..).unwrap_or_default();
            let mut part = [0; 8];
            match rest.first_chunk::<8>() {
                Some(eight) => part = *eight,
                None => part.iter_mut().zip(rest).for_each(|(to, from)| *to = *from),
            }
            let (letters, small) = small_letters(u64::from_le_bytes(part));
            *to = small.to_le_bytes();
            self.len += letters;
            if letters < 8 {
                break;
            }
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
        let Some(bytes) = self.bytes() else {
            return UNKNOWN;
        };
        let (parts, _) = self.bytes.as_chunks::<8>();
        let parts = parts.iter().take(self.len.div_ceil(8));
        vocabulary.find(Key::of_parts(self.len, parts), bytes)
    }
}

/// Whether it is a letter. The letters that are written most are known without a search.
pub(super) fn is_letter(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_alphabetic(),
        '\u{c0}'..='\u{24f}' => !matches!(c, '×' | '÷'),
        '\u{400}'..='\u{481}'
        | '\u{5d0}'..='\u{5ea}'
        | '\u{620}'..='\u{64a}'
        | '\u{3041}'..='\u{3096}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' => true,
        _ => c.is_alphabetic(),
    }
}

/// The folded form of one word of a rule, as [`tokens`](super::token::tokens) folds it.
pub(super) fn fold_word(word: &str) -> String {
    let mut folded = Word::default();
    word.chars().for_each(|c| folded.push(c));
    String::from_utf8_lossy(folded.bytes().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_what_unicode_says() {
        let differ = ('\0'..=char::MAX).find(|c| is_letter(*c) != c.is_alphabetic());
        assert_eq!(differ, None);
    }

    #[test]
    fn plain_letters_end_where_others_begin() {
        for (text, plain) in [
            ("", 0),
            ("a", 1),
            ("Stop it", 4),
            ("abcdefgh", 8),
            ("abcdefghi@", 9),
            ("z[", 1),
            ("@A", 0),
            ("Z{`", 1),
            ("mañana", 2),
            ("unsubscribe me", 11),
        ] {
            let mut word = Word::default();
            assert_eq!(word.plain(text.as_bytes()), plain, "{text}");
            let small = text.get(..plain).unwrap().to_ascii_lowercase();
            assert_eq!(word.bytes(), Some(small.as_bytes()), "{text}");
        }
        let long = "abcdefgh".repeat(9);
        assert_eq!(Word::default().plain(long.as_bytes()), LONGEST);
    }
}
