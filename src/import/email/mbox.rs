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
    /// The first email has been read, and not yet told of.
    has_first: bool,
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
        let has_first = mails.advance()?;
        if has_first && is_archive(&mails.raw) {
            return Err(ReadError::File(
                "this is the public archive of a mailing list, whose addresses are not written out (`ana at \
                 example.com`): nobody in it can be told from us, nor be answered; give a mailbox of your own instead"
                    .to_owned(),
            ));
        }
        let emails = Emails::new(settings);
        if emails.lacks_us() {
            let mut seen = Seen::default();
            let mut has_one = has_first;
            while has_one {
                emails.survey(&mails.raw, &mut seen);
                has_one = mails.advance()?;
            }
            return Err(seen.asks_for_us("the addresses at which you write and are written to"));
        }
        Ok(Self {
            emails,
            mails,
            more: More::new(),
            number: 0,
            has_first,
        })
    }
}

impl Reader for MboxReader {
    fn read(&mut self) -> Option<Result<Record<'_>, ReadError>> {
        if let Some(record) = self.more.pop_front() {
            return Some(Ok(record));
        }
        let has_first = std::mem::take(&mut self.has_first);
        let advanced = if has_first {
            Ok(true)
        } else {
            self.mails.advance()
        };
        match advanced {
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
            let line = match line.first() {
                Some(b'F') if is_separator(line, after_blank) => {
                    self.next = Some(number);
                    break;
                }
                Some(b'>') => unquoted(line),
                _ => line,
            };
            after_blank = line.is_empty();
            if self.raw.len() + line.len() < MAIL_LIMIT {
                self.raw.extend_from_slice(line);
                self.raw.push(b'\n');
            }
        }
        Ok(true)
    }
}

/// A line of an email that begins with `From `, which is written `>From ` in a mailbox, and so on.
fn unquoted(line: &[u8]) -> &[u8] {
    let quoted = line.iter().take_while(|b| **b == b'>').count();
    if line[quoted..].starts_with(b"From ") {
        &line[1..]
    } else {
        line
    }
}

/// `From ana@example.com Mon Mar  2 09:00:00 2026`, rather than a sentence: it has a month, a time and a year, and a
/// weekday too where no empty line is before it.
fn is_separator(line: &[u8], after_blank: bool) -> bool {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    if !line.starts_with(b"From ") || line.len() >= 500 {
        return false;
    }
    let words = || line.split(|b| *b == b' ').filter(|w| !w.is_empty());
    let is_time = |w: &[u8]| {
        w.len() >= 4 && w.contains(&b':') && w.iter().all(|b| b.is_ascii_digit() || *b == b':')
    };
    let is_year = |w: &[u8]| w.len() == 4 && w.iter().all(u8::is_ascii_digit);
    words().any(is_time)
        && words().any(is_year)
        && words().any(|w| MONTHS.contains(&w))
        && (after_blank || words().any(|w| DAYS.contains(&w)))
}

/// Whether an email is from the archive of a mailing list: its writer is `ana at example.com (Ana)`, and it goes to
/// nobody.
fn is_archive(raw: &[u8]) -> bool {
    let lines = raw.split(|b| *b == b'\n');
    let headers = lines.take_while(|l| !l.trim_ascii().is_empty()).take(100);
    let (mut is_hidden, mut has_recipient) = (false, false);
    for line in headers {
        let Some((name, value)) = line.split_at_checked(5) else {
            continue;
        };
        if name.eq_ignore_ascii_case(b"from:") {
            let at = memchr::memmem::find(value, b" at ");
            is_hidden = !value.contains(&b'@') && at.is_some_and(|at| value[at..].contains(&b'.'));
        }
        has_recipient |= name[..3].eq_ignore_ascii_case(b"to:");
    }
    is_hidden && !has_recipient
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_an_email_is_told_from_a_sentence() {
        for (line, alone) in [
            ("From ana@example.com Mon Mar  2 09:00:00 2026", true),
            ("From - Mon Mar 02 09:00:00 2026", true),
            ("From 18@xxx Mon Mar 02 09:00:00 +0000 2026", true),
            ("From MAILER-DAEMON Mar 2 09:00 2026", false),
        ] {
            assert!(is_separator(line.as_bytes(), true), "{line}");
            assert_eq!(is_separator(line.as_bytes(), false), alone, "{line}");
        }
        for line in [
            "From 9:30 to 10:15 we are closed",
            "From Monday at 9:30 we open",
            "from - Mon Mar 02 09:00:00 2026",
            "From: ana@example.com",
        ] {
            assert!(!is_separator(line.as_bytes(), true), "{line}");
        }
    }
}
