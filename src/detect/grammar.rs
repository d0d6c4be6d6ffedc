//! The rules of all languages, read once from their files, at the first message.
//!
//! A language file is text, one rule a line; `languages/en.rules` explains the form at its top. What a line
//! means is decided by its `[section]`: a section of times says `MEANING = words | words`, a section of
//! intents only the words. Lines with `>` are examples of the line above, run as tests; `x` starts a counter-example.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::pattern::{self, Node, SlotId, Step};
use super::time::value::{Act, Bound, Holiday, Part, Unit, Value, Which};
use super::vocabulary::{Vocabulary, WordId};
use crate::model::Language;

/// The files.
pub(super) const FILES: [(Language, &str); 6] = [
    (Language::En, include_str!("languages/en.rules")),
    (Language::Es, include_str!("languages/es.rules")),
    (Language::Pt, include_str!("languages/pt.rules")),
    (Language::Fr, include_str!("languages/fr.rules")),
    (Language::De, include_str!("languages/de.rules")),
    (Language::It, include_str!("languages/it.rules")),
];

/// An enum whose variants have a name in the files.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $name {
            $($(#[$vmeta])* $variant,)+
        }

        impl $name {
            /// Every value, in declaration order.
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The value of this name.
            pub(super) fn named(name: &str) -> Option<Self> {
                const NAMES: &[&str] = &[$($text,)+];
                let place = NAMES.iter().position(|n| *n == name)?;
                Self::ALL.get(place).copied()
            }
        }
    };
}

names! {
    /// What the words of a time can be: the sections and the built-in slots of a language file.
    Slot {
        /// A whole number.
        N = "n",
        /// A number that counts a place.
        Ordinal = "ordinal",
        /// A day of a month.
        Dom = "dom",
        /// A day of a month in digits.
        Digits = "digits",
        /// An hour of a day.
        Hour = "hour",
        /// Minutes of an hour.
        Min = "min",
        /// An hour that shows itself as one: "3 pm", "15h".
        Oclock = "oclock",
        /// Two numbers with a dash, as a day of a month.
        Dashed = "dashed",
        /// A year.
        Year = "year",
        /// How many of a unit.
        Amount = "amount",
        /// A unit of time.
        Unit = "unit",
        /// A day of the week.
        Weekday = "weekday",
        /// A month.
        Month = "month",
        /// A part of a day.
        Part = "part",
        /// A length of time.
        Span = "span",
        /// Before or after noon.
        Meridiem = "meridiem",
        /// A time of day.
        Clock = "clock",
        /// A day.
        Day = "day",
        /// A week, a month, a part of one.
        Period = "period",
        /// A feast.
        Holiday = "holiday",
        /// Anything else that is a time.
        Time = "time",
        /// A time that is over.
        Past = "past",
        /// Words that hold the name of a time and are none, such as a greeting.
        Nothing = "nothing",
        /// An hour or a range of hours that counts only beside a day.
        Loose = "loose",
        /// Words that make a time a lower bound.
        After = "after",
        /// Words before the beginning of an open span.
        From = "from",
        /// Words that make a time an upper bound.
        Before = "before",
        /// Words that end a range, or a state ("busy until").
        Until = "until",
        /// Words before a time that mean "in the course of".
        Within = "within",
        /// Words between the ends of a range.
        To = "to",
        /// Words between a day and a time of day.
        Glue = "glue",
        /// Words that negate the time after them.
        Not = "not",
        /// Words that negate the time before them.
        Unfit = "unfit",
        /// Words before a time that takes the place of the one before.
        Instead = "instead",
        /// Words that make the time after them a topic.
        Topic = "topic",
        /// What a topic's time belongs to.
        Thing = "thing",
        /// Words after a number that show an hour.
        Mark = "mark",
        /// Words after a number that show an hour where another word says so too.
        WeakMark = "weakmark",
        /// Words between tens and units.
        Join = "join",
        /// Words between the units of a span.
        And = "and",
        /// What a number counts when it is no hour.
        Counted = "counted",
        /// Endings of ordinals written with digits.
        Suffix = "suffix",
        /// A hundred, a thousand.
        Thousand = "thousand",
        /// Words that may begin or end a clause without a meaning of their own.
        Filler = "filler",
        /// Words of the language that are in every text.
        Common = "common",
    }
}

