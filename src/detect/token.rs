//! A message as tokens: words (folded and looked up), numbers, and the few signs that mean something.

use super::vocabulary::{UNKNOWN, Vocabulary, WordId};
use super::word::{Word, is_letter};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run of letters, or one pictograph.
    Word,
    /// A run of digits with its value.
    Number(u32),
    /// A sign next to a digit, such as `:` in `3:30`.
    Sign(char),
}

/// One token, with what stands before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// Byte offset of its start.
    pub(super) start: usize,
    /// Byte offset of its end.
    pub(super) end: usize,
    /// What it is.
    pub(super) kind: Kind,
    /// Its word, where the rules know it.
    pub(super) word: WordId,
    /// Nothing stands between it and the token before.
    pub(super) glued: bool,
    /// A comma (or a colon after a word) stands before it.
    pub(super) comma: bool,
    /// A full stop stands before it; the end of a sentence unless the word before is an abbreviation.
    pub(super) dot: bool,
    /// A sentence surely ends before it.
    pub(super) breaks: bool,
    /// A full stop stands right after it.
    pub(super) dotted: bool,
    /// It begins with a capital letter.
    pub(super) capital: bool,
    /// Its second letter is a capital one too.
    pub(super) shouted: bool,
    /// It stands in a question.
    pub(super) question: bool,
    /// It is no letters but one pictograph or the like.
    pub(super) picture: bool,
}

impl Token {
    /// The value of a number.
    pub(super) const fn number(&self) -> Option<u32> {
        match self.kind {
            Kind::Number(n) => Some(n),
            _ => None,
        }
    }

    /// Whether it is this sign.
    pub(super) fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// How many bytes it takes.
    pub(super) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it is written like a name.
    pub(super) const fn name(&self) -> bool {
        self.capital && !self.shouted && self.len() > 1
    }

    /// Whether a sentence begins here.
    pub(super) const fn begins(&self) -> bool {
        self.breaks || self.dot
    }
}

/// The endings that an apostrophe joins to the word before ("don't"); elsewhere it parts words ("d'avril"), and
/// "we'd", which joined would be a Wednesday.
const JOINED: [&str; 7] = ["t", "s", "m", "re", "ve", "ll", "d"];

/// What is asked behind a comma only for the other's consent.
const TAGS: [&str; 5] = ["ok", "okay", "okey", "vale", "oki"];

/// Cuts `text` into tokens. Linear.
pub(super) fn tokens(text: &str, vocabulary: &Vocabulary) -> Vec<Token> {
    let mut tokens = Vec::new();
    cut(text, vocabulary, &mut tokens);
    tokens
}

/// Cuts `text` into tokens, in the place of what is in `tokens`.
pub(super) fn cut(text: &str, vocabulary: &Vocabulary, tokens: &mut Vec<Token>) {
    tokens.clear();
    let mut cut = Cutter {
        text,
        vocabulary,
        tokens,
        comma: false,
        dot: false,
        breaks: true,
        sentence: 0,
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(b) = bytes.get(at) {
        at = match b {
            b' ' => at + 1,
            b'a'..=b'z' | b'A'..=b'Z' => cut.letters(at),
            b'0'..=b'9' => cut.digits(at),
            _ => match text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) => cut.step(at, c),
                None => break,
            },
        };
    }
}

struct Cutter<'a> {
    text: &'a str,
    vocabulary: &'a Vocabulary,
    tokens: &'a mut Vec<Token>,
    comma: bool,
    dot: bool,
    breaks: bool,
    sentence: usize,
}

