//! When each contact must be looked at again: the one index that an idle run reads.

use anyhow::Result;

use super::relaxed::Relaxed;
use super::{ContactKey, Store, micros};
use crate::decide::{Action, Because, Decision, Policy, decide};
use crate::model::{Thread, Timestamp};

/// How many contacts are decided in one transaction of [`Store::settle`].
const SETTLE_BATCH: i64 = 32_768;

/// How much later a time must be to be remembered by [`Store::note_settled_at`], in microseconds.
const SETTLED_AT_GRAIN: i64 = 600_000_000;
/// By how much a clock may be set back without everything being derived again, in microseconds.
const CLOCK_SET_BACK: i64 = 3_600_000_000;

/// The derived columns of a contact. By default they are yet to be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derived {
    pub(super) wake_at: Option<i64>,
    pub(super) hold: Option<&'static str>,
}

impl Default for Derived {
    fn default() -> Self {
        Self {
            wake_at: Some(0),
            hold: None,
        }
    }
}

impl Derived {
    /// What follows from a decision.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        Self {
            // 0 means "not yet derived"; nothing was ever due in the first microsecond of 1970.
            wake_at: decision.wake_at.map(|at| micros(at).max(1)),
            hold: match decision.action {
                Action::Hold => Some(decision.reason.as_str()),
                _ => is_unconfirmed(decision).then_some(UNCONFIRMED),
            },
        }
    }
}

/// In the place of a hold: a contact says that they booked, and no record bears it out. A person may want to look.
pub const UNCONFIRMED: &str = "unconfirmed_booking";

fn is_unconfirmed(decision: &Decision) -> bool {
    let is = |fact: &Because| {
        matches!(
            fact,
            Because::Booked {
                confirmed: Some(false),
                ..
            }
        )
    };
    decision.because.iter().any(is)
}

pub(super) const DERIVE: &str = "UPDATE contacts SET wake_at = ?2, hold = ?3 WHERE id = ?1";