names! {
    /// What the words of a message can want: the intent sections of a language file.
    Want {
        /// The whole message is a keyword (rule S5).
        OptOutWord = "opt_out whole",
        /// A wish not to be written to (rule S5).
        OptOut = "opt_out",
        /// No opt-out after all.
        OptOutNot = "opt_out not",
        /// The whole message lifts an opt-out.
        OptIn = "opt_in whole",
        /// No interest, anger, the wrong person (rule S6).
        NotInterested = "not_interested",
        /// No such thing after all.
        NotInterestedNot = "not_interested not",
        /// An appointment is made.
        Booked = "booked",
        /// No such thing after all.
        BookedNot = "booked not",
        /// A wish to be written to or called (rule S7).
        Ask = "ask",
        /// No such wish after all.
        AskNot = "ask not",
        /// Not now, later (rule S4).
        Busy = "busy",
        /// No such thing after all.
        BusyNot = "busy not",
        /// Says when it suits, without asking for anything.
        Available = "available",
        /// Says that a time said would suit.
        Free = "free",
        /// An end of talk.
        Closing = "closing",
        /// A bare sign of having read.
        Ack = "ack",
        /// An automatic reply (rule S8).
        Automatic = "automatic",
    }
}

impl Slot {
    /// How many there are.
    pub(super) const COUNT: usize = Self::ALL.len();

    /// The slot of this number.
    pub(super) fn at(number: usize) -> Option<Self> {
        Self::ALL.get(number).copied()
    }
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) steps: Box<[Step]>,
    pub(super) act: Act,
    pub(super) bound: Bound,
    /// As written.
    pub(super) label: &'static str,
}

/// An intent rule.
#[derive(Debug)]
pub(super) struct Intent {
    pub(super) steps: Box<[Step]>,
    pub(super) want: Want,
    /// The words with which every match begins, sorted; none where that is not certain.
    pub(super) heads: Option<Box<[WordId]>>,
    pub(super) language: Language,
    /// It holds in questions too.
    pub(super) asks: bool,
    pub(super) label: &'static str,
}

/// Which of two numbers of a date is the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

/// One language's rules of times.
#[derive(Debug)]
pub(super) struct Speech {
    pub(super) language: Language,
    pub(super) order: Order,
    /// `3.30` may be a time of day.
    pub(super) dotted_clock: bool,
    /// `15.` is an ordinal.
    pub(super) dotted_ordinal: bool,
    pub(super) rules: Vec<Rule>,
    /// The rules that can begin with a word: (slot, rule), by word; `start_of` says where each word's begin.
    starts: Vec<(SlotId, u16)>,
    start_of: Vec<u32>,
    /// The slots that can begin with a word, as bits; by word.
    slots_of: Vec<u64>,
    /// The rules that can begin with a number.
    number_starts: Vec<(SlotId, u16)>,
    /// Whether a word can begin a time or a part of one, by word; see [`STARTS`] and [`NAMES_TIME`].
    bits: Vec<u8>,
}

/// A word can begin a rule.
pub(super) const STARTS: u8 = 1;
/// A word names a time: without one such word (or a number) there is no time in a message.
pub(super) const NAMES_TIME: u8 = 2;
/// A word is one of the language's common words.
pub(super) const COMMON: u8 = 4;
/// A word that shows a time also to readers of another language.
pub(super) const ABROAD: u8 = 8;

impl Speech {
    /// What is known of a word.
    pub(super) fn bits(&self, word: WordId) -> u8 {
        self.bits.get(word as usize).copied().unwrap_or(0)
    }

    /// Whether a slot can begin with this word, or with a number.
    pub(super) fn can_start(&self, slot: SlotId, word: WordId, number: bool) -> bool {
        number || self.slots_of.get(word as usize).copied().unwrap_or(0) & (1 << slot) != 0
    }

