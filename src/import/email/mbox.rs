//! A mailbox in one file: emails one after the other, each after a line that begins with `From `.

use std::io::{self, Read};

use super::{Emails, Found, MAIL_LIMIT};
use crate::import::lines::Lines;
use crate::import::platform::{More, checked};
use crate::import::us::Seen;
use crate::import::{ReadError, Reader, Record, RowError, SourceSettings};

type Input = Box<dyn Read + Send>;

/// Reads a mailbox email by email.
pub(crate) struct MboxReader {
    emails: Emails,
    mails: Mails,
    more: More,
    number: u64,
}

/// The emails of a mailbox as they are written.
struct Mails {
    lines: Lines<Input>,
    raw: Vec<u8>,
    /// The line on which the email begins, and that of the next one, where its beginning has been seen.
    begins: u64,
    next: Option<u64>,
}

impl MboxReader {
    /// A reader of `input`.
    ///
    /// # Errors
    /// It is not known who we are, or it is no mailbox.
    pub(crate) fn new(input: Input, settings: &SourceSettings) -> Result<Self, ReadError> {
        let mut mails = Mails {
            lines: Lines::new(input),
            raw: Vec::new(),
            begins: 0,
            next: None,
        };
        mails.find_first()?;
        let emails = Emails::new(settings);
        if emails.lacks_us() {
            let mut seen = Seen::default();
            while mails.advance()? {
                emails.survey(&mails.raw, &mut seen);
            }
            return Err(seen.asks_for_us("the addresses at which you write and are written to"));
        }
        Ok(Self {
            emails,
            mails,
            more: More::new(),
            number: 0,
        })
    }
}

impl Reader for MboxReader {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        if let Some(record) = self.more.pop_front() {
            return Some(Ok(record));
        }
        match self.mails.advance() {
            Err(e) => return Some(Err(e.into())),
            Ok(false) => return None,
            Ok(true) => self.number += 1,
        }
        let told = tell(&self.emails, &self.mails.raw, self.number, &mut self.more);
        let line = self.mails.begins;
        Some(told.map_err(|reason| RowError { line, reason }.into()))
    }
}

/// The first record of an email; those after it are left in `more`.
pub(super) fn tell(
    emails: &Emails,
    raw: &[u8],
    number: u64,
    more: &mut More,
) -> Result<Record<'static>, String> {
    let told = emails.records(raw, Found::InFile, more).and_then(|()| {
        for record in more.iter_mut() {
            record.line = number;
            checked(record)?;
        }
        Ok(())
    });
    if let Err(reason) = told {
        more.clear();
        return Err(reason);
    }
    Ok(more.pop_front().unwrap_or_else(Record::nothing))
}

impl Mails {
    /// Goes to the first email.
    fn find_first(&mut self) -> Result<(), ReadError> {
        loop {
            match self.lines.next()? {
                Some(Ok((_, line))) if line.trim_ascii().is_empty() => {}
                Some(Ok((number, line))) if line.starts_with(b"From ") => {
                    self.next = Some(number);
                    return Ok(());
                }
                None => return Ok(()),
                Some(_) => {
                    return Err(ReadError::File(
                        "this is no mailbox: its first line does not begin with `From `; for a Maildir or a single email write format = \"maildir\""
                            .to_owned(),
                    ));
                }
            }
        }
    }

    /// Reads the next email; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        let Some(begins) = self.next.take() else {
            return Ok(false);
        };
        self.begins = begins;
        self.raw.clear();
        let mut after_blank = false;
        while let Some(line) = self.lines.next()? {
            let Ok((number, line)) = line else {
                continue; // a line of 8 MiB is no text
            };
            if after_blank && is_separator(line) {
                self.next = Some(number);
                break;
            }
            after_blank = line.is_empty();
            let quoted = line.iter().take_while(|b| **b == b'>').count();
            let line = if quoted > 0 && line[quoted..].starts_with(b"From ") {
                &line[1..]
            } else {
                line
            };
            if self.raw.len() + line.len() < MAIL_LIMIT {
                self.raw.extend_from_slice(line);
                self.raw.push(b'\n');
            }
        }
        Ok(true)
    }
}

/// `From ana@example.com Mon Mar  2 09:00:00 2026`, rather than a sentence.
fn is_separator(line: &[u8]) -> bool {
    let time = |w: &[u8]| w[0].is_ascii_digit() && w[1] == b':' && w[2].is_ascii_digit();
    line.starts_with(b"From ") && line.len() < 500 && line.windows(3).any(time)
}
