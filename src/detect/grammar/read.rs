//! Reads the language files, line by line.

use std::collections::HashMap;
use std::sync::Arc;

use super::meaning::meaning_of;
use super::shape::heads;
use super::{Fault, Grammar, Intent, Order, Rule, Slot, Speech, Starts, Want};
use crate::detect::languages::FILES;
use crate::detect::pattern::{self, Node, Pattern, SlotId};
use crate::detect::vocabulary::Vocabulary;
use crate::detect::word::fold_word;
use crate::model::Language;

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
    pub(in crate::detect) fn build(faults: &mut Vec<Fault>) -> Self {
        let mut grammar = Self {
            vocabulary: Vocabulary::default(),
            speeches: Vec::new(),
            intents: Vec::new(),
            calls: Vec::new(),
            calls_of: Vec::new(),
            called_by_time: Vec::new(),
            common_in: Vec::new(),
            abroad_in: Vec::new(),
            own_in: Vec::new(),
            long_keywords: Vec::new(),
            fillers: Vec::new(),
        };
        let mut nodes = Vec::new();
        let mut trees = Vec::new();
        for &(language, text) in FILES.iter() {
            trees.push(grammar.read(language, text, &mut nodes, faults));
        }
        let vocabulary = &grammar.vocabulary;
        for (speech, trees) in grammar.speeches.iter_mut().zip(&trees) {
            speech.index(trees, vocabulary);
        }
        grammar.index(&nodes, &trees);
        grammar
    }

    fn read(
        &mut self,
        language: Language,
        text: &'static str,
        intents: &mut Vec<Arc<Node>>,
        faults: &mut Vec<Fault>,
    ) -> Vec<(Slot, Arc<Node>)> {
        let mut draft = Draft {
            language,
            lets: HashMap::new(),
        };
        let mut speech = Speech {
            language,
            order: Order::DayFirst,
            dotted_clock: false,
            dotted_ordinal: false,
            lettered_ordinals: u32::MAX,
            one_is_article: false,
            recognised_as: "",
            grows: 0,
            numeric: 0,
            rules: Vec::new(),
            starts: Starts::default(),
            slots_of: Vec::new(),
            number_starts: Vec::new(),
            bits: Vec::new(),
        };
        let mut trees = Vec::new();
        let mut section = "";
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', '>']) || line.starts_with("x ") {
                continue;
            }
            let line = match line.contains('#') {
                true => line.split(" #").next().unwrap_or_default().trim_end(),
                false => line,
            };
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']'))
                && known_section(name)
            {
                section = name;
                continue;
            }
            let done = match section {
                "compound" => {
                    for head in line.split('|') {
                        self.vocabulary.compound(&fold_word(head.trim()));
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
        nodes: &mut Vec<Arc<Node>>,
    ) -> Result<(), String> {
        let text = line.strip_prefix("? ").unwrap_or(line);
        let node = Arc::new(self.pattern(text, draft)?);
        self.intents.push(Intent {
            pattern: Pattern::new(Arc::clone(&node)),
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
        trees: &mut Vec<(Slot, Arc<Node>)>,
    ) -> Result<(), String> {
        let slot = Slot::named(section).ok_or_else(|| format!("[{section}] is no section"))?;
        let (meaning, text) = line.split_once(" = ").unwrap_or(("", line));
        let (act, bound) = meaning_of(slot, meaning.trim())?;
        let node = self.pattern(text, draft)?;
        // Of the words around a time each reading counts, not only the longest: "nach" of "nach dem".
        let options = match node {
            Node::Alt(options) if AROUND.contains(&slot) => options,
            node => vec![node],
        };
        for node in options.into_iter().map(Arc::new) {
            speech.rules.push(Rule {
                pattern: Pattern::new(Arc::clone(&node)),
                act,
                bound,
                label: line,
            });
            trees.push((slot, node));
        }
        Ok(())
    }
}

/// The sections of the words around times.
const AROUND: [Slot; 12] = [
    Slot::After,
    Slot::From,
    Slot::Before,
    Slot::Until,
    Slot::Within,
    Slot::To,
    Slot::Glue,
    Slot::Not,
    Slot::Unfit,
    Slot::Instead,
    Slot::Topic,
    Slot::Thing,
];

pub(in crate::detect) fn known_section(name: &str) -> bool {
    matches!(name, "settings" | "let" | "compound")
        || Slot::named(name).is_some()
        || Want::named(name).is_some()
}

fn setting(line: &'static str, speech: &mut Speech) -> Result<(), String> {
    if let Some(code) = line.strip_prefix("recognised as ") {
        speech.recognised_as = code.trim();
        return Ok(());
    }
    match line {
        "month first" => speech.order = Order::MonthFirst,
        "day first" => speech.order = Order::DayFirst,
        "3.30 is a time" => speech.dotted_clock = true,
        "15. is an ordinal" => speech.dotted_ordinal = true,
        "one is an article" => speech.one_is_article = true,
        "ordinals have letters up to 10" => speech.lettered_ordinals = 10,
        _ => return Err(format!("`{line}` is no setting")),
    }
    Ok(())
}