    /// The rules of a slot that can begin with this word, or with a number.
    pub(super) fn starting(
        &self,
        slot: SlotId,
        word: WordId,
        number: bool,
    ) -> impl Iterator<Item = &Rule> {
        let place = |i: usize| self.start_of.get(i).map_or(0, |p| *p as usize);
        let of_word = self
            .starts
            .get(place(word as usize)..place(word as usize + 1))
            .unwrap_or_default();
        let of_number = if number {
            self.number_starts.as_slice()
        } else {
            &[]
        };
        of_word
            .iter()
            .chain(of_number)
            .filter(move |(s, _)| *s == slot)
            .filter_map(|(_, rule)| self.rules.get(usize::from(*rule)))
    }
}

/// Everything.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) vocabulary: Vocabulary,
    pub(super) speeches: Vec<Speech>,
    pub(super) intents: Vec<Intent>,
    /// The intents that a word calls up, by word.
    pub(super) anchored: Vec<Vec<u16>>,
    /// The languages in which a word is common, as bits; by word.
    pub(super) common_in: Vec<u8>,
    /// The languages in which a word, and no common word of another, names a time.
    pub(super) abroad_in: Vec<u8>,
    /// Words that are fillers in some language, by word.
    pub(super) fillers: Vec<bool>,
}

/// The rules; read at the first use. A file that does not read is a defect that the tests find; its lines are
/// then left out.
pub(super) static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar::build(&mut Vec::new()));

/// A fault in a language file, in words.
pub(super) type Fault = String;

struct Draft {
    language: Language,
    lets: HashMap<String, Node>,
}

struct Reader<'a> {
    vocabulary: &'a mut Vocabulary,
    draft: &'a Draft,
}

impl pattern::Names for Reader<'_> {
    fn slot(&mut self, name: &str) -> Result<SlotId, String> {
        Slot::named(name)
            .map(|s| s as SlotId)
            .ok_or_else(|| format!("<{name}> is no slot"))
    }

    fn named(&self, name: &str) -> Result<Node, String> {
        self.draft
            .lets
            .get(name)
            .cloned()
            .ok_or_else(|| format!("{{{name}}} is not defined above"))
    }

    fn vocabulary(&mut self) -> &mut Vocabulary {
        self.vocabulary
    }
}

impl Grammar {
    /// Reads the files; what is wrong in them goes to `faults`.
    pub(super) fn build(faults: &mut Vec<Fault>) -> Self {
        let mut grammar = Self {
            vocabulary: Vocabulary::default(),
            speeches: Vec::new(),
            intents: Vec::new(),
            anchored: Vec::new(),
            common_in: Vec::new(),
            abroad_in: Vec::new(),
            fillers: Vec::new(),
        };
        let mut nodes = Vec::new();
        let mut trees = Vec::new();
        for (language, text) in FILES {
            trees.push(grammar.read(language, text, &mut nodes, faults));
        }
        let words = grammar.vocabulary.len();
        for (speech, trees) in grammar.speeches.iter_mut().zip(&trees) {
            speech.index(trees, words);
        }
        grammar.index(&nodes);
        grammar
    }

