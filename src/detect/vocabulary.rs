//! The words that any rule of any language knows, each with a number: a word of a message is looked up once.

/// A word's number.
pub(super) type WordId = u32;

/// A word that no rule knows.
pub(super) const UNKNOWN: WordId = 0;

/// An open-addressing table from folded words to numbers.
#[derive(Debug)]
pub(super) struct Vocabulary {
    slots: Vec<(u32, WordId)>,
    /// All words, one behind the other, and where each ends.
    text: String,
    ends: Vec<usize>,
    heads: Vec<String>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self {
            slots: vec![(0, UNKNOWN); 1 << 8],
            text: String::new(),
            ends: vec![0],
            heads: Vec::new(),
        }
    }
}

/// Eight bytes at a time, the last ones filled up with zeros.
fn hash(bytes: &[u8]) -> u32 {
    let mix = |h: u64, part: u64| (h.rotate_left(5) ^ part).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (parts, rest) = bytes.as_chunks::<8>();
    let mut h = parts.iter().fold(bytes.len() as u64, |h, part| {
        mix(h, u64::from_le_bytes(*part))
    });
    if !rest.is_empty() {
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        h = mix(h, u64::from_le_bytes(last));
    }
    // The upper half is mixed best.
    (h >> 32) as u32
}

impl Vocabulary {
    /// The number of `word`, or [`UNKNOWN`].
    pub(super) fn get(&self, word: &[u8]) -> WordId {
        let wanted = hash(word);
        let mask = self.slots.len() - 1;
        let mut at = wanted as usize & mask;
        while let Some((found, id)) = self.slots.get(at) {
            if *id == UNKNOWN {
                return UNKNOWN;
            }
            if *found == wanted && self.bytes(*id) == word {
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
        if (self.len() + 1) * 3 > self.slots.len() {
            self.grow();
        }
        let id = WordId::try_from(self.len()).unwrap_or(UNKNOWN);
        self.text.push_str(word);
        self.ends.push(self.text.len());
        self.place(hash(word.as_bytes()), id);
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
        self.heads.iter().find_map(|head| {
            let rest = word.strip_prefix(head.as_bytes())?;
            let (first, second) = (self.get(head.as_bytes()), self.get(rest));
            (first != UNKNOWN && second != UNKNOWN).then_some((first, head.len(), second))
        })
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![(0, UNKNOWN); old.len() * 2];
        for (hash, id) in old.into_iter().filter(|(_, id)| *id != UNKNOWN) {
            self.place(hash, id);
        }
    }

    fn place(&mut self, hash: u32, id: WordId) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots.get(at).is_some_and(|(_, id)| *id != UNKNOWN) {
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (hash, id);
        }
    }
}
