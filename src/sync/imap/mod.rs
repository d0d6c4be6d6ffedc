//! IMAP: a mailbox's emails, folder after folder, each by its lasting number. Nothing in the mailbox is changed.

mod commands;
mod connection;
mod folders;
mod session;

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use rustls::ClientConfig;
use serde::{Deserialize, Serialize};

use super::patience::Waiter;
use super::{Api, Page, SyncError, Take, Told, Whom};
use crate::config::{ImapSettings, Secret};
use crate::import::{Found, Mailbox, Record, RowError};
use crate::model::{Channel, Timestamp};

pub(super) use connection::trust;

use commands::{Fetched, Wanted};
use folders::Listed;
use session::Session;

/// Emails a page.
const PAGE: usize = 50;
/// So much of an email is asked for; what is longer mostly has attachments, which come after the text.
const FIRST_BYTES: u32 = 512 << 10;
/// So much of one in whose beginning there is no text.
const MOST_BYTES: u32 = 4 << 20;
/// Connections for questions about contacts: servers allow each user a few.
const CONNECTIONS: usize = 3;
/// The newest emails with one contact that a last look reads, in each folder.
const MOST_LOOKED_AT: usize = 20;

/// `[sources.imap]`.
pub(super) struct Imap<'a> {
    settings: ImapSettings,
    shown: Secret,
    trust: Arc<ClientConfig>,
    timeout: Duration,
    waiter: Waiter<'a>,
    since: Option<Timestamp>,
    mailbox: Mailbox,
    /// The first is also for reading what is new.
    desks: [Mutex<Desk<'a>>; CONNECTIONS],
    turn: AtomicUsize,
}

/// A connection, as far as it has been made, and what is known by it.
#[derive(Default)]
struct Desk<'a> {
    session: Option<Session<'a>>,
    folders: Option<Vec<Listed>>,
    /// The numbers that are still to be fetched, in the folder that is open.
    pass: Option<Pass>,
}

struct Pass {
    folder: usize,
    validity: u32,
    next: Option<u32>,
    uids: VecDeque<u32>,
}

/// How far each folder has been read.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    folders: BTreeMap<String, Read>,
    /// Which folder the pass under way is at.
    #[serde(skip_serializing_if = "is_zero")]
    at: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The numbers up to `last` are read, as long as the folder's numbers hold.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Read {
    validity: u32,
    last: u32,
}

/// What an email, or one that cannot be used, tells; kept until the whole page is there.
type Records = Vec<Result<Record<'static>, RowError>>;