    fn read(
        &mut self,
        language: Language,
        text: &'static str,
        intents: &mut Vec<Node>,
        faults: &mut Vec<Fault>,
    ) -> Vec<(Slot, Node)> {
        let mut draft = Draft {
            language,
            lets: HashMap::new(),
        };
        let mut speech = Speech {
            language,
            order: Order::DayFirst,
            dotted_clock: false,
            dotted_ordinal: false,
            rules: Vec::new(),
            starts: Vec::new(),
            start_of: Vec::new(),
            slots_of: Vec::new(),
            number_starts: Vec::new(),
            bits: Vec::new(),
        };
        let mut trees = Vec::new();
        let mut section = "";
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split(" #").next().unwrap_or_default().trim();
            if line.is_empty() || line.starts_with(['#', '>']) || line.starts_with("x ") {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']'))
                && known_section(name)
            {
                section = name;
                continue;
            }
            let done = match section {
                "compound" => {
                    for head in line.split('|') {
                        self.vocabulary
                            .compound(&super::token::fold_word(head.trim()));
                    }
                    Ok(())
                }
                "settings" => setting(line, &mut speech),
                "let" => self.define(line, &mut draft),
                _ => match Want::named(section) {
                    Some(want) => self.intent(line, want, &draft, intents),
                    None => self.rule(line, section, &draft, &mut speech, &mut trees),
                },
            };
            if let Err(what) = done {
                faults.push(format!("{language}.rules:{number}: {what}"));
            }
        }
        self.speeches.push(speech);
        trees
    }

    fn pattern(&mut self, text: &str, draft: &Draft) -> Result<Node, String> {
        let mut reader = Reader {
            vocabulary: &mut self.vocabulary,
            draft,
        };
        pattern::parse(text, &mut reader)
    }

    fn define(&mut self, line: &str, draft: &mut Draft) -> Result<(), String> {
        let (name, text) = line.split_once('=').ok_or("write `name = words`")?;
        let node = self.pattern(text, draft)?;
        draft.lets.insert(name.trim().to_owned(), node);
        Ok(())
    }

    fn intent(
        &mut self,
        line: &'static str,
        want: Want,
        draft: &Draft,
        nodes: &mut Vec<Node>,
    ) -> Result<(), String> {
        let text = line.strip_prefix("? ").unwrap_or(line);
        let node = self.pattern(text, draft)?;
        self.intents.push(Intent {
            steps: pattern::compile(&node),
            want,
            heads: heads(&node),
            language: draft.language,
            asks: text.len() != line.len(),
            label: line,
        });
        nodes.push(node);
        Ok(())
    }

    fn rule(
        &mut self,
        line: &'static str,
        section: &str,
        draft: &Draft,
        speech: &mut Speech,
        trees: &mut Vec<(Slot, Node)>,
    ) -> Result<(), String> {
        let slot = Slot::named(section).ok_or_else(|| format!("[{section}] is no section"))?;
        let (meaning, text) = line.split_once(" = ").unwrap_or(("", line));
        let (act, bound) = meaning_of(slot, meaning.trim())?;
        let node = self.pattern(text, draft)?;
        speech.rules.push(Rule {
            steps: pattern::compile(&node),
            act,
            bound,
            label: line,
        });
        trees.push((slot, node));
        Ok(())
    }

    fn index(&mut self, nodes: &[Node]) {
        let words = self.vocabulary.len();
        self.common_in = vec![0; words];
        self.abroad_in = vec![0; words];
        self.fillers = vec![false; words];
        for (i, speech) in self.speeches.iter().enumerate() {
            let bit = 1_u8 << i;
            for word in 0..words {
                let bits = speech.bits.get(word).copied().unwrap_or(0);
                if bits & COMMON != 0
                    && let Some(slot) = self.common_in.get_mut(word)
                {
                    *slot |= bit;
                }
                if bits & ABROAD != 0
                    && self
                        .vocabulary
                        .word(u32::try_from(word).unwrap_or(0))
                        .chars()
                        .count()
                        >= 5
                    && let Some(slot) = self.abroad_in.get_mut(word)
                {
                    *slot |= bit;
                }
            }
            for (word, slots) in speech.slots_of.iter().enumerate() {
                if slots & (1 << Slot::Filler as u32) != 0
                    && let Some(filler) = self.fillers.get_mut(word)
                {
                    *filler = true;
                }
            }
        }
        self.anchored = vec![Vec::new(); words];
        let mut uses = vec![0_u32; words];
        for node in nodes {
            for word in anchor(node, &|_| 1).into_iter().flatten() {
                if let Some(n) = uses.get_mut(word as usize) {
                    *n += 1;
                }
            }
        }
        let cost = |word: WordId| {
            let common = self.common_in.get(word as usize).copied().unwrap_or(0);
            1 + 100 * common.count_ones()
        };
        for (i, node) in (0_u16..).zip(nodes) {
            for word in anchor(node, &cost).unwrap_or_default() {
                if let Some(list) = self.anchored.get_mut(word as usize)
                    && !list.contains(&i)
                {
                    list.push(i);
                }
            }
        }
    }
}

fn known_section(name: &str) -> bool {
    matches!(name, "settings" | "let" | "compound")
        || Slot::named(name).is_some()
        || Want::named(name).is_some()
}

