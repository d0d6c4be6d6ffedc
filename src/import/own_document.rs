//! JSON documents of our own rows: a list, objects one after the other, or the answer of an API that has a list.

use super::document::Node;
use super::json::{Paths, taken};
use super::jsonl::checked;
use super::platform::{More, Platform};
use super::shape::Shape;
use super::{ReadError, Record, RowError, SourceSettings};

/// A list of objects with our own keys, or objects one after the other: the same as one object a line.
pub(crate) struct OwnList {
    paths: Paths,
    shape: Shape,
    root: &'static Node,
}

/// Where the answers of APIs keep the list of what was asked for.
pub(crate) const LISTS: [&str; 8] = [
    "data", "messages", "items", "results", "records", "rows", "value", "payload",
];
const INNER: Node = Node {
    keys: &[
        ("data", &Node::ITEMS),
        ("messages", &Node::ITEMS),
        ("items", &Node::ITEMS),
        ("results", &Node::ITEMS),
        ("records", &Node::ITEMS),
        ("rows", &Node::ITEMS),
    ],
    ..Node::ITEMS
};
/// An answer of an API, of which only its list matters.
const ANSWER: Node = Node::scope(&[
    (LISTS[0], &INNER),
    (LISTS[1], &INNER),
    (LISTS[2], &INNER),
    (LISTS[3], &INNER),
    (LISTS[4], &INNER),
    (LISTS[5], &INNER),
    (LISTS[6], &INNER),
    (LISTS[7], &INNER),
])
.or_list_of(&Node::ITEM);

/// Whether the objects stand by themselves, or in a list that an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// By themselves, or in a list.
    Rows,
    /// In one of [`LISTS`].
    Answer,
}

/// What `head`, which begins with `{`, shows of a document that is not one object a line: `None` when it may be lines.
pub(crate) fn own_document(head: &[u8]) -> Option<Own> {
    if has_list(head) {
        return Some(Own::Answer);
    }
    let first = head.split(|b| *b == b'\n').next()?;
    (first.trim_ascii() == b"{").then_some(Own::Rows)
}

/// Whether an object has one of [`LISTS`] as a list, or as an object with one, at its top.
fn has_list(head: &[u8]) -> bool {
    let (mut depth, mut at, mut key): (usize, usize, &[u8]) = (0, 0, b"");
    while let Some(b) = head.get(at) {
        match b {
            b'"' => {
                let begin = at + 1;
                at = begin;
                while let Some(b) = head.get(at).filter(|b| **b != b'"') {
                    at += if *b == b'\\' { 2 } else { 1 };
                }
                let Some(text) = head.get(begin..at) else {
                    return false;
                };
                let rest = head.get(at + 1..).unwrap_or_default().trim_ascii_start();
                let value = rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
                if let Some(value) = value {
                    let is_list = LISTS.iter().any(|list| list.as_bytes() == text);
                    if is_list
                        && value.first() == Some(&b'[')
                        && (depth == 1 || depth == 2 && key == b"in")
                    {
                        return true;
                    }
                    if depth == 1 {
                        let goes_in = is_list && value.first() == Some(&b'{');
                        key = if goes_in { b"in" } else { b"" };
                    }
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && at > 0 {
            return false;
        }
        at += 1;
    }
    false
}

impl OwnList {
    /// How a source's objects are read.
    ///
    /// # Errors
    /// Settings that name columns which do not exist.
    pub(crate) fn new(settings: &SourceSettings, own: Own) -> Result<Self, ReadError> {
        Ok(Self {
            paths: Paths::new(settings),
            shape: Shape::new(settings)?,
            root: match own {
                Own::Rows => &Node::ITEMS_OR_ITEM,
                Own::Answer => &ANSWER,
            },
        })
    }
}

impl Platform for OwnList {
    type Heads = ();

    fn root(&self) -> &'static Node {
        self.root
    }

    fn record<'a>(
        &'a mut self,
        (): &'a (),
        row: &'a str,
        _: &mut More,
    ) -> Result<Option<Record<'a>>, String> {
        let values = self.paths.read(row).and_then(|v| checked(v, row))?;
        let record = self.shape.record(0, taken(values));
        record.map(Some).map_err(|e: RowError| e.reason)
    }
}
