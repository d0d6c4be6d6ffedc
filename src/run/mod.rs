//! The shell around the decision: claim, send, record. Rules X1 to X5.
//!
//! Some threads prepare, each with a connection of its own: they read, decide and write the text. One thread
//! writes to the store: each of its transactions records the outcomes that have arrived and claims the next
//! steps, deciding again under the transaction (rule X2), so that a claim is durable before its request leaves
//! and nobody waits for the disk alone. Other threads make the requests. `pipeline` has the whole route.

mod actions;
mod event;
mod lookup;
mod pace;
mod pairs;
mod pipeline;
mod rate;
mod reading;
mod retry;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;

pub use actions::Actions;
pub use event::{Event, Step, Summary};
pub use reading::Readings;

use crate::channel::{ApprovedTemplate, Sender};
use crate::compose::ai::Author;
use crate::config::Rate;
use crate::decide::{Decision, Policy};
use crate::model::{Channel, Scenario, TextSource, Thread, Timestamp};
use crate::store::Store;

/// A text that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Where it came from.
    pub source: TextSource,
    /// The approved template to send instead of it, outside the 24-hour window (rule D17).
    pub template: Option<ApprovedTemplate>,
}

/// Where a run may be stopped by a test, to be killed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before anything is claimed.
    Begin,
    /// In the claim's transaction, before it is committed.
    BeforeCommit,
    /// The claim is durable; nothing has left.
    Claimed,
    /// The provider has answered; nothing is recorded.
    Answered,
    /// In the outcome's transaction, before it is committed.
    BeforeRecord,
    /// The outcome is durable.
    Recorded,
}

impl Point {
    /// Every point, in order.
    pub const ALL: [Self; 6] = [
        Self::Begin,
        Self::BeforeCommit,
        Self::Claimed,
        Self::Answered,
        Self::BeforeRecord,
        Self::Recorded,
    ];

    /// The name by which a test asks for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::BeforeCommit => "before_commit",
            Self::Claimed => "claimed",
            Self::Answered => "answered",
            Self::BeforeRecord => "before_record",
            Self::Recorded => "recorded",
        }
    }
}

/// With more contacts than this, reading them in the order of their rows is worth more than the order of time.
const MANY: usize = 1000;

/// Writes a step's text; in words why it cannot. Called from several threads, with no transaction open: it may
/// take its time.
pub type Write<'a> = &'a (dyn Fn(&Thread, &Decision) -> Result<Written, String> + Sync);

/// Asks whoever may know of a reply to a contact that is about to be written to, and stores what is new; says
/// whether there was any, or in words why nobody knows. Called as [`Write`] is.
pub type Ask<'a> = &'a (dyn Fn(&Thread) -> Result<bool, String> + Sync);

/// Tells the time.
pub type Clock<'a> = &'a (dyn Fn() -> Timestamp + Sync);

/// What a run works with. The caller holds the run lock, and has settled the store under this policy.
pub struct Run<'a> {
    /// The store.
    pub store: &'a Store,
    /// The policy.
    pub policy: &'a Policy,
    /// Gives a channel's sender when the first message goes there; in words why it cannot.
    pub sender: &'a dyn Fn(Channel) -> Result<Arc<dyn Sender>, String>,
    /// The channels' rates.
    pub rates: BTreeMap<Channel, Rate>,
    /// The channels' rates to one address: what comes too soon is left to a later run.
    pub contact_rates: BTreeMap<Channel, Rate>,
    /// Has texts written by language models, where they are configured.
    pub author: Option<&'a Author<'a>>,
    /// The last look at the sources; `None` when none can be asked.
    pub ask: Option<Ask<'a>>,
    /// Writes a step's text without a model.
    pub write: Write<'a>,
    /// How many threads look at contacts and write texts.
    pub preparers: usize,
    /// How many contacts each of them takes at a time: several where texts are written in no time.
    pub portion: usize,
    /// Inside the transaction that records a sent step: keeps its workflow's actions for later.
    pub queue_actions: &'a dyn Fn(i64, &Decision) -> Result<()>,
    /// The same for a step that turns out later to have been sent.
    pub queue_found: &'a dyn Fn(i64, Scenario, u32) -> Result<()>,
    /// Tells the time.
    pub clock: Clock<'a>,
    /// How many requests are in flight at once, for each channel.
    pub concurrency: usize,
    /// The most steps to send; `None` is any number (rule D19).
    pub limit: Option<u64>,
    /// Whether the run is to end soon: what is in flight is waited for and recorded, nothing more is claimed.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Called at each [`Point`].
    pub at: &'a (dyn Fn(Point) + Sync),
}

impl Run<'_> {
    /// Sends what is due, and says what happened as it happens.
    ///
    /// # Errors
    /// When the database cannot be read or written. What was claimed by then is recorded as far as its
    /// outcome is known.
    pub fn send_due(&self, report: &mut dyn FnMut(&Event)) -> Result<Summary> {
        let mut summary = Summary {
            recovered: self.store.recover()? as u64,
            ..Summary::default()
        };
        self.store.insist_on_durability()?; // X1
        lookup::run(self, &mut summary, report)?; // X4
        self.store.settle(self.policy, (self.clock)(), self.stop)?;
        let mut awake = self.store.awake((self.clock)())?;
        let all_get_their_turn = self.limit.is_none_or(|limit| awake.len() as u64 <= limit);
        if all_get_their_turn && awake.len() > MANY {
            awake.sort_unstable(); // in the order of their rows, which lie together on the disk
        }
        if awake.is_empty() {
            return Ok(summary);
        }
        pipeline::run(self, awake.into(), &mut summary, report)?;
        if let Some(reason) = self.author.and_then(|author| author.models().spent()) {
            summary.budget_spent = true;
            report(&Event::Budget { reason });
        }
        self.store.settle(self.policy, (self.clock)(), self.stop)?;
        Ok(summary)
    }
}