fn setting(line: &str, speech: &mut Speech) -> Result<(), String> {
    match line {
        "month first" => speech.order = Order::MonthFirst,
        "day first" => speech.order = Order::DayFirst,
        "3.30 is a time" => speech.dotted_clock = true,
        "15. is an ordinal" => speech.dotted_ordinal = true,
        _ => return Err(format!("`{line}` is no setting")),
    }
    Ok(())
}

/// The words of which one is in every match of `node`, at the least cost; `None` where no word is certain.
fn anchor(node: &Node, cost: &dyn Fn(WordId) -> u32) -> Option<Vec<WordId>> {
    let weight = |words: &Vec<WordId>| words.iter().map(|w| cost(*w)).sum::<u32>();
    match node {
        Node::Word(words) => Some(words.clone()),
        Node::Seq(nodes) => nodes
            .iter()
            .filter_map(|n| anchor(n, cost))
            .min_by_key(weight),
        Node::Alt(nodes) => {
            let mut all = Vec::new();
            for node in nodes {
                all.extend(anchor(node, cost)?);
            }
            Some(all)
        }
        Node::Slot(_) | Node::Opt(_) | Node::Gap(_) | Node::Edge(_) => None,
    }
}

/// The words (and slots) with which a match of `node` can begin; whether it can be empty.
fn first(node: &Node, words: &mut Vec<WordId>, slots: &mut Vec<SlotId>) -> bool {
    match node {
        Node::Word(some) => {
            words.extend_from_slice(some);
            false
        }
        Node::Slot(slot) => {
            slots.push(*slot);
            false
        }
        Node::Seq(nodes) => nodes.iter().all(|n| first(n, words, slots)),
        Node::Alt(nodes) => {
            let mut empty = false;
            for node in nodes {
                empty |= first(node, words, slots);
            }
            empty
        }
        Node::Opt(inner) => {
            first(inner, words, slots);
            true
        }
        Node::Gap(_) | Node::Edge(_) => true,
    }
}

/// The words with which every match of `node` begins, sorted, where that is certain.
fn heads(node: &Node) -> Option<Box<[WordId]>> {
    let (mut words, mut slots) = (Vec::new(), Vec::new());
    if first(node, &mut words, &mut slots) || !slots.is_empty() || gaps(node) {
        return None;
    }
    words.sort_unstable();
    words.dedup();
    Some(words.into_boxed_slice())
}

/// Whether a match can begin with a word of any kind.
fn gaps(node: &Node) -> bool {
    match node {
        Node::Gap(_) => true,
        Node::Seq(nodes) => nodes
            .iter()
            .take_while(|n| !matches!(n, Node::Word(_) | Node::Slot(_)))
            .any(gaps),
        Node::Alt(nodes) => nodes.iter().any(gaps),
        Node::Opt(inner) => gaps(inner),
        Node::Word(_) | Node::Slot(_) | Node::Edge(_) => false,
    }
}

/// The slots that digits alone can fill.
const NUMERIC: [Slot; 13] = [
    Slot::N,
    Slot::Digits,
    Slot::Period,
    Slot::Oclock,
    Slot::Dashed,
    Slot::Ordinal,
    Slot::Dom,
    Slot::Hour,
    Slot::Min,
    Slot::Year,
    Slot::Amount,
    Slot::Clock,
    Slot::Day,
];

/// The slots that a built-in reader fills from another slot's words.
const BUILT_ON: [(Slot, Slot); 11] = [
    (Slot::Ordinal, Slot::N),
    (Slot::Oclock, Slot::N),
    (Slot::Oclock, Slot::Hour),
    (Slot::Dom, Slot::N),
    (Slot::Dom, Slot::Ordinal),
    (Slot::Hour, Slot::N),
    (Slot::Min, Slot::N),
    (Slot::Year, Slot::N),
    (Slot::Amount, Slot::N),
    (Slot::N, Slot::Thousand),
    (Slot::Clock, Slot::N),
];

