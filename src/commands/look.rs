//! Deciding about everybody, in the order of what is due.

use anyhow::Result;

use crate::config::{Config, fingerprint};
use crate::decide::{Action, Decision, decide};
use crate::model::{Thread, Timestamp};
use crate::store::{ContactKey, Store};

/// How many contacts with new facts are kept from the first look at them, which tells their places; of more, all are
/// looked at a second time.
const MOST_KEPT: usize = 20_000;

/// Decides, at one time and under one policy.
pub(super) struct Look<'a> {
    store: &'a Store,
    config: &'a Config,
    now: Timestamp,
}

/// A contact with new facts, where it comes in the plan, and what was seen.
type Fresh = (
    (Timestamp, bool),
    ContactKey,
    Option<Box<(Thread, Decision)>>,
);

impl<'a> Look<'a> {
    pub(super) const fn new(store: &'a Store, config: &'a Config, now: Timestamp) -> Self {
        Self { store, config, now }
    }

    pub(super) fn at(&self, key: ContactKey) -> Result<Option<(Thread, Decision)>> {
        let thread = self.store.thread(key)?;
        Ok(thread.map(|thread| {
            let decision = decide(&self.config.policy, &thread, self.now);
            (thread, decision)
        }))
    }

    /// Those that `sift` wants, in the order of their due times, without ever holding all of them: those whose time
    /// is known in the order of the index, and merged into them those with new facts. What of a thread is not needed
    /// any more `sift` may take out of it.
    pub(super) fn everywhere(
        &self,
        all: bool,
        sift: impl Fn(&mut Thread, &Decision) -> bool + Sync,
        mut tell: impl FnMut(ContactKey, &Thread, &Decision) -> Result<()>,
    ) -> Result<()> {
        let under = (&self.config.policy, self.now);
        let is_settled = self
            .store
            .is_settled_under(&fingerprint(self.config), self.now)?;
        let ordered = if all || !is_settled {
            self.store.everyone()?
        } else {
            self.store.scheduled()?
        };
        let fresh = if is_settled {
            self.store.awake(Timestamp::UNIX_EPOCH)?.len()
        } else {
            ordered.len()
        };
        let (fresh, settled) = ordered.split_at(fresh.min(ordered.len()));
        let fresh = self.fresh(fresh, &sift)?;
        let is_kept = fresh.len() <= MOST_KEPT;
        let mut fresh = fresh.into_iter().peekable();
        self.store
            .decide_each(settled, under, &sift, |key, thread, decision| {
                let here = place(&decision);
                while let Some((_, key, kept)) = fresh.next_if(|(p, ..)| *p <= here) {
                    self.tell_fresh(key, kept, &sift, &mut tell)?;
                }
                tell(key, &thread, &decision)
            })?;
        if is_kept {
            return fresh
                .try_for_each(|(_, key, kept)| self.tell_fresh(key, kept, &sift, &mut tell));
        }
        let again: Vec<ContactKey> = fresh.map(|(_, key, _)| key).collect();
        let tell = |key, thread: Thread, decision: Decision| tell(key, &thread, &decision);
        self.store.decide_each(&again, under, &sift, tell)
    }

    /// Where those with new facts come in the plan.
    fn fresh(
        &self,
        contacts: &[ContactKey],
        sift: &(impl Fn(&mut Thread, &Decision) -> bool + Sync),
    ) -> Result<Vec<Fresh>> {
        let under = (&self.config.policy, self.now);
        let mut fresh: Vec<Fresh> = Vec::new();
        self.store
            .decide_each(contacts, under, sift, |key, thread, decision| {
                if fresh.len() == MOST_KEPT {
                    fresh.iter_mut().for_each(|(.., kept)| *kept = None);
                }
                let here = place(&decision);
                let kept = (fresh.len() < MOST_KEPT).then(|| Box::new((thread, decision)));
                fresh.push((here, key, kept));
                Ok(())
            })?;
        fresh.sort_unstable_by_key(|(here, key, _)| (*here, *key));
        Ok(fresh)
    }

    fn tell_fresh(
        &self,
        key: ContactKey,
        kept: Option<Box<(Thread, Decision)>>,
        sift: &impl Fn(&mut Thread, &Decision) -> bool,
        tell: &mut impl FnMut(ContactKey, &Thread, &Decision) -> Result<()>,
    ) -> Result<()> {
        let seen = match kept {
            Some(kept) => Some(*kept),
            None => self.at(key)?.and_then(|(mut thread, decision)| {
                sift(&mut thread, &decision).then_some((thread, decision))
            }),
        };
        seen.map_or(Ok(()), |(thread, decision)| tell(key, &thread, &decision))
    }
}

/// Where a decision stands in the plan: by its time, as the store's index has it; then holds; then the rest.
fn place(decision: &Decision) -> (Timestamp, bool) {
    let last = Timestamp::MAX_UTC;
    (
        decision.wake_at.unwrap_or(last),
        decision.action != Action::Hold,
    )
}
