//! The rows of JSON documents: of one file, of several in an archive, or of lines.
//!
//! A document is read twice: first to see that it is whole and what it says of its rows, then to give them. So a
//! document that was cut off leaves nothing behind (threat S15). Lines are read once; one that is cut off is left out.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};

use serde::Deserialize as _;
use serde::de::IgnoredAny;

use super::archive::{Stored, as_fault};
use super::document::{Layout, Node, Rows, Sight, Walk};
use super::encoding::{Progress, text};
use super::{ReadError, RowError};

type Input = Box<dyn Read + Send>;
/// What is shown each row by the first reading.
type See<'a> = dyn FnMut(&str) -> Result<(), ReadError> + 'a;

/// What a document says of the rows of a scope.
pub(crate) trait Heads: Default + Send {
    /// Takes the value that the tree calls `tag`. One that cannot be read is none.
    fn set(&mut self, tag: u8, json: &str);
}

impl Heads for () {
    fn set(&mut self, _: u8, _: &str) {}
}

/// Where rows are read from.
pub(crate) enum Source {
    /// Documents, read as often as needed.
    Documents(Vec<Stored>),
    /// One value a line.
    Lines(Input),
}

/// More than this much said of scopes is no export.
const HEADS_LIMIT: usize = 64 << 20;

/// Rows of JSON documents, one by one.
pub(crate) struct Elements<H> {
    root: &'static Node,
    documents: Vec<Stored>,
    progress: Progress,
    walk: Option<Walk<Input>>,
    /// The document that is walked through, and how many have been begun.
    begun: usize,
    /// The scopes found by the first reading; of lines the one that is read.
    scopes: Vec<H>,
    /// Of rows outside any scope.
    unsaid: H,
    /// How many scopes have begun.
    scope: usize,
    layout: Layout,
    /// How many rows there were.
    number: u64,
    /// A row that is not UTF-8, decoded; and whether it is the one that was come to.
    decoded: String,
    is_decoded: bool,
}

impl<H: Heads> Elements<H> {
    /// The rows of `source`, cut out by the tree `root`. `see` is shown each row by the first reading, if it is given.
    ///
    /// # Errors
    /// A document is no JSON or ends before its end.
    pub(crate) fn new(
        source: Source,
        root: &'static Node,
        progress: &Progress,
        mut see: Option<&mut See<'_>>,
    ) -> Result<Self, ReadError> {
        let mut elements = Self {
            root,
            documents: Vec::new(),
            progress: progress.clone(),
            walk: None,
            begun: 0,
            scopes: Vec::new(),
            unsaid: H::default(),
            scope: 0,
            layout: Layout::Document,
            number: 0,
            decoded: String::new(),
            is_decoded: false,
        };
        match source {
            Source::Lines(input) => {
                elements.layout = Layout::Lines;
                elements.scopes.push(H::default());
                elements.walk = Some(Walk::new(input, root, Layout::Lines, Rows::Given));
            }
            Source::Documents(documents) => {
                let mut bytes = 0;
                for document in &documents {
                    elements.survey(document, &mut bytes, &mut see)?;
                }
                elements.documents = documents;
            }
        }
        Ok(elements)
    }

    /// The first reading of a document.
    fn survey(
        &mut self,
        document: &Stored,
        bytes: &mut usize,
        see: &mut Option<&mut See<'_>>,
    ) -> Result<(), ReadError> {
        let rows = if see.is_some() {
            Rows::Given
        } else {
            Rows::Passed
        };
        let named = |e: ReadError| match (document.path_in_archive(), e) {
            (_, ReadError::Io(e)) => as_fault(e),
            (Some(name), ReadError::File(words)) => ReadError::File(format!("{name}: {words}")),
            (_, e) => e,
        };
        let input = document.text(&self.progress).map_err(named)?;
        let mut walk = Walk::new(input, self.root, Layout::Document, rows);
        loop {
            match walk.next().map_err(named)? {
                Sight::End => return Ok(()),
                Sight::Bad(_) => {}
                Sight::Item => {
                    if let (Some(see), Some(row)) = (see.as_deref_mut(), text(walk.bytes())) {
                        see(&row)?;
                    }
                }
                Sight::Scope => {
                    *bytes += size_of::<H>();
                    self.scopes.push(H::default());
                }
                Sight::Head(tag) => {
                    *bytes += walk.bytes().len();
                    if let (Some(heads), Some(value)) = (self.scopes.last_mut(), text(walk.bytes()))
                    {
                        heads.set(tag, &value);
                    }
                }
            }
            if *bytes > HEADS_LIMIT {
                return Err(named(ReadError::File(
                    "it says more of its chats than an export does; export it again".to_owned(),
                )));
            }
        }
    }

    /// What the documents say of their scopes.
    pub(crate) fn scopes(&self) -> &[H] {
        &self.scopes
    }