impl Speech {
    fn index(&mut self, trees: &[(Slot, Node)], words: usize) {
        let slots = Slot::COUNT;
        let mut first_words: Vec<Vec<WordId>> = vec![Vec::new(); slots];
        let mut numeric = vec![false; slots];
        for slot in NUMERIC {
            numeric[slot as usize] = true;
        }
        let firsts: Vec<_> = trees
            .iter()
            .map(|(slot, node)| {
                let (mut words, mut slots) = (Vec::new(), Vec::new());
                first(node, &mut words, &mut slots);
                (*slot, words, slots)
            })
            .collect();
        // What a slot can begin with depends on other slots: repeat until nothing is new.
        loop {
            let before: usize = first_words.iter().map(Vec::len).sum::<usize>()
                + numeric.iter().filter(|n| **n).count();
            for (slot, words, slots) in &firsts {
                let mut new = words.clone();
                for other in slots {
                    new.extend_from_slice(&first_words[usize::from(*other)]);
                    numeric[*slot as usize] |= numeric[usize::from(*other)];
                }
                merge(&mut first_words[*slot as usize], new);
            }
            for (slot, base) in BUILT_ON {
                let new = first_words[base as usize].clone();
                merge(&mut first_words[slot as usize], new);
            }
            let after: usize = first_words.iter().map(Vec::len).sum::<usize>()
                + numeric.iter().filter(|n| **n).count();
            if after == before {
                break;
            }
        }
        self.bits = vec![0; words];
        self.slots_of = vec![0; words];
        for (slot, words) in first_words.iter().enumerate() {
            for word in words {
                if let Some(slots) = self.slots_of.get_mut(*word as usize) {
                    *slots |= 1 << slot;
                }
            }
        }
        let mut starts: Vec<(WordId, SlotId, u16)> = Vec::new();
        for (rule, (slot, words, slots)) in (0_u16..).zip(&firsts) {
            let mut all = words.clone();
            let mut number = false;
            for other in slots {
                all.extend_from_slice(&first_words[usize::from(*other)]);
                number |= numeric[usize::from(*other)];
            }
            all.sort_unstable();
            all.dedup();
            starts.extend(all.into_iter().map(|word| (word, *slot as SlotId, rule)));
            if number {
                self.number_starts.push((*slot as SlotId, rule));
            }
        }
        starts.sort_unstable();
        self.start_of = (0..=words)
            .map(|word| starts.partition_point(|(w, _, _)| (*w as usize) < word))
            .map(|place| u32::try_from(place).unwrap_or(u32::MAX))
            .collect();
        self.starts = starts
            .into_iter()
            .map(|(_, slot, rule)| (slot, rule))
            .collect();
        self.mark_bits(&first_words, trees);
    }

    fn mark_bits(&mut self, first_words: &[Vec<WordId>], trees: &[(Slot, Node)]) {
        let mut set = |word: WordId, bit: u8| {
            if let Some(bits) = self.bits.get_mut(word as usize) {
                *bits |= bit;
            }
        };
        for slot in [
            Slot::Clock,
            Slot::Day,
            Slot::Period,
            Slot::Part,
            Slot::Time,
            Slot::N,
            Slot::Past,
            Slot::Nothing,
        ] {
            for word in &first_words[slot as usize] {
                set(*word, STARTS);
            }
        }
        for (slot, node) in trees {
            let bit = match slot {
                Slot::Common => COMMON,
                Slot::Weekday | Slot::Part => NAMES_TIME | ABROAD,
                Slot::Unit | Slot::Month | Slot::Holiday | Slot::N | Slot::Ordinal => NAMES_TIME,
                Slot::Day | Slot::Period | Slot::Time | Slot::Clock => {
                    // Words without a slot beside them: "tomorrow", "noon".
                    let mut words = Vec::new();
                    certain(node, &mut words);
                    for word in words {
                        set(word, NAMES_TIME);
                    }
                    continue;
                }
                _ => continue,
            };
            let mut words = Vec::new();
            every(node, &mut words);
            for word in words {
                set(word, bit);
            }
        }
        let mut relative = Vec::new();
        for (slot, node) in trees {
            if *slot == Slot::Day
                && let Node::Word(words) = node
            {
                relative.extend_from_slice(words);
            }
        }
        for word in relative {
            set(word, NAMES_TIME | ABROAD);
        }
        // A common word of the language shows nothing by itself.
        for bits in &mut self.bits {
            if *bits & COMMON != 0 {
                *bits &= !(NAMES_TIME | ABROAD);
            }
        }
    }
}