impl Cutter<'_> {
    fn step(&mut self, at: usize, c: char) -> usize {
        if c.is_ascii_digit() {
            self.digits(at)
        } else if is_letter(c) {
            self.letters(at)
        } else {
            self.other(at, c)
        }
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind, word: WordId) {
        let glued = self.tokens.last().is_some_and(|t| t.end == start);
        let (capital, shouted) = self.capitals(start, end);
        // A question reaches back to the full stop before it, but not over an abbreviation.
        let stopped = self.dot
            && self
                .tokens
                .last()
                .is_some_and(|t| t.kind == Kind::Word && t.len() > 2);
        if self.breaks || stopped {
            self.sentence = self.tokens.len();
        }
        self.tokens.push(Token {
            start,
            end,
            kind,
            word,
            glued,
            comma: std::mem::take(&mut self.comma),
            dot: std::mem::take(&mut self.dot),
            breaks: std::mem::take(&mut self.breaks),
            dotted: false,
            capital,
            shouted,
            question: false,
            picture: false,
        });
    }

    /// Whether the first letter is a capital one, and the second too.
    fn capitals(&self, start: usize, end: usize) -> (bool, bool) {
        // Most words begin with a small letter.
        if self
            .text
            .as_bytes()
            .get(start)
            .is_some_and(|b| b.is_ascii() && !b.is_ascii_uppercase())
        {
            return (false, false);
        }
        let mut letters = self.text.get(start..end).unwrap_or_default().chars();
        let capital = letters.next().is_some_and(char::is_uppercase);
        (
            capital,
            capital && letters.next().is_some_and(char::is_uppercase),
        )
    }

    fn sign(&mut self, start: usize, end: usize, sign: char) {
        let id = self
            .vocabulary
            .get(sign.encode_utf8(&mut [0; 4]).as_bytes());
        self.push(start, end, Kind::Sign(sign), id);
    }

    fn digits(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = at;
        let mut value: u32 = 0;
        while let Some(b) = bytes.get(end).filter(|b| b.is_ascii_digit()) {
            value = value.saturating_mul(10).saturating_add(u32::from(b - b'0'));
            end += 1;
        }
        self.push(at, end, Kind::Number(value), UNKNOWN);
        end
    }

    fn letters(&mut self, at: usize) -> usize {
        let mut word = Word::default();
        // Most words are plain letters and no more.
        let bytes = self.text.as_bytes().get(at..).unwrap_or_default();
        let plain = word.plain(bytes);
        let end = match bytes.get(plain) {
            None | Some(b' ' | b',' | b'.' | b'?' | b'!' | b'\n') => at + plain,
            Some(_) => self.more_letters(at + plain, &mut word),
        };
        self.word(at, end, &word);
        end
    }

    /// Adds to a word the letters from `at` on; where it ends.
    fn more_letters(&self, at: usize, word: &mut Word) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let mut end = at + rest.len();
        for (offset, c) in rest.char_indices() {
            if is_letter(c) || ('\u{300}'..='\u{36f}').contains(&c) {
                word.push(c);
                continue;
            }
            if matches!(c, '\'' | '’') {
                let tail = rest.get(offset + c.len_utf8()..).unwrap_or_default();
                let ending = tail.find(|c: char| !is_letter(c)).unwrap_or(tail.len());
                let ending = tail.get(..ending).unwrap_or_default();
                let joins = JOINED.iter().any(|j| j.eq_ignore_ascii_case(ending));
                if joins && !(word.is(b"we") && ending.eq_ignore_ascii_case("d")) {
                    ending.chars().for_each(|c| word.push(c));
                    end = at + offset + c.len_utf8() + ending.len();
                    break;
                }
            }
            end = at + offset;
            break;
        }
        end
    }

    fn word(&mut self, start: usize, end: usize, word: &Word) {
        let id = word.id(self.vocabulary);
        if id == UNKNOWN
            && let Some(bytes) = word.bytes()
            && bytes.len() == end - start
            && let Some((first, length, second)) = self.vocabulary.parts(bytes)
        {
            self.push(start, start + length, Kind::Word, first);
            self.push(start + length, end, Kind::Word, second);
        } else {
            self.push(start, end, Kind::Word, id);
        }
    }

    /// Whether what was read ends in a word that makes no question of it: "I'll write later, ok?".
    fn ends_in_tag(&self) -> bool {
        self.tokens.last().is_some_and(|t| {
            let word = self.text.get(t.start..t.end).unwrap_or_default();
            t.comma && TAGS.iter().any(|tag| word.eq_ignore_ascii_case(tag))
        })
    }

    fn other(&mut self, at: usize, c: char) -> usize {
        let end = at + c.len_utf8();
        let before = self.tokens.last().filter(|t| t.end == at);
        let after_digit = before.is_some_and(|t| t.number().is_some());
        let next = self.text.as_bytes().get(end).copied().unwrap_or(b' ');
        let before_digit = next.is_ascii_digit();
        match c {
            '?' => {
                let from = self.sentence;
                if !self.ends_in_tag()
                    && let Some(sentence) = self.tokens.get_mut(from..)
                {
                    sentence.iter_mut().for_each(|t| t.question = true);
                }
                self.breaks = true;
            }
            '!' | '\n' | '\r' | ';' | '…' | '¿' | '¡' => self.breaks = true,
            ',' => {
                if after_digit && before_digit {
                    self.sign(at, end, ',');
                } else {
                    self.comma = true;
                }
            }
            '.' => {
                if after_digit && before_digit {
                    self.sign(at, end, '.');
                } else if next == b'.' || before.is_none() && !before_digit {
                    self.breaks = true;
                } else {
                    self.dot = true;
                    if let Some(last) = self.tokens.last_mut()
                        && last.end == at
                    {
                        last.dotted = true;
                    }
                }
            }
            ':' => {
                if after_digit && before_digit {
                    self.sign(at, end, ':');
                } else {
                    self.comma = true;
                }
            }
            '-' | '–' | '—' | '−' => {
                let between_letters =
                    before.is_some_and(|t| t.kind == Kind::Word) && !before_digit && next != b' ';
                if !between_letters {
                    self.sign(at, end, '-');
                }
            }
            '/' | '$' | '€' | '£' | '%' | '+' | '#' | '@' | '<' | '>' | '°' | '=' | '*' | '&'
            | '_' | '~' => {
                self.sign(at, end, c);
            }
            '\'' | '’' | '′' if after_digit => self.sign(at, end, '\''),
            'º' | 'ª' => self.sign(at, end, '°'),
            '’' | '‘' | '′' | '`' | '´' => {}
            '(' | ')' | '[' | ']' | '"' | '“' | '”' | '«' | '»' => self.comma = true,
            '\u{fe0f}' | '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}' => {}
            _ if !c.is_ascii() && !c.is_whitespace() => {
                let mut word = Word::default();
                word.push(c);
                let id = word.id(self.vocabulary);
                self.push(at, end, Kind::Word, id);
                if let Some(last) = self.tokens.last_mut() {
                    last.picture = true;
                }
            }
            _ => {}
        }
        end
    }
}
