//! A Maildir: a folder with an email in each file of `new` and `cur`; or a single email.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::mbox::tell;
use super::{Emails, MAIL_LIMIT};
use crate::import::encoding::Progress;
use crate::import::platform::More;
use crate::import::us::Seen;
use crate::import::{ReadError, Reader, Record, RowError, SourceSettings};

/// More files than this are no folder of mail that one business has.
const FILES_LIMIT: usize = 5_000_000;

/// Whether the folder at `path` is a Maildir; Thunderbird's have no `new`.
pub(crate) fn is_maildir(path: &Path) -> bool {
    path.join("cur").is_dir() && ["new", "tmp"].iter().any(|f| path.join(f).is_dir())
}

/// Whether a file of this name is an email that was not sent: its flags, after the last `2,`, have a `D`.
fn is_draft(name: &[u8]) -> bool {
    let flags = memchr::memmem::rfind(name, b"2,").map(|at| &name[at + 2..]);
    flags.is_some_and(|flags| flags.iter().all(u8::is_ascii_alphabetic) && flags.contains(&b'D'))
}

/// What Apple Mail keeps an email in: a line with its length in bytes, the email, and what the program knows of it.
pub(crate) fn emlx(raw: &[u8]) -> Option<(usize, &[u8])> {
    let end = raw.iter().take(20).position(|b| *b == b'\n')?;
    let digits = std::str::from_utf8(raw[..end].trim_ascii()).ok()?;
    let length = digits.parse().ok()?;
    Some((length, &raw[end + 1..]))
}

/// The mailbox in a folder that Apple Mail exports: `Inbox.mbox/mbox`.
pub(crate) fn mbox_in(folder: &Path) -> Option<PathBuf> {
    Some(folder.join("mbox")).filter(|path| path.is_file())
}

/// When something came into the Maildir at `path` or left it; `None` when it is none.
#[must_use]
pub fn modified(path: &Path) -> Option<SystemTime> {
    let at = |folder: &str| path.join(folder).metadata().ok()?.modified().ok();
    is_maildir(path).then(|| at("cur").max(at("new"))).flatten()
}

/// Reads a folder of emails, or one.
pub(crate) struct MaildirReader {
    emails: Emails,
    /// In the order of their names, which begin with the time of delivery.
    files: std::vec::IntoIter<PathBuf>,
    folder: PathBuf,
    /// A single email that was read already.
    single: Option<Vec<u8>>,
    raw: Vec<u8>,
    more: More,
    number: u64,
}

impl MaildirReader {
    /// A reader of the Maildir at `path`.
    ///
    /// # Errors
    /// It cannot be read, or it is not known who we are.
    pub(crate) fn open(path: &Path, settings: &SourceSettings) -> Result<Self, ReadError> {
        let mut files = Vec::new();
        for folder in ["new", "cur"] {
            let entries = match fs::read_dir(path.join(folder)) {
                Err(e) if e.kind() == io::ErrorKind::NotFound && folder == "new" => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                // No link is followed: an email is a file of its own.
                let name = entry.file_name();
                let name = name.as_encoded_bytes();
                if entry.file_type()?.is_file() && !name.starts_with(b".") && !is_draft(name) {
                    files.push(entry.path());
                }
                if files.len() > FILES_LIMIT {
                    return Err(ReadError::File(format!(
                        "over {FILES_LIMIT} files; this is no Maildir"
                    )));
                }
            }
        }
        files.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
        Self::new(files, path.to_owned(), None, settings)
    }

    /// A reader of one email.
    ///
    /// # Errors
    /// It cannot be read, or it is not known who we are.
    pub(crate) fn single(input: impl Read, settings: &SourceSettings) -> Result<Self, ReadError> {
        let mut raw = Vec::new();
        input.take(MAIL_LIMIT as u64).read_to_end(&mut raw)?;
        if let Some((length, rest)) = emlx(&raw) {
            raw = rest[..rest.len().min(length)].to_vec();
        }
        Self::new(Vec::new(), PathBuf::new(), Some(raw), settings)
    }

    fn new(
        files: Vec<PathBuf>,
        folder: PathBuf,
        single: Option<Vec<u8>>,
        settings: &SourceSettings,
    ) -> Result<Self, ReadError> {
        let mut reader = Self {
            emails: Emails::new(settings),
            files: files.into_iter(),
            folder,
            single,
            raw: Vec::new(),
            more: More::new(),
            number: 0,
        };
        if reader.emails.lacks_us() {
            let mut seen = Seen::default();
            while let Some(found) = reader.advance() {
                found?;
                reader.emails.survey(&reader.raw, &mut seen);
            }
            return Err(seen.asks_for_us("the addresses at which you write and are written to"));
        }
        Ok(reader)
    }

    /// How far it has come cannot be told in bytes.
    pub(crate) fn progress() -> Progress {
        Progress::of(None)
    }

    /// Reads the next email into `raw`, and gives its name.
    fn advance(&mut self) -> Option<io::Result<String>> {
        if let Some(raw) = self.single.take() {
            self.raw = raw;
            return Some(Ok(String::new()));
        }
        loop {
            let path = self.files.next()?;
            self.raw.clear();
            let read = File::open(&path)
                .and_then(|file| file.take(MAIL_LIMIT as u64).read_to_end(&mut self.raw));
            return Some(match read {
                // Mail programs rename: it is under its new name the next time.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => Err(e),
                Ok(_) => {
                    let name = path.strip_prefix(&self.folder).unwrap_or(&path);
                    Ok(name.display().to_string())
                }
            });
        }
    }
}

impl Reader for MaildirReader {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        if let Some(record) = self.more.pop_front() {
            return Some(Ok(record));
        }
        let name = match self.advance()? {
            Ok(name) => name,
            Err(e) => return Some(Err(e.into())),
        };
        self.number += 1;
        let told = tell(&self.emails, &self.raw, self.number, &mut self.more);
        Some(told.map_err(|reason| {
            let (line, reason) = if name.is_empty() {
                (1, reason)
            } else {
                (self.number, format!("{name}: {reason}"))
            };
            RowError { line, reason }.into()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_known_by_their_flags() {
        for name in ["1772443300.M9.host:2,DS", "1772443300.M9.host_2,D"] {
            assert!(is_draft(name.as_bytes()), "{name}");
        }
        for name in [
            "1772443300.M9.host:2,S",
            "1772443300.M2,D.host",
            "D",
            "1772443300.M9.host",
        ] {
            assert!(!is_draft(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_folder_of_thunderbirds_is_a_maildir_too() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = |name: &str| fs::create_dir(home.path().join(name)).expect("a folder");
        folder("cur");
        assert!(!is_maildir(home.path()));
        folder("tmp");
        assert!(is_maildir(home.path()));
        let text = "From: ana@example.com\nTo: desk@clinic.example\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nhi\n";
        fs::write(home.path().join("cur/1"), text).expect("written");
        let settings = SourceSettings {
            us: vec!["desk@clinic.example".to_owned()],
            ..SourceSettings::default()
        };
        let mut reader = MaildirReader::open(home.path(), &settings).expect("a Maildir");
        let record = reader.read().expect("one").expect("a message");
        assert_eq!(record.text, "hi");
    }
}