    /// Goes on to the next row; false at the end.
    ///
    /// # Errors
    /// [`ReadError::Row`] for one that cannot be used; go on.
    pub(crate) fn advance(&mut self) -> Result<bool, ReadError> {
        loop {
            let Some(walk) = &mut self.walk else {
                let Some(document) = self.documents.get(self.begun) else {
                    return Ok(false);
                };
                self.begun += 1;
                let input = document.text(&self.progress)?;
                self.walk = Some(Walk::new(input, self.root, self.layout, Rows::Given));
                continue;
            };
            match walk.next()? {
                Sight::End => {
                    let keys = walk.missed().filter(|_| self.documents.len() == 1);
                    if let Some(keys) = keys.map(Vec::from_iter) {
                        return Err(ReadError::File(format!(
                            "it is JSON of another kind: what this format is read from is not there ({}); leave \
                             --format out, or name another",
                            keys.join(", ")
                        )));
                    }
                    self.walk = None;
                    if self.layout == Layout::Lines {
                        return Ok(false);
                    }
                }
                Sight::Item => {
                    self.number += 1;
                    self.is_decoded = simdutf8::basic::from_utf8(walk.bytes()).is_err();
                    if self.is_decoded {
                        let Some(row) = text(walk.bytes()) else {
                            let words =
                                "the row is neither UTF-8 nor Windows-1252; save the file as UTF-8";
                            return Err(self.error(words.to_owned()).into());
                        };
                        self.decoded = row.into_owned();
                    }
                    return Ok(true);
                }
                Sight::Bad(words) => {
                    self.number += 1;
                    return Err(self.error(words).into());
                }
                Sight::Scope if self.layout == Layout::Lines => self.scopes[0] = H::default(),
                Sight::Scope => self.scope += 1,
                Sight::Head(tag) => {
                    if self.layout == Layout::Lines
                        && let Some(value) = text(walk.bytes())
                    {
                        self.scopes[0].set(tag, &value);
                    }
                }
            }
        }
    }

    /// The row that was come to, what is said of its scope, and its number from 1; `None` before the first.
    pub(crate) fn current(&self) -> Option<(&str, &H, u64)> {
        let place = match self.layout {
            Layout::Document => self.scope.checked_sub(1),
            Layout::Lines => Some(0),
        };
        let heads = place
            .and_then(|n| self.scopes.get(n))
            .unwrap_or(&self.unsaid);
        let row = if self.is_decoded {
            &self.decoded
        } else {
            simdutf8::basic::from_utf8(self.walk.as_ref()?.bytes()).ok()?
        };
        Some((row, heads, self.number))
    }

    /// The error of the row that was come to.
    pub(crate) fn error(&self, reason: String) -> RowError {
        let (line, place) = self
            .walk
            .as_ref()
            .map_or((0, String::new()), |w| (w.given_line(), w.place()));
        let in_archive = self
            .documents
            .get(self.begun.wrapping_sub(1))
            .and_then(Stored::path_in_archive);
        let reason = match (in_archive, place.as_str()) {
            (None, "") => reason,
            (None, place) => format!("{place}: {reason}"),
            (Some(name), place) => format!("{name}: {place}: {reason}"),
        };
        RowError { line, reason }
    }
}

/// Whether `head`, the beginning of a file, has one JSON value a line: its first line is one, and there is more.
pub(crate) fn looks_like_lines(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let Some(end) = memchr::memchr(b'\n', head) else {
        return false;
    };
    let (first, rest) = head.split_at(end);
    let is_value = serde_json::from_slice::<IgnoredAny>(first).is_ok();
    is_value && !rest.trim_ascii().is_empty()
}

/// The longest first line that is looked at, in bytes.
const FIRST_LINE: u64 = 8 << 20;

/// The same for a whole file, whose first line may be longer than its head. The file is left anywhere.
///
/// # Errors
/// It cannot be read.
pub(crate) fn is_of_lines(file: &mut File) -> io::Result<bool> {
    file.rewind()?;
    let Some(end) = first_end(&mut BufReader::new((&mut *file).take(FIRST_LINE)))? else {
        return Ok(false);
    };
    file.rewind()?;
    let first = BufReader::new((&mut *file).take(end));
    let mut first = serde_json::Deserializer::from_reader(first);
    if IgnoredAny::deserialize(&mut first).is_err() || first.end().is_err() {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(end))?;
    let mut rest = Vec::new();
    file.take(4096).read_to_end(&mut rest)?;
    Ok(!rest.trim_ascii().is_empty())
}

/// Where the first line ends.
fn first_end(input: &mut impl io::BufRead) -> io::Result<Option<u64>> {
    let mut before = 0;
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if let Some(end) = memchr::memchr(b'\n', bytes) {
            return Ok(Some(before + end as u64));
        }
        let number = bytes.len();
        before += number as u64;
        input.consume(number);
    }
}
