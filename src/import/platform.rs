//! A platform's JSON, message by message: what is common to all of them.

use std::collections::VecDeque;

use super::document::Node;
use super::elements::{Elements, Heads, Source};
use super::encoding::Progress;
use super::loose::mended;
use super::rows::CELL_LIMIT;
use super::{ReadError, Reader, Record, Tells};

/// Records that a row brings besides the first.
pub(crate) type More = VecDeque<Record<'static>>;

/// Whether messages stand in lists called `messages`, or each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HasLists {
    /// They stand in lists.
    Yes,
    /// Each by itself.
    No,
}

/// How a platform writes its messages.
pub(crate) trait Platform: Send + Sized {
    /// What the document says of the messages of a scope.
    type Heads: Heads;

    /// Where the messages stand.
    fn root(&self) -> &'static Node;

    /// Whether the first reading is to show every message.
    fn surveys(&self) -> bool {
        false
    }

    /// A message as the first reading sees it.
    ///
    /// # Errors
    /// The document cannot be used.
    fn survey(&mut self, _row: &str) -> Result<(), ReadError> {
        Ok(())
    }

    /// After the first reading.
    ///
    /// # Errors
    /// What must be known is not; in words that say what to do.
    fn ready(&mut self, _scopes: &[Self::Heads]) -> Result<(), String> {
        Ok(())
    }

    /// What a row tells. `None` when it brings nothing, or only what it has put into `more`.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    fn record<'a>(
        &'a mut self,
        heads: &'a Self::Heads,
        row: &'a str,
        more: &mut More,
    ) -> Result<Option<Record<'a>>, String>;

    /// What is left to be told at the end goes into `more`.
    fn end(&mut self, _more: &mut More) {}
}

/// Reads a platform's export.
pub(crate) struct PlatformReader<P: Platform> {
    platform: P,
    elements: Elements<P::Heads>,
    more: More,
    ended: bool,
    /// The row that was come to, made whole, to be told of next; and the one that is told of so.
    pending: Option<String>,
    whole: String,
}

impl<P: Platform> PlatformReader<P> {
    /// A reader of `source`.
    ///
    /// # Errors
    /// It cannot be read as a whole, or what must be known is not.
    pub(crate) fn new(
        mut platform: P,
        source: Source,
        progress: &Progress,
    ) -> Result<Self, ReadError> {
        let root = platform.root();
        let elements = if platform.surveys() {
            let mut see = |row: &str| platform.survey(row);
            Elements::new(source, root, progress, Some(&mut see))?
        } else {
            Elements::new(source, root, progress, None)?
        };
        platform.ready(elements.scopes()).map_err(ReadError::File)?;
        Ok(Self {
            platform,
            elements,
            more: More::new(),
            ended: false,
            pending: None,
            whole: String::new(),
        })
    }
}

impl<P: Platform> Reader for PlatformReader<P> {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        if let Some(record) = self.more.pop_front() {
            return Some(Ok(record));
        }
        let is_whole = self.pending.is_some();
        if let Some(row) = self.pending.take() {
            self.whole = row;
        } else {
            match self.elements.advance() {
                Err(e) => return Some(Err(e)),
                Ok(true) => {}
                Ok(false) => {
                    if !std::mem::replace(&mut self.ended, true) {
                        self.platform.end(&mut self.more);
                    }
                    return self.more.pop_front().map(Ok);
                }
            }
        }
        let before = self.more.len();
        let more = &mut self.more;
        let current = self
            .elements
            .current()
            .ok_or_else(|| ("there is no row".to_owned(), None));
        let whole = self.whole.as_str();
        let told = current.and_then(|(row, heads, number)| {
            let row = if is_whole { whole } else { row };
            let mend = |reason: String| {
                let mended = (!is_whole).then(|| mended(row, &reason)).flatten();
                (reason, mended)
            };
            let told = self.platform.record(heads, row, more).map_err(mend)?;
            for record in more.iter_mut().skip(before) {
                record.line = number;
                checked(record).map_err(|reason| (reason, None))?;
            }
            told.map(|mut record| {
                record.line = number;
                checked(&record).map(|()| record)
            })
            .transpose()
            .map_err(|reason| (reason, None))
        });
        match told {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) => Some(Ok(self.more.pop_front().unwrap_or_else(Record::nothing))),
            Err((_, Some(row))) => {
                self.more.truncate(before);
                self.pending = Some(row);
                Some(Ok(Record::nothing()))
            }
            Err((reason, None)) => {
                self.more.truncate(before);
                Some(Err(self.elements.error(reason).into()))
            }
        }
    }
}

/// Refuses a message of nobody.
pub(super) fn whose(record: &Record<'_>) -> Result<(), String> {
    if record.contact_id.is_empty() && !matches!(record.tells, Tells::Nothing) {
        return Err("it does not say whose message it is".to_owned());
    }
    Ok(())
}

/// Refuses what cannot be stored.
pub(super) fn checked(record: &Record<'_>) -> Result<(), String> {
    whose(record)?;
    if matches!(record.tells, Tells::Nothing) {
        return Ok(());
    }
    let optional = [
        &record.message_id,
        &record.conversation_id,
        &record.status,
        &record.name,
        &record.phone,
        &record.email,
        &record.address,
        &record.timezone,
        &record.language,
        &record.tags,
    ];
    let all = [&record.contact_id, &record.text]
        .into_iter()
        .chain(optional.into_iter().flatten());
    storable(all.map(|text| &**text))
}

/// Refuses texts that cannot be stored.
pub(super) fn storable<'t>(texts: impl Iterator<Item = &'t str>) -> Result<(), String> {
    for text in texts {
        if text.len() > CELL_LIMIT {
            return Err("a text is longer than 1 MiB; shorten it".to_owned());
        }
        if memchr::memchr(0, text.as_bytes()).is_some() {
            return Err("a text has a NUL character; leave it out".to_owned());
        }
    }
    Ok(())
}
