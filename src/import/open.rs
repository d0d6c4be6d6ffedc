//! Opening an export: what it is, by its content.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use super::archive::Stored;
use super::bookings::is_tools;
use super::content::{Content, Json, content};
use super::elements::{Source, is_of_lines};
use super::email::{MaildirReader, MboxReader, is_maildir, mbox_in};
use super::encoding::{Counted, decoded, text};
use super::highlevel;
use super::named_rows::{at_path, object};
use super::readers::documents;
use super::sms_backup::{SmsBackup, is_backup_name};
use super::table::Table;
use super::twilio::TwilioTable;
use super::{
    ChatCounts, ContactReader, Contacts, CsvReader, FollowUpReader, JsonlReader, Progress,
    ReadError, Reader, SourceSettings, WhatsappReader,
};
use crate::config::Format;
use crate::model::Channel;

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

/// Opens the file at `path`, or the Maildir. After this, only single rows are refused: a fault of the header, the
/// encoding, the structure or the settings shows here.
///
/// # Errors
/// [`ReadError::Io`] when there is no such file (its kind is `NotFound`) or it cannot be read; [`ReadError::File`]
/// when it is no export that can be used.
pub fn open(path: &Path, settings: &SourceSettings) -> Result<Opened, ReadError> {
    let about = path.metadata()?;
    if about.is_dir() {
        if is_maildir(path) && matches!(settings.format, None | Some(Format::Maildir)) {
            let reader = MaildirReader::open(path, settings)?;
            return Ok(messages(reader, MaildirReader::progress()));
        }
        if let Some(mbox) = mbox_in(path) {
            return open(&mbox, settings);
        }
        return Err(ReadError::File(
            "this is a directory; give the files in it, such as exports/*.csv".to_owned(),
        ));
    }
    let mut file = File::open(path)?;
    if !about.is_file() {
        return open_stream(file, settings); // a pipe
    }
    let head = head(&mut file)?;
    file.rewind()?;
    let content = content(&head, Some(path), settings)?;
    if content.is_read_twice() {
        return stored(file, content, Some(path), settings);
    }
    let progress = Progress::of(Some(about.len()));
    once(
        Counted::new(file, progress.clone()),
        content,
        progress,
        Some(path),
        settings,
    )
}

/// Opens standard input, or anything else that is read once from its beginning. An export that is read twice is kept
/// in a file without a name meanwhile.
///
/// # Errors
/// As [`open`].
pub fn open_stream(
    mut input: impl Read + Send + 'static,
    settings: &SourceSettings,
) -> Result<Opened, ReadError> {
    let head = head(&mut input)?;
    let content = content(&head, None, settings)?;
    let mut input = Cursor::new(head).chain(input);
    if content.is_read_twice() {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut input, &mut file)?;
        return stored(file, content, None, settings);
    }
    let progress = Progress::of(None);
    once(
        Counted::new(input, progress.clone()),
        content,
        progress,
        None,
        settings,
    )
}

/// The files that a source's `path` names, sorted: the path itself, or what matches its `*`, `?` and `[…]`: plain
/// files, links to such, and Maildirs. A pipe among them would be waited for without end.
///
/// # Errors
/// A pattern that cannot be read, and a directory that cannot be listed.
pub fn files_of(pattern: &str) -> Result<Vec<PathBuf>, ReadError> {
    if !pattern.contains(['*', '?', '[']) || Path::new(pattern).exists() {
        return Ok(vec![PathBuf::from(pattern)]);
    }
    let matches = matches(pattern)?;
    let mut files = Vec::new();
    for found in matches {
        let found = found.map_err(io::Error::from)?;
        if found.is_file() || is_maildir(&found) || mbox_in(&found).is_some() {
            files.push(found);
        }
    }
    files.extend(with_other_names(Path::new(pattern))?);
    files.sort();
    Ok(files)
}

fn matches(pattern: &str) -> Result<glob::Paths, ReadError> {
    glob::glob(pattern).map_err(|e| {
        ReadError::File(format!(
            "the path {pattern:?} is not a pattern: {e}; write it like exports/*.csv"
        ))
    })
}

/// The files whose own names are not UTF-8, as old archives leave them: the patterns know no such names.
fn with_other_names(pattern: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name()) else {
        return Ok(Vec::new());
    };
    let Ok(name) = glob::Pattern::new(&name.to_string_lossy()) else {
        return Ok(Vec::new());
    };
    let folder = folder.to_string_lossy();
    let folders = match &*folder {
        "" => vec![PathBuf::from(".")],
        fixed if !fixed.contains(['*', '?', '[']) => vec![PathBuf::from(fixed)],
        pattern => matches(pattern)?.filter_map(Result::ok).collect(),
    };
    let mut files = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in folder.read_dir()? {
            let file = entry?.path();
            let is_other = file.to_str().is_none() && folder.to_str().is_some();
            let own = file.file_name().unwrap_or_default().to_string_lossy();
            if is_other && name.matches(&own) && file.is_file() {
                files.push(file);
            }
        }
    }
    Ok(files)
}

const HEAD: u64 = 64 << 10;

fn head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn messages(reader: impl Reader + Send + 'static, progress: Progress) -> Opened {
    Opened {
        records: Records::Messages(Box::new(reader)),
        progress,
        chat: None,
    }
}

