//! The words that any rule of any language knows, each with a number: a word of a message is looked up once.

/// A word's number.
pub(super) type WordId = u32;

/// A word that no rule knows.
pub(super) const UNKNOWN: WordId = 0;

/// An open-addressing table from folded words to numbers.
#[derive(Debug)]
pub(super) struct Vocabulary {
    slots: Vec<(Key, WordId)>,
    /// All words, one behind the other, and where each ends.
    text: String,
    ends: Vec<usize>,
    heads: Vec<String>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self {
            slots: vec![(Key(0), UNKNOWN); 1 << 8],
            text: String::new(),
            ends: vec![0],
            heads: Vec::new(),
        }
    }
}

/// What a word is found by: up to eight bytes are the key themselves, of more it is a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Key {
    /// No eighth byte of a text is this.
    const HASHED: u64 = 0xff << 56;

    /// Of a word.
    pub(super) fn of(word: &[u8]) -> Self {
        let (parts, rest) = word.as_chunks::<8>();
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        let last = (!rest.is_empty()).then_some(&last);
        Self::of_parts(word.len(), parts.iter().chain(last))
    }

    /// Of a word of so many bytes, eight at a time, the last ones filled up with zeros.
    pub(super) fn of_parts<'a>(
        length: usize,
        mut parts: impl Iterator<Item = &'a [u8; 8]>,
    ) -> Self {
        if length <= 8 {
            return Self(parts.next().map_or(0, |p| u64::from_le_bytes(*p)));
        }
        Self(parts.fold(length as u64, |h, p| mix(h, u64::from_le_bytes(*p))) | Self::HASHED)
    }

    const fn is_hash(self) -> bool {
        self.0 >= Self::HASHED
    }

    /// Where to begin to look. The upper half is mixed best.
    fn place(self) -> usize {
        (mix(0, self.0) >> 32) as usize
    }
}

const fn mix(h: u64, part: u64) -> u64 {
    (h.rotate_left(5) ^ part).wrapping_mul(0x517c_c1b7_2722_0a95)
}

impl Vocabulary {
    /// The number of `word`, or [`UNKNOWN`].
    pub(super) fn get(&self, word: &[u8]) -> WordId {
        self.find(Key::of(word), word)
    }

    /// The number of the word with this key, or [`UNKNOWN`].
    pub(super) fn find(&self, key: Key, word: &[u8]) -> WordId {
        let mask = self.slots.len() - 1;
        let mut at = key.place() & mask;
        while let Some((found, id)) = self.slots.get(at) {
            if *id == UNKNOWN || *found == key && (!key.is_hash() || self.bytes(*id) == word) {
                return *id;
            }
            at = (at + 1) & mask;
        }
        UNKNOWN
    }

    /// The number of `word`, giving it one if it has none.
    pub(super) fn add(&mut self, word: &str) -> WordId {
        let known = self.get(word.as_bytes());
        if known != UNKNOWN || word.is_empty() {
            return known;
        }
        if (self.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let id = WordId::try_from(self.len()).unwrap_or(UNKNOWN);
        self.text.push_str(word);
        self.ends.push(self.text.len());
        self.place(Key::of(word.as_bytes()), id);
        id
    }

    /// The word of a number.
    pub(super) fn word(&self, id: WordId) -> &str {
        self.text.get(self.place_of(id)).unwrap_or_default()
    }

    fn bytes(&self, id: WordId) -> &[u8] {
        let bytes = self.text.as_bytes();
        bytes.get(self.place_of(id)).unwrap_or_default()
    }

    fn place_of(&self, id: WordId) -> std::ops::Range<usize> {
        let end = |id: usize| self.ends.get(id).copied().unwrap_or(0);
        end((id as usize).saturating_sub(1))..end(id as usize)
    }

    /// Adds a word with which others are written together.
    pub(super) fn compound(&mut self, head: &str) {
        self.heads.push(head.to_owned());
    }

    /// The two words that are written together as `word`, and where the second begins.
    pub(super) fn parts(&self, word: &[u8]) -> Option<(WordId, usize, WordId)> {
        if word.len() < 9 {
            return None;
        }
        let mut heads = self.heads.iter().map(|head| head.as_bytes());
        heads.find_map(|head| {
            if head.first() != word.first() {
                return None;
            }
            let rest = word.strip_prefix(head)?;
            let (first, second) = (self.get(head), self.get(rest));
            (first != UNKNOWN && second != UNKNOWN).then_some((first, head.len(), second))
        })
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![(Key(0), UNKNOWN); old.len() * 2];
        for (key, id) in old.into_iter().filter(|(_, id)| *id != UNKNOWN) {
            self.place(key, id);
        }
    }

    fn place(&mut self, key: Key, id: WordId) {
        let mask = self.slots.len() - 1;
        let mut at = key.place() & mask;
        while self.slots.get(at).is_some_and(|(_, id)| *id != UNKNOWN) {
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (key, id);
        }
    }
}