fn merge(into: &mut Vec<WordId>, new: Vec<WordId>) {
    into.extend(new);
    into.sort_unstable();
    into.dedup();
}

/// Every word of a pattern.
fn every(node: &Node, words: &mut Vec<WordId>) {
    match node {
        Node::Word(some) => words.extend_from_slice(some),
        Node::Seq(nodes) | Node::Alt(nodes) => nodes.iter().for_each(|n| every(n, words)),
        Node::Opt(inner) => every(inner, words),
        Node::Slot(_) | Node::Gap(_) | Node::Edge(_) => {}
    }
}

/// The words of the options that have no slot.
fn certain(node: &Node, words: &mut Vec<WordId>) {
    fn has_slot(node: &Node) -> bool {
        match node {
            Node::Slot(_) => true,
            Node::Seq(nodes) | Node::Alt(nodes) => nodes.iter().any(has_slot),
            Node::Opt(inner) => has_slot(inner),
            _ => false,
        }
    }
    match node {
        Node::Alt(nodes) => nodes.iter().for_each(|n| certain(n, words)),
        node if !has_slot(node) => every(node, words),
        _ => {}
    }
}

fn minutes(text: &str) -> Result<i32, String> {
    let (h, m) = text.split_once(':').ok_or_else(|| bad(text))?;
    let h: i32 = h.parse().map_err(|_| bad(text))?;
    let m: i32 = m.parse().map_err(|_| bad(text))?;
    Ok(h * 60 + m)
}

fn bad(text: &str) -> String {
    format!("`{text}` is no meaning of this section")
}

fn whole(text: Option<&&str>, all: &str) -> Result<i32, String> {
    text.and_then(|t| t.parse().ok()).ok_or_else(|| bad(all))
}

/// What stands before `=`, in a section.
fn meaning_of(slot: Slot, text: &str) -> Result<(Act, Bound), String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let bound = match words.last() {
        Some(&"after") if words.len() > 1 => Bound::After,
        Some(&"before") if words.len() > 1 => Bound::Before,
        Some(&"until") if words.len() > 1 => Bound::Until,
        Some(&"within") if words.len() > 1 => Bound::Within,
        _ => Bound::At,
    };
    if bound != Bound::At {
        words.pop();
    }
    let act = match slot {
        Slot::N | Slot::Ordinal | Slot::Weekday | Slot::Month => {
            Act::Value(Value::Int(text.parse().map_err(|_| bad(text))?))
        }
        Slot::Amount => {
            let amount: f64 = text.parse().map_err(|_| bad(text))?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a few units, in thousandths"
            )]
            let amount = (amount * 1000.0) as i64;
            Act::Value(Value::Amount(amount))
        }
        Slot::Unit => Act::Value(unit(&words, text)?),
        Slot::Meridiem => Act::Value(Value::Meridiem(text == "pm")),
        Slot::Holiday => Act::Value(Value::Holiday(feast(&words, text)?)),
        Slot::Part => part(&words, text)?,
        Slot::Clock
        | Slot::Day
        | Slot::Period
        | Slot::Time
        | Slot::Span
        | Slot::Hour
        | Slot::Loose
        | Slot::Past => act(&words, text)?,
        _ if text.is_empty() => Act::Value(Value::Flag),
        _ => return Err(bad(text)),
    };
    Ok((act, bound))
}

fn unit(words: &[&str], text: &str) -> Result<Value, String> {
    let many = words
        .get(1)
        .map_or(Ok(1), |n| n.parse())
        .map_err(|_| bad(text))?;
    let unit = match words.first() {
        Some(&"second") => Unit::Second,
        Some(&"minute") => Unit::Minute,
        Some(&"hour") => Unit::Hour,
        Some(&"day") => Unit::Day,
        Some(&"workday") => Unit::Workday,
        Some(&"week") => Unit::Week,
        Some(&"month") => Unit::Month,
        Some(&"year") => Unit::Year,
        _ => return Err(bad(text)),
    };
    Ok(Value::Unit(unit, many))
}