/// Opens what is read twice.
fn stored(
    mut file: File,
    content: Content,
    path: Option<&Path>,
    settings: &SourceSettings,
) -> Result<Opened, ReadError> {
    if let Content::Json(json) = content
        && is_of_lines(&mut file)?
    {
        // Its first line goes on beyond the head, where nobody could tell.
        file.rewind()?;
        let progress = Progress::of(Some(file.metadata()?.len()));
        let by_lines = true;
        return once(
            Counted::new(file, progress.clone()),
            Content::Json(Json { by_lines, ..json }),
            progress,
            path,
            settings,
        );
    }
    let json = match content {
        Content::Chat { packed, channel } => {
            return whatsapp(file, packed, channel, path, settings);
        }
        Content::SmsBackup { packed } => return sms_backup(file, packed, settings),
        Content::Archive(format) => Json::new(format, b""),
        Content::Json(json) => json,
        Content::List(own) => Json {
            own,
            ..Json::new(Format::Jsonl, b"[")
        },
        _ => Json::new(Format::Jsonl, b"["),
    };
    let documents = match content {
        Content::Archive(format) => documents(file, format)?,
        _ => vec![Stored::plain(file)?],
    };
    let length: u64 = documents.iter().map(Stored::length).sum();
    let progress = Progress::of(Some(length.saturating_mul(2)));
    Ok(Opened {
        records: json.records(Source::Documents(documents), &progress, path, settings)?,
        progress,
        chat: None,
    })
}

/// Opens what is read once.
fn once(
    input: impl Read + Send + 'static,
    content: Content,
    progress: Progress,
    path: Option<&Path>,
    settings: &SourceSettings,
) -> Result<Opened, ReadError> {
    let input = decoded(input)?;
    let records = match content {
        Content::Mbox => Records::Messages(Box::new(MboxReader::new(input, settings)?)),
        Content::Email => Records::Messages(Box::new(MaildirReader::single(input, settings)?)),
        Content::Json(json) => json.records(Source::Lines(input), &progress, path, settings)?,
        Content::Table(format) => table(input, format, settings)?,
        _ => {
            let (head, input) = peek(input)?;
            lines(&head, input, settings)?
        }
    };
    Ok(Opened {
        records,
        progress,
        chat: None,
    })
}

fn whatsapp(
    file: File,
    packed: bool,
    channel: Channel,
    path: Option<&Path>,
    settings: &SourceSettings,
) -> Result<Opened, ReadError> {
    let chat = if packed {
        let stem = path
            .and_then(Path::file_stem)
            .and_then(|stem| stem.to_str());
        Stored::chat(file, stem)?
    } else {
        Stored::plain(file)?
    };
    let mut settings = settings.clone();
    settings.channel.get_or_insert(channel);
    let progress = Progress::of(Some(chat.length() * 2)); // it is read twice
    let reader = WhatsappReader::new(&chat, path, &progress, &settings)?;
    Ok(Opened {
        chat: Some(reader.counts()),
        records: Records::Messages(Box::new(reader)),
        progress,
    })
}

fn sms_backup(file: File, packed: bool, settings: &SourceSettings) -> Result<Opened, ReadError> {
    let files = match packed {
        true => Stored::texts(file, is_backup_name)?,
        false => vec![Stored::plain(file)?],
    };
    if files.is_empty() {
        return Err(ReadError::File(
            "the zip has no sms-….xml in it, as backups of SMS Backup & Restore have".to_owned(),
        ));
    }
    let length: u64 = files.iter().map(Stored::length).sum();
    let progress = Progress::of(Some(length.saturating_mul(2))); // it is read twice
    let reader = SmsBackup::new(files, &progress, settings)?;
    Ok(messages(reader, progress))
}

fn table(
    input: Box<dyn Read + Send>,
    format: Option<Format>,
    settings: &SourceSettings,
) -> Result<Records, ReadError> {
    let table = Table::read(input, settings)?;
    let header = &table.header;
    let is_own = format == Some(Format::Csv) || !settings.columns.is_empty();
    let theirs = |name: &str| !is_own && header.has(name);
    if format == Some(Format::Twilio)
        || theirs("From") && theirs("To") && theirs("Direction") && theirs("Body")
    {
        let reader = TwilioTable::of(table, settings)?;
        return Ok(Records::Messages(Box::new(reader)));
    }
    if format == Some(Format::Highlevel) || !is_own && highlevel::is_contacts(theirs) {
        return highlevel::table_contacts(table, settings).map(Records::Contacts);
    }
    if is_tools(theirs) {
        return Err(bookings());
    }
    let wanted = |name: &str| header.has(settings.columns.get(name).map_or(name, String::as_str));
    match kind(wanted) {
        Kind::FollowUps => {
            let reader = FollowUpReader::of_table(table, settings)?;
            Ok(Records::FollowUps(Box::new(reader)))
        }
        Kind::Contacts => {
            let reader = ContactReader::of_table(table, settings)?;
            Ok(Records::Contacts(Contacts::new(reader)))
        }
        Kind::Messages => {
            let reader = CsvReader::of(table, settings)?;
            Ok(Records::Messages(Box::new(reader)))
        }
        Kind::Bookings => Err(bookings()),
    }
}

fn bookings() -> ReadError {
    ReadError::File(
        "this is a table of bookings; import it with --format bookings, or set format = \"bookings\" on its source"
            .to_owned(),
    )
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
        Kind::Contacts => {
            let reader = ContactReader::of_lines(input, settings);
            Records::Contacts(Contacts::new(reader))
        }
        Kind::Messages => Records::Messages(Box::new(JsonlReader::new(input, settings)?)),
        Kind::Bookings => return Err(bookings()),
    })
}

enum Kind {
    Messages,
    Contacts,
    FollowUps,
    Bookings,
}

fn kind(has: impl Fn(&str) -> bool) -> Kind {
    let of_messages = ["direction", "sent_at", "text"].into_iter().any(&has);
    if has("claimed_at") {
        Kind::FollowUps
    } else if has("starts_at") && !of_messages {
        Kind::Bookings
    } else if has("contact_id") && !of_messages {
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
