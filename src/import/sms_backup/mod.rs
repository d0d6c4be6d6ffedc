//! "SMS Backup & Restore" of Android phones, and what writes the same XML: `<smses>` of `<sms>` and `<mms>`, and
//! `<calls>`. It is read twice: first to see that it is whole, as nothing of a file that was cut off is kept.

mod parts;
mod whole;

use std::borrow::Cow;
use std::io::Read;

use parts::{Mms, Sms, is_somebody};
use whole::see_whole;

use super::archive::{Stored, as_fault};
use super::encoding::Progress;
use super::loose::milliseconds;
use super::platform::{More, checked};
use super::words::phone;
use super::xml::{Kind, Tags};
use super::{ReadError, Reader, Record, RowError, SourceSettings};
use crate::model::{Author, Channel};

/// An MMS to more people than this is none.
const PEOPLE_LIMIT: usize = 200;

type Input = Box<dyn Read + Send>;

/// Reads a backup message by message.
pub(crate) struct SmsBackup {
    files: Vec<Stored>,
    begun: usize,
    progress: Progress,
    tags: Option<Tags<Input>>,
    channel: Channel,
    contact_id: Option<String>,
    sms: Sms,
    mms: Option<Mms>,
    more: More,
}

/// Whether a text begins such a backup.
pub(super) fn is_sms_backup(head: &[u8]) -> bool {
    let mut tags = Tags::new(head);
    let first = tags.next();
    head.starts_with(b"<")
        && matches!(first, Ok(Some(tag)) if is_root(tag.name) && tag.kind != Kind::Close)
}

/// Whether this name in an archive is a backup's.
pub(super) fn is_backup_name(name: &str) -> bool {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let base = base.to_ascii_lowercase();
    (base.starts_with("sms") || base.starts_with("calls")) && base.ends_with(".xml")
}

fn is_root(name: &str) -> bool {
    matches!(name, "smses" | "calls" | "allsms")
}

impl SmsBackup {
    /// A reader of `files`.
    ///
    /// # Errors
    /// One of them is no such backup, or ends before its end.
    pub(crate) fn new(
        files: Vec<Stored>,
        progress: &Progress,
        settings: &SourceSettings,
    ) -> Result<Self, ReadError> {
        for file in &files {
            let named = |words: String| {
                ReadError::File(match file.path_in_archive() {
                    Some(name) => format!("{name}: {words}"),
                    None => words,
                })
            };
            see_whole(file.text(progress)?).map_err(|e| match e {
                ReadError::File(words) => named(words),
                e => e,
            })?;
        }
        Ok(Self {
            files,
            begun: 0,
            progress: progress.clone(),
            tags: None,
            channel: settings.channel.unwrap_or(Channel::Sms),
            contact_id: settings.contact_id.clone(),
            sms: Sms::default(),
            mms: None,
            more: More::new(),
        })
    }

    /// Reads on until there is a message in `more`; false at the end.
    fn advance(&mut self) -> Result<bool, ReadError> {
        while self.more.is_empty() {
            let Some(tags) = &mut self.tags else {
                let Some(file) = self.files.get(self.begun) else {
                    return Ok(false);
                };
                self.begun += 1;
                self.tags = Some(Tags::new(file.text(&self.progress)?));
                continue;
            };
            let Some(tag) = tags.next().map_err(as_fault)? else {
                self.tags = None;
                self.mms = None;
                continue;
            };
            let line = tag.line;
            let told = match (tag.name, tag.kind) {
                ("sms" | "call", Kind::Open | Kind::Empty) => {
                    let is_call = tag.name == "call";
                    self.sms.read(&tag);
                    self.mms = None;
                    self.tell_sms(is_call)
                }
                ("mms", Kind::Open | Kind::Empty) => {
                    let (mms, kind) = (Mms::of(&tag), tag.kind);
                    self.mms = Some(mms);
                    match kind {
                        Kind::Empty => self.tell_mms(),
                        _ => Ok(()),
                    }
                }
                ("mms", Kind::Close) => self.tell_mms(),
                ("part", Kind::Open | Kind::Empty) => {
                    if let Some(mms) = &mut self.mms {
                        mms.add_part(&tag);
                    }
                    Ok(())
                }
                ("addr", Kind::Open | Kind::Empty) => {
                    if let Some(mms) = &mut self.mms {
                        mms.add_address(&tag);
                    }
                    Ok(())
                }
                _ => Ok(()),
            };
            told.map_err(|(at, reason)| RowError {
                line: at.unwrap_or(line),
                reason,
            })?;
            for record in &mut self.more {
                if record.line == 0 {
                    record.line = line;
                }
            }
        }
        Ok(true)
    }