impl<'a> Imap<'a> {
    pub(super) fn new(
        settings: &ImapSettings,
        shown: Secret,
        trust: Arc<ClientConfig>,
        timeout: Duration,
        waiter: Waiter<'a>,
        since: Option<Timestamp>,
    ) -> Self {
        Self {
            settings: settings.clone(),
            shown,
            trust,
            timeout,
            waiter,
            since,
            mailbox: Mailbox::new(&settings.us, &settings.humans),
            desks: Default::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// A desk that is free, or whose turn it is.
    fn desk(&self) -> MutexGuard<'_, Desk<'a>> {
        if let Some(free) = self.desks.iter().find_map(|desk| desk.try_lock().ok()) {
            return free;
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let desk = self.desks.get(turn).unwrap_or(&self.desks[0]);
        desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `work` with a session, anew when that breaks.
    fn patiently<T>(
        &self,
        desk: &mut Desk<'a>,
        mut work: impl FnMut(&mut Session<'a>, &mut Desk<'a>) -> Result<T, SyncError>,
    ) -> Result<T, SyncError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let kept = desk.session.take();
            let was_kept = kept.is_some();
            let begun = kept.map_or_else(|| self.begin(), Ok);
            let done = begun.and_then(|mut session| {
                let done = work(&mut session, desk)?;
                desk.session = Some(session);
                Ok(done)
            });
            match done {
                Err(SyncError::Later(reason)) => {
                    desk.pass = None;
                    if attempt >= self.waiter.patience.attempts {
                        return Err(SyncError::Later(reason));
                    }
                    // A connection that was kept may have been closed long ago.
                    let wait = match was_kept {
                        true => Duration::ZERO,
                        false => self.waiter.backoff(attempt),
                    };
                    self.waiter.pause(wait, &reason)?;
                }
                done => return done,
            }
        }
    }

    fn begin(&self) -> Result<Session<'a>, SyncError> {
        self.waiter.in_time(Duration::ZERO, "the time is up")?;
        Session::begin(
            &self.settings,
            &self.shown,
            &self.trust,
            self.timeout,
            self.waiter,
        )
    }

    fn folders(
        &self,
        session: &mut Session<'a>,
        desk: &mut Desk<'a>,
    ) -> Result<Vec<Listed>, SyncError> {
        if let Some(known) = &desk.folders {
            return Ok(known.clone());
        }
        let chosen = folders::chosen(&session.list()?, &self.settings.folders)?;
        desk.folders = Some(chosen.clone());
        Ok(chosen)
    }

    /// Some emails of the folder that `cursor` is at, and where it goes on.
    fn some(
        &self,
        session: &mut Session<'a>,
        desk: &mut Desk<'a>,
        mut cursor: Cursor,
    ) -> Result<(Cursor, bool, Records), SyncError> {
        let folders = self.folders(session, desk)?;
        cursor
            .folders
            .retain(|name, _| folders.iter().any(|folder| folder.name == *name));
        let Some(folder) = folders.get(cursor.at) else {
            cursor.at = 0;
            return Ok((cursor, true, Records::new()));
        };
        let mut pass = match desk.pass.take() {
            Some(pass) if pass.folder == cursor.at => pass,
            _ => self.pass(session, folder, &cursor)?,
        };
        let uids: Vec<u32> = pass.uids.drain(..PAGE.min(pass.uids.len())).collect();
        let records = self.emails(session, folder, &uids)?;
        let validity = pass.validity;
        let known = cursor.folders.get(&folder.name).copied();
        let known = known.filter(|read| read.validity == validity);
        let mut last = known.unwrap_or_default().last;
        last = last.max(uids.last().copied().unwrap_or(0));
        if pass.uids.is_empty() {
            // What was there before the search and is not in it is not wanted.
            last = last.max(pass.next.map_or(0, |next| next.saturating_sub(1)));
            cursor.at += 1;
        } else {
            desk.pass = Some(pass);
        }
        cursor
            .folders
            .insert(folder.name.clone(), Read { validity, last });
        let is_last = cursor.at >= folders.len();
        if is_last {
            cursor.at = 0;
        }
        Ok((cursor, is_last, records))
    }

    /// Finds what is new in a folder.
    fn pass(
        &self,
        session: &mut Session<'a>,
        folder: &Listed,
        cursor: &Cursor,
    ) -> Result<Pass, SyncError> {
        let opened = session.examine(&folder.name)?.map_err(|words| {
            SyncError::Settings(format!(
                "the mail server does not open the folder {:?}: {words}",
                folder.name
            ))
        })?;
        let read = cursor.folders.get(&folder.name).copied();
        // Other numbers than before: all is read again, and known by its Message-ID.
        let read = read.filter(|read| read.validity == opened.validity);
        let last = read.unwrap_or_default().last;
        let uids = match last.checked_add(1) {
            // The server says that there is nothing.
            Some(from) if opened.next.is_none_or(|next| next > from) => {
                session.search(&Wanted {
                    from_uid: from,
                    since: self.since.map(|at| at.date_naive()),
                    with: &[],
                })?
            }
            _ => Vec::new(),
        };
        Ok(Pass {
            folder: cursor.at,
            validity: opened.validity,
            next: opened.next,
            uids: uids.into(),
        })
    }

    /// What emails of the open folder tell.
    fn emails(
        &self,
        session: &mut Session<'a>,
        folder: &Listed,
        uids: &[u32],
    ) -> Result<Records, SyncError> {
        let mut told: BTreeMap<u32, Records> = BTreeMap::new();
        let mut textless: Vec<u32> = Vec::new();
        session.fetch(uids, FIRST_BYTES, &mut |email| {
            let raw = email.raw.as_deref().unwrap_or_default();
            let is_whole = match email.size {
                Some(size) => usize::try_from(size).is_ok_and(|size| raw.len() >= size),
                None => raw.len() < FIRST_BYTES as usize,
            };
            if !is_whole && self.mailbox.lacks_text(raw) {
                textless.push(email.uid);
            }
            told.insert(email.uid, self.records(folder, &email));
        })?;
        // One by one: they are long.
        for uid in textless {
            session.fetch(&[uid], MOST_BYTES, &mut |email| {
                told.insert(email.uid, self.records(folder, &email));
            })?;
        }
        let missing: Vec<u32> = uids
            .iter()
            .copied()
            .filter(|u| !told.contains_key(u))
            .collect();
        if let (Some(first), false) = (missing.first(), missing.is_empty()) {
            // Those that have been deleted in between are none.
            let there = session.search(&Wanted {
                from_uid: *first,
                since: None,
                with: &[],
            })?;
            for uid in missing.into_iter().filter(|uid| there.contains(uid)) {
                let reason = "the mail server does not give this email as it should".to_owned();
                told.insert(uid, vec![Err(unusable(folder, uid, &reason))]);
            }
        }
        Ok(told.into_values().flatten().collect())
    }

    fn records(&self, folder: &Listed, email: &Fetched) -> Records {
        let found = match folder.is_sent {
            true => Found::AmongSent(email.arrived_at),
            false => Found::InMailbox(email.arrived_at),
        };
        let raw = email.raw.as_deref().unwrap_or_default();
        match self.mailbox.read(raw, found) {
            Ok(records) => records
                .into_iter()
                .map(|record| {
                    Ok(Record {
                        line: u64::from(email.uid),
                        ..record
                    })
                })
                .collect(),
            Err(reason) => vec![Err(unusable(folder, email.uid, &reason))],
        }
    }
}

fn unusable(folder: &Listed, uid: u32, reason: &str) -> RowError {
    RowError {
        line: u64::from(uid),
        reason: format!("{}: {reason}", folder.name),
    }
}

fn give(records: Records, take: &mut Take<'_>) {
    for record in records {
        match record {
            Ok(record) => take(Told::Record(&record)),
            Err(error) => take(Told::Unusable(error)),
        }
    }
}

impl Api for Imap<'_> {
    fn page(&self, cursor: Option<&str>, take: &mut Take<'_>) -> Result<Page, SyncError> {
        let mut desk = self.desks[0].lock().unwrap_or_else(PoisonError::into_inner);
        let (cursor, is_last, records) = self.patiently(&mut desk, |session, desk| {
            let cursor = cursor.and_then(|text| serde_json::from_str(text).ok());
            self.some(session, desk, cursor.unwrap_or_default())
        })?;
        give(records, take);
        Ok(Page {
            cursor: serde_json::to_string(&cursor).unwrap_or_default(),
            is_last,
        })
    }

    /// Searches for the contact's addresses, of the day before their newest email on: servers have that in an index.
    fn look(&self, whom: &Whom<'_>, take: &mut Take<'_>) -> Result<bool, SyncError> {
        let addresses = whom.addresses.iter();
        let with: Vec<&str> = addresses
            .filter(|(channel, _)| *channel == Channel::Email)
            .map(|(_, address)| address.as_str())
            .collect();
        if with.is_empty() {
            return Ok(false);
        }
        let since = (whom.since - TimeDelta::days(1)).date_naive();
        let mut desk = self.desk();
        let records = self.patiently(&mut desk, |session, desk| {
            let mut records = Records::new();
            for folder in self.folders(session, desk)? {
                let opened = session.examine(&folder.name)?;
                opened.map_err(SyncError::Later)?;
                let mut uids = session.search(&Wanted {
                    from_uid: 1,
                    since: Some(since),
                    with: &with,
                })?;
                let newest = uids.len().saturating_sub(MOST_LOOKED_AT);
                let uids = uids.split_off(newest);
                records.extend(self.emails(session, &folder, &uids)?);
            }
            Ok(records)
        })?;
        give(records, take);
        Ok(true)
    }
}