fn feast(words: &[&str], text: &str) -> Result<Holiday, String> {
    let small = |i: usize| -> Result<i8, String> {
        words
            .get(i)
            .and_then(|w| w.parse().ok())
            .ok_or_else(|| bad(text))
    };
    let count = |i: usize| -> Result<u8, String> { u8::try_from(small(i)?).map_err(|_| bad(text)) };
    match words.first() {
        Some(&"easter") => Ok(Holiday::Easter(whole(words.get(1), text)?)),
        Some(&"nth") => Ok(Holiday::Nth(count(1)?, small(2)?, count(3)?)),
        Some(date) => {
            let (m, d) = date.split_once('-').ok_or_else(|| bad(text))?;
            Ok(Holiday::Fixed(
                m.parse().map_err(|_| bad(text))?,
                d.parse().map_err(|_| bad(text))?,
            ))
        }
        None => Err(bad(text)),
    }
}

fn part(words: &[&str], text: &str) -> Result<Act, String> {
    match words {
        ["early"] => Ok(Act::Early),
        ["mid"] => Ok(Act::Mid),
        ["late"] => Ok(Act::Late),
        ["today"] => Ok(Act::Join),
        [span, at, early, late] => {
            let (from, to) = span.split_once('-').ok_or_else(|| bad(text))?;
            Ok(Act::Value(Value::Part(Part {
                from: minutes(from)?,
                to: minutes(to)?,
                at: minutes(at)?,
                early: minutes(early)?,
                late: minutes(late)?,
            })))
        }
        _ => Err(bad(text)),
    }
}

fn calendar_unit(words: &[&str], text: &str) -> Result<Unit, String> {
    match words.get(1) {
        Some(&"week") => Ok(Unit::Week),
        Some(&"month") => Ok(Unit::Month),
        Some(&"year") => Ok(Unit::Year),
        _ => Err(bad(text)),
    }
}

fn act(words: &[&str], text: &str) -> Result<Act, String> {
    let n = || whole(words.get(1), text);
    Ok(match words.first().copied().unwrap_or_default() {
        "join" => Act::Join,
        "at" => {
            let at = minutes(words.get(1).copied().unwrap_or_default())?;
            Act::At(at)
        }
        "plus" if words.get(1) == Some(&"n") => Act::PlusN(1),
        "minus" if words.get(1) == Some(&"n") => Act::PlusN(-1),
        "plus" => Act::Plus(n()?),
        "minus" => Act::Plus(-n()?),
        "day" => Act::Days(n()?),
        "weekday" => Act::Weekday(match words.get(1) {
            Some(&"coming") => Which::Coming,
            Some(&"this") => Which::This,
            Some(&"next") => Which::Next,
            Some(&"near") => Which::Near,
            Some(&"week") => Which::Week,
            Some(&"fortnight") => Which::Fortnight,
            _ => return Err(bad(text)),
        }),
        "shift" => Act::Shift(1),
        "back" => Act::Shift(-1),
        "sum" => Act::Sum,
        "and-half" => Act::AndHalf,
        "week" => Act::Week(n()?),
        "month" => Act::Month(n()?),
        "year" => Act::Year(n()?),
        "weekend" => Act::Weekend(n()?),
        "workweek" => Act::Workweek(n()?),
        "quarter" => Act::Quarter(n()?),
        "start" if words.len() > 1 => Act::StartOf(calendar_unit(words, text)?),
        "middle" if words.len() > 1 => Act::MiddleOf(calendar_unit(words, text)?),
        "end" if words.len() > 1 => Act::EndOf(calendar_unit(words, text)?),
        "start" => Act::Start,
        "middle" => Act::Middle,
        "end" => Act::End,
        "half" if words.get(1) == Some(&"1") => Act::FirstHalf,
        "half" => Act::SecondHalf,
        "rest" => Act::Rest,
        "nth" => Act::Nth,
        "last" => Act::Last,
        "nth-weekend" => Act::NthWeekend,
        "last-weekend" => Act::LastWeekend,
        "numeric" => Act::Numeric,
        "week-of" => Act::WeekOf,
        "month-of" => Act::MonthOf,
        "week-number" => Act::WeekNumber,
        "coming" => Act::Coming,
        "past" => Act::Past,
        _ => return Err(bad(text)),
    })
}