    /// What an `<sms>` or a `<call>` tells.
    fn tell_sms(&mut self, is_call: bool) -> Result<(), (Option<u64>, String)> {
        let sms = &self.sms;
        let author = match (is_call, sms.kind.as_str()) {
            (false, "1") => Author::Contact,
            (false, "2") => Author::Bot,
            (false, "3" | "4" | "5" | "6") => return Ok(()), // not sent, or not yet
            // Answered, missed, left to the answering machine, refused: they called.
            (true, "1" | "3" | "4" | "5" | "6" | "7") => Author::Contact,
            (true, "2") => Author::Bot,
            (_, kind) => {
                let reason = format!("type: {kind:?} is neither 1, received, nor 2, sent");
                return Err((None, reason));
            }
        };
        if is_call && !is_somebody(&sms.address) {
            return Ok(()); // who hides their number cannot be written to
        }
        let told = if sms.is_too_long {
            Err("a text is longer than 1 MiB; shorten it".to_owned())
        } else {
            self.record(0, &sms.address, Some(&sms.name), &sms.date, author)
        };
        let mut record = told.map_err(|reason| (None, reason))?;
        record.text = Cow::Owned(sms.body.clone());
        let status = match (author, sms.status.as_str()) {
            (Author::Bot, "0") => Some("delivered"),
            (Author::Bot, "32") => Some("pending"),
            (Author::Bot, "64") => Some("failed"),
            _ => None,
        };
        record.status = status.map(Cow::Borrowed);
        self.push(record).map_err(|reason| (None, reason))
    }

    /// What an `<mms>` tells, at its end.
    fn tell_mms(&mut self) -> Result<(), (Option<u64>, String)> {
        let Some(mms) = self.mms.take() else {
            return Ok(());
        };
        let line = mms.line;
        self.tell_whole(mms).map_err(|reason| (Some(line), reason))
    }

    fn tell_whole(&mut self, mms: Mms) -> Result<(), String> {
        let author = match mms.folder.as_str() {
            "1" => Author::Contact,
            "2" => Author::Bot,
            "3" | "4" | "5" => return Ok(()), // not sent, or not yet
            folder => {
                return Err(format!(
                    "msg_box: {folder:?} is neither 1, received, nor 2, sent"
                ));
            }
        };
        if mms.is_too_long {
            return Err("a text is longer than 1 MiB; shorten it".to_owned());
        }
        let people: Vec<&str> = mms.address.split('~').filter(|a| is_somebody(a)).collect();
        if people.len() > PEOPLE_LIMIT {
            return Err(format!("address: there are more than {PEOPLE_LIMIT}"));
        }
        let from = mms.from.as_deref().filter(|from| is_somebody(from));
        let is_with_one = people.len() <= 1;
        let with: Vec<&str> = match (author, from) {
            (Author::Contact, Some(from)) if !is_with_one || people.is_empty() => vec![from],
            (Author::Contact, _) => people.into_iter().take(1).collect(),
            _ => people,
        };
        if with.is_empty() {
            return Err("address: there is none".to_owned());
        }
        for address in with {
            let name = Some(mms.name.as_str()).filter(|_| is_with_one);
            let mut record = self.record(mms.line, address, name, &mms.date, author)?;
            record.text = Cow::Owned(mms.whole_text());
            self.push(record)?;
        }
        Ok(())
    }

    fn record(
        &self,
        line: u64,
        address: &str,
        name: Option<&str>,
        date: &str,
        author: Author,
    ) -> Result<Record<'static>, String> {
        if !is_somebody(address) {
            return Err("address: there is none".to_owned());
        }
        let at = milliseconds(date).map_err(|e| format!("date: {e}"))?;
        let phone = phone(address);
        let id = phone.clone().unwrap_or_else(|| address.trim().to_owned());
        let id = self.contact_id.clone().unwrap_or(id);
        let mut record = Record::message(id.into(), self.channel, author, at, "".into());
        record.line = line;
        record.address = phone.is_none().then(|| address.trim().to_owned().into());
        record.phone = phone.map(Cow::Owned);
        let name = name.filter(|name| !matches!(*name, "" | "null" | "(Unknown)"));
        record.name = name.map(|name| name.to_owned().into());
        Ok(record)
    }

    fn push(&mut self, record: Record<'static>) -> Result<(), String> {
        checked(&record)?;
        self.more.push_back(record);
        Ok(())
    }
}

impl Reader for SmsBackup {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        match self.advance() {
            Err(e) => {
                self.more.clear();
                Some(Err(e))
            }
            Ok(false) => None,
            Ok(true) => self.more.pop_front().map(Ok),
        }
    }
}
