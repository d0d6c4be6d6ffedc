//! Opening an export: what it is, by its content.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use super::encoding::{Counted, decoded, text};
use super::named_rows::{at_path, object};
use super::table::Table;
use super::whatsapp::{Chat, looks_like_a_chat};
use super::{
    ChatCounts, ContactReader, Contacts, CsvReader, FollowUpReader, JsonlReader, Progress,
    ReadError, Reader, SourceSettings, WhatsappReader,
};
use crate::config::Format;

/// An export that is ready to be read.
pub struct Opened {
    /// What is in it.
    pub records: Records,
    /// How far the reading has come.
    pub progress: Progress,
    /// For a chat export: what it has.
    pub chat: Option<ChatCounts>,
}

/// What an export has.
pub enum Records {
    /// Messages.
    Messages(Box<dyn Reader + Send>),
    /// Contacts, as `export contacts` writes them.
    Contacts(Contacts),
    /// Follow-ups, as `export followups` writes them.
    FollowUps(Box<FollowUpReader>),
}

/// Opens the file at `path`. After this, only single rows are refused: a fault of the header, the encoding or the
/// settings shows here.
///
/// # Errors
/// [`ReadError::Io`] when there is no such file (its kind is `NotFound`) or it cannot be read; [`ReadError::File`]
/// when it is no export that can be used.
pub fn open(path: &Path, settings: &SourceSettings) -> Result<Opened, ReadError> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(ReadError::File(
            "this is a directory; give the files in it, such as exports/*.csv".to_owned(),
        ));
    }
    if !about.is_file() {
        return open_stream(file, settings); // a pipe
    }
    match content(&head(&mut file)?, settings)? {
        Content::Chat { packed } => chat(file, packed, Some(path), settings),
        Content::Rows(format) => {
            file.rewind()?;
            let progress = Progress::of(Some(about.len()));
            rows(
                Counted::new(file, progress.clone()),
                format,
                progress,
                settings,
            )
        }
    }
}

/// Opens standard input, or anything else that is read once from its beginning. A chat export, which is read twice, is
/// kept in a file without a name meanwhile.
///
/// # Errors
/// As [`open`].
pub fn open_stream(
    mut input: impl Read + Send + 'static,
    settings: &SourceSettings,
) -> Result<Opened, ReadError> {
    let head = head(&mut input)?;
    let content = content(&head, settings)?;
    let mut input = Cursor::new(head).chain(input);
    match content {
        Content::Chat { packed } => {
            let mut file = tempfile::tempfile()?;
            io::copy(&mut input, &mut file)?;
            chat(file, packed, None, settings)
        }
        Content::Rows(format) => {
            let progress = Progress::of(None);
            rows(
                Counted::new(input, progress.clone()),
                format,
                progress,
                settings,
            )
        }
    }
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

/// What a file is by its beginning.
enum Content {
    Chat { packed: bool },
    Rows(Rows),
}

#[derive(Clone, Copy)]
enum Rows {
    Csv,
    Jsonl,
}

fn head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn content(head: &[u8], settings: &SourceSettings) -> Result<Content, ReadError> {
    if head.starts_with(b"PK\x03\x04") {
        return match settings.format {
            None | Some(Format::Whatsapp) => Ok(Content::Chat { packed: true }),
            Some(_) => Err(ReadError::File(
                "the file is a zip (or an Excel workbook), not text; unpack it, or save it as CSV"
                    .to_owned(),
            )),
        };
    }
    let mut text = Vec::new();
    decoded(Cursor::new(head.to_vec()))?.read_to_end(&mut text)?;
    let first = text.trim_ascii_start().first();
    Ok(match settings.format {
        Some(Format::Whatsapp) => Content::Chat { packed: false },
        Some(Format::Csv) => Content::Rows(Rows::Csv),
        Some(Format::Jsonl) => Content::Rows(Rows::Jsonl),
        Some(other) => {
            return Err(ReadError::File(format!("{other} is not read yet")));
        }
        None if first == Some(&b'{') => Content::Rows(Rows::Jsonl),
        None if looks_like_a_chat(&text) => Content::Chat { packed: false },
        None if first == Some(&b'[') => {
            return Err(ReadError::File(
                "the file is a JSON list; write one object a line (jq -c '.[]' does it)".to_owned(),
            ));
        }
        None => Content::Rows(Rows::Csv),
    })
}

fn chat(
    file: File,
    packed: bool,
    path: Option<&Path>,
    settings: &SourceSettings,
) -> Result<Opened, ReadError> {
    let chat = if packed {
        Chat::packed(
            file,
            path.and_then(Path::file_stem)
                .and_then(|stem| stem.to_str()),
        )?
    } else {
        Chat::plain(file)?
    };
    let progress = Progress::of(Some(chat.length() * 2)); // it is read twice
    let reader = WhatsappReader::new(&chat, path, &progress, settings)?;
    Ok(Opened {
        chat: Some(reader.counts()),
        records: Records::Messages(Box::new(reader)),
        progress,
    })
}

fn rows(
    input: impl Read + Send + 'static,
    format: Rows,
    progress: Progress,
    settings: &SourceSettings,
) -> Result<Opened, ReadError> {
    let (head, input) = peek(decoded(input)?)?;
    let records = match format {
        Rows::Csv => table(input, settings)?,
        Rows::Jsonl => lines(&head, input, settings)?,
    };
    Ok(Opened {
        records,
        progress,
        chat: None,
    })
}

fn table(input: Box<dyn Read + Send>, settings: &SourceSettings) -> Result<Records, ReadError> {
    let table = Table::read(input, settings)?;
    let header = &table.header;
    let wanted = |name: &str| header.has(settings.columns.get(name).map_or(name, String::as_str));
    match kind(wanted) {
        Kind::FollowUps => {
            let reader = FollowUpReader::of_table(table, settings)?;
            Ok(Records::FollowUps(Box::new(reader)))
        }
        Kind::Contacts => {
            let reader = ContactReader::of_table(table, settings)?;
            Ok(Records::Contacts(Box::new(reader)))
        }
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
    let first = first.unwrap_or_default();
    let kind = object(&first).map_or(Kind::Messages, |first| {
        kind(|name| {
            let path = settings.columns.get(name).map_or(name, String::as_str);
            at_path(&first, path).is_some()
        })
    });
    Ok(match kind {
        Kind::FollowUps => Records::FollowUps(Box::new(FollowUpReader::of_lines(input, settings))),
        Kind::Contacts => Records::Contacts(Box::new(ContactReader::of_lines(input, settings))),
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