impl Store {
    /// The contacts whose decision may be `send` at `until` or before, those never yet decided included.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn awake(&self, until: Timestamp) -> Result<Vec<ContactKey>> {
        let sql = "SELECT id FROM contacts WHERE wake_at <= ?1 ORDER BY wake_at, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([micros(until)], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The contacts for whom something is scheduled or held: those never yet decided first, then in the order
    /// of their times, then those held without a time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn scheduled(&self) -> Result<Vec<ContactKey>> {
        let sql = "SELECT * FROM (SELECT id FROM contacts WHERE wake_at IS NOT NULL ORDER BY wake_at, id) \
                   UNION ALL SELECT id FROM contacts WHERE hold IS NOT NULL AND wake_at IS NULL";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Everyone, each person once: in the order of [`Store::scheduled`], then the others.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn everyone(&self) -> Result<Vec<ContactKey>> {
        let sql = "SELECT id FROM contacts WHERE person IS NULL ORDER BY wake_at IS NULL, wake_at, hold IS NULL, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every contact, each of a person's for itself, in the order in which they came.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows(&self) -> Result<Vec<ContactKey>> {
        let sql = "SELECT id FROM contacts ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Derives `wake_at` and `hold` of every contact that has new facts, until `stop` says that it is enough: the
    /// others are derived another time.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn settle(&self, policy: &Policy, now: Timestamp, stop: impl Fn() -> bool) -> Result<()> {
        let mut relaxed = None;
        while !stop() {
            let unsettled: Vec<ContactKey> = {
                let sql = "SELECT id FROM contacts WHERE wake_at = 0 ORDER BY id LIMIT ?1";
                let mut statement = self.connection.prepare_cached(sql)?;
                let rows = statement.query_map([SETTLE_BATCH], |row| row.get(0))?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            if unsettled.is_empty() {
                return Ok(());
            }
            if relaxed.is_none() {
                relaxed = Some(Relaxed::new(self)?); // it is derived again when it is lost
            }
            let others_wrote = self.foreign_writes()?;
            let sharing = self.who_share(&unsettled, policy)?;
            let leads = match sharing.is_empty() && !self.has_people()? {
                true => unsettled,
                false => self.durably(|| self.leads(unsettled, &sharing, policy, now))?,
            };
            let mut derived = Vec::with_capacity(leads.len());
            let sift = |thread: &mut Thread, _: &_| {
                *thread = Thread::default(); // a decision is all that is wanted
                true
            };
            self.decide_each(&leads, (policy, now), sift, |key, _, decision| {
                derived.push((key, Derived::of(&decision)));
                Ok(())
            })?;
            let transaction = self.immediate()?;
            if self.foreign_writes()? != others_wrote {
                // There may be newer facts: once more, with everybody else kept out.
                derived.clear();
                let leads = self.leads(leads.clone(), &leads, policy, now)?;
                let mut threads = self.threads()?;
                for key in leads {
                    if let Some(thread) = threads.thread(key)? {
                        derived.push((key, Derived::of(&decide(policy, &thread, now))));
                    }
                }
            }
            for (key, derived) in derived {
                self.set_derived(key, derived, now)?;
            }
            transaction.commit()?;
        }
        Ok(())
    }

    /// Inside a transaction: joins those of some contacts who may share something to those who are the same person by
    /// the policy's word, and gives who leads them all.
    fn leads(
        &self,
        contacts: Vec<ContactKey>,
        sharing: &[ContactKey],
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<ContactKey>> {
        for key in sharing {
            if self.join(*key, policy, now)? {
                self.catch_up(*key)?;
            }
        }
        let leads = contacts.into_iter().map(|key| self.lead(key));
        let mut leads: Vec<ContactKey> = leads.collect::<Result<_>>()?;
        leads.sort_unstable();
        leads.dedup();
        Ok(leads)
    }

    /// Writes what was derived at `now`.
    pub(super) fn set_derived(
        &self,
        key: ContactKey,
        derived: Derived,
        now: Timestamp,
    ) -> Result<()> {
        self.note_settled_at(now)?;
        let values = (key, derived.wake_at, derived.hold);
        self.connection.prepare_cached(DERIVE)?.execute(values)?;
        Ok(())
    }

    /// The same, where it is news; says whether it was.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_derived_if_changed(
        &self,
        key: ContactKey,
        derived: Derived,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "SELECT 1 FROM contacts WHERE id = ?1 AND wake_at IS ?2 AND hold IS ?3";
        let values = (key, derived.wake_at, derived.hold);
        if self.connection.prepare_cached(sql)?.exists(values)? {
            return Ok(false);
        }
        self.set_derived(key, derived, now)?;
        Ok(true)
    }

    /// Nothing more is to be done for a contact until there is a new fact.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_to_sleep(&self, key: ContactKey) -> Result<()> {
        let sql = "UPDATE contacts SET wake_at = NULL WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute([key])?;
        Ok(())
    }

    /// Remembers, now and then, the latest time for which something was derived.
    pub(super) fn note_settled_at(&self, now: Timestamp) -> Result<()> {
        let known = match self.settled_at.get() {
            Some(known) => known,
            None => self.read_settled_at()?,
        };
        let news = micros(now) > known.saturating_add(SETTLED_AT_GRAIN);
        if news {
            self.set_meta("settled_at", &micros(now).to_string())?;
        }
        self.settled_at
            .set(Some(if news { micros(now) } else { known }));
        Ok(())
    }

    fn read_settled_at(&self) -> Result<i64> {
        let stored = self.meta("settled_at")?;
        Ok(stored.and_then(|t| t.parse().ok()).unwrap_or(i64::MIN))
    }

    /// Whether the derived values hold at `now` under this configuration. They do not at a time before the one
    /// for which they were derived: what was too late then (rule D14) may be due at `now`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_settled_under(&self, fingerprint: &str, now: Timestamp) -> Result<bool> {
        let latest = micros(now).saturating_add(CLOCK_SET_BACK);
        Ok(self.meta("policy")?.as_deref() == Some(fingerprint)
            && self.read_settled_at()? <= latest)
    }

    /// Makes every derived value be derived again when they do not hold: the configuration has changed since the
    /// last time, or the time is an earlier one.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn follow_policy(&self, fingerprint: &str, now: Timestamp) -> Result<bool> {
        if self.is_settled_under(fingerprint, now)? {
            return Ok(false);
        }
        let transaction = self.immediate()?;
        self.connection
            .execute("UPDATE contacts SET wake_at = 0", [])?;
        self.set_meta("policy", fingerprint)?;
        self.set_meta("settled_at", &micros(now).to_string())?;
        transaction.commit()?;
        self.settled_at.set(Some(micros(now)));
        Ok(true)
    }
}
