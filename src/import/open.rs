//! Opening an export: what it is, by its content.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use super::encoding::{Counted, Encoding, text};
use super::named_rows::{at_path, object};
use super::table::Table;
use super::{
    ContactReader, CsvReader, FollowUpReader, JsonlReader, Progress, ReadError, Reader,
    SourceSettings,
};
use crate::config::Format;

/// An export that is ready to be read.
pub struct Opened {
    /// What is in it.
    pub records: Records,
    /// How far the reading has come.
    pub progress: Progress,
}

/// What an export has.
pub enum Records {
    /// Messages.
    Messages(Box<dyn Reader + Send>),
    /// Contacts, as `export contacts` writes them.
    Contacts(ContactReader),
    /// Follow-ups, as `export followups` writes them.
    FollowUps(FollowUpReader),
}

/// Opens the file at `path`. After this, only single rows are refused: a fault of the header, the encoding or the
/// settings shows here.
///
/// # Errors
/// [`ReadError::Io`] when there is no such file (its kind is `NotFound`) or it cannot be read; [`ReadError::File`]
/// when it is no export that can be used.
pub fn open(path: &Path, settings: &SourceSettings) -> Result<Opened, ReadError> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(ReadError::File(
            "this is a directory; give the files in it, such as exports/*.csv".to_owned(),
        ));
    }
    if !about.is_file() {
        return open_stream(file, settings); // a pipe
    }
    let progress = Progress::of(Some(about.len()));
    let input = Counted::new(file, progress.clone());
    let records = records(input, settings)?;
    Ok(Opened { records, progress })
}

/// Opens standard input, or anything else that is read once from its beginning.
///
/// # Errors
/// As [`open`].
pub fn open_stream(
    input: impl Read + Send + 'static,
    settings: &SourceSettings,
) -> Result<Opened, ReadError> {
    let progress = Progress::of(None);
    let input = Counted::new(input, progress.clone());
    let records = records(input, settings)?;
    Ok(Opened { records, progress })
}

/// The files that a source's `path` names, sorted: the path itself, or what matches its `*`, `?` and `[…]`.
///
/// # Errors
/// A pattern that cannot be read, and a directory that cannot be listed.
pub fn files_of(pattern: &str) -> Result<Vec<PathBuf>, ReadError> {
    if !pattern.contains(['*', '?', '[']) || Path::new(pattern).exists() {
        return Ok(vec![PathBuf::from(pattern)]);
    }
    let matches = glob::glob(pattern).map_err(|e| {
        ReadError::File(format!(
            "the path {pattern:?} is not a pattern: {e}; write it like exports/*.csv"
        ))
    })?;
    let mut files = Vec::new();
    for found in matches {
        let found = found.map_err(io::Error::from)?;
        if !found.is_dir() {
            files.push(found);
        }
    }
    files.sort();
    Ok(files)
}

const HEAD: u64 = 64 << 10;

fn records(
    mut input: impl Read + Send + 'static,
    settings: &SourceSettings,
) -> Result<Records, ReadError> {
    let mut head = Vec::new();
    (&mut input).take(HEAD).read_to_end(&mut head)?;
    let encoding = Encoding::of(&head)?;
    let input = encoding.decode(Cursor::new(head).chain(input))?;
    let (head, input) = peek(input)?;
    match settings.format {
        Some(Format::Csv) => table(input, settings),
        Some(Format::Whatsapp) => Err(ReadError::File("chat exports are not read yet".to_owned())),
        Some(Format::Jsonl) => lines(&head, input, settings),
        None if head.trim_ascii_start().first() == Some(&b'{') => lines(&head, input, settings),
        None => table(input, settings),
    }
}

fn table(input: Box<dyn Read + Send>, settings: &SourceSettings) -> Result<Records, ReadError> {
    let table = Table::read(input, settings)?;
    let header = &table.header;
    let wanted = |name: &str| header.has(settings.columns.get(name).map_or(name, String::as_str));
    match kind(wanted) {
        Kind::FollowUps => FollowUpReader::of_table(table, settings).map(Records::FollowUps),
        Kind::Contacts => ContactReader::of_table(table, settings).map(Records::Contacts),
        Kind::Messages => {
            let reader = CsvReader::of(table, settings)?;
            Ok(Records::Messages(Box::new(reader)))
        }
    }
}

fn lines(
    head: &[u8],
    input: Box<dyn Read + Send>,
    settings: &SourceSettings,
) -> Result<Records, ReadError> {
    let mut first = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let first = first.find(|line| !line.is_empty()).and_then(text);
    let first = first.and_then(|line| object(&line).ok());
    let kind = first.map_or(Kind::Messages, |first| {
        kind(|name| {
            let path = settings.columns.get(name).map_or(name, String::as_str);
            at_path(&first, path).is_some()
        })
    });
    Ok(match kind {
        Kind::FollowUps => Records::FollowUps(FollowUpReader::of_lines(input, settings)),
        Kind::Contacts => Records::Contacts(ContactReader::of_lines(input, settings)),
        Kind::Messages => Records::Messages(Box::new(JsonlReader::new(input, settings)?)),
    })
}

enum Kind {
    Messages,
    Contacts,
    FollowUps,
}

fn kind(has: impl Fn(&str) -> bool) -> Kind {
    if has("claimed_at") {
        Kind::FollowUps
    } else if has("contact_id") && !["direction", "sent_at", "text"].into_iter().any(has) {
        Kind::Contacts
    } else {
        Kind::Messages
    }
}

/// The first bytes of `input`, and an input that begins with them again.
fn peek(mut input: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut head = Vec::new();
    (&mut input).take(HEAD).read_to_end(&mut head)?;
    let again = Cursor::new(head.clone()).chain(input);
    Ok((head, Box::new(again)))
}
