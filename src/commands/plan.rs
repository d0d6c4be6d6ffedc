use std::collections::BTreeMap;

use anyhow::Result;

use super::{Context, find_contact};
use crate::cli::Plan;
use crate::config::{self, Config};
use crate::decide::{Action, Decision, Reason, decide};
use crate::error::Outcome;
use crate::model::{Thread, Timestamp};
use crate::report::plan::{Row, Table, json};
use crate::report::{Clocks, reason_words};
use crate::store::{Access, ContactKey, Store};

/// Decides about every contact that may be due, and shows it. Nothing is written.
pub(super) fn plan(context: &mut Context<'_>, arguments: &Plan) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Read)?;
    let now = context.now(arguments.now, &config);
    let until = arguments.until.map(|t| t.instant(&config.bot.zone));
    let wanted = |decision: &Decision| match decision.action {
        _ if arguments.all || arguments.contact.is_some() => true,
        Action::Send | Action::Hold => true,
        Action::Wait => until.is_none_or(|until| decision.due_at <= Some(until)),
        Action::Stop | Action::None => false,
    };
    let look = Look {
        store: &store,
        config: &config,
        now,
    };
    let mut paper = Paper::new(context, arguments.json);
    let mut tell = |thread: &Thread, decision: &Decision| {
        if wanted(decision) {
            paper.row(&config, now, thread, decision)?;
        }
        Ok(())
    };
    match arguments.contact.as_deref() {
        Some(contact_id) => {
            if let Some((thread, decision)) = look.at(find_contact(&store, contact_id)?)? {
                tell(&thread, &decision)?;
            }
        }
        None => look.everywhere(arguments.all, tell)?,
    }
    paper.finish()?;
    Ok(Outcome::Done)
}

/// Decides, at one time and under one policy.
struct Look<'a> {
    store: &'a Store,
    config: &'a Config,
    now: Timestamp,
}

impl Look<'_> {
    fn at(&self, key: ContactKey) -> Result<Option<(Thread, Decision)>> {
        let thread = self.store.thread(key)?;
        Ok(thread.map(|thread| {
            let decision = decide(&self.config.policy, &thread, self.now);
            (thread, decision)
        }))
    }

    /// In the order of their due times, without ever holding all of them: those whose time is known in the
    /// order of the index, and merged into them those with new facts, who are decided twice for it.
    fn everywhere(
        &self,
        all: bool,
        mut tell: impl FnMut(&Thread, &Decision) -> Result<()>,
    ) -> Result<()> {
        let fresh = self
            .store
            .is_settled_under(&config::fingerprint(self.config))?;
        let ordered = if all || !fresh {
            self.store.everyone()?
        } else {
            self.store.scheduled()?
        };
        let unsettled = if fresh {
            self.store.awake(Timestamp::UNIX_EPOCH)?.len()
        } else {
            ordered.len()
        };
        let (unsettled, settled) = ordered.split_at(unsettled.min(ordered.len()));
        let mut between = Vec::with_capacity(unsettled.len());
        for key in unsettled {
            if let Some((_, decision)) = self.at(*key)? {
                between.push((place(&decision), *key));
            }
        }
        between.sort_unstable();
        let mut between = between.into_iter().peekable();
        for key in settled {
            let Some((thread, decision)) = self.at(*key)? else {
                continue;
            };
            while let Some((_, key)) = between.next_if(|(p, _)| *p <= place(&decision)) {
                if let Some((thread, decision)) = self.at(key)? {
                    tell(&thread, &decision)?;
                }
            }
            tell(&thread, &decision)?;
        }
        for (_, key) in between {
            if let Some((thread, decision)) = self.at(key)? {
                tell(&thread, &decision)?;
            }
        }
        Ok(())
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

/// Where the plan is written, and what is counted on the way.
struct Paper<'c, 'w> {
    context: &'c mut Context<'w>,
    table: Option<Table>,
    line: Vec<u8>,
    due: u64,
    scheduled: u64,
    held: BTreeMap<Reason, u64>,
    others: BTreeMap<Reason, u64>,
    rows: u64,
}

impl<'c, 'w> Paper<'c, 'w> {
    fn new(context: &'c mut Context<'w>, as_json: bool) -> Self {
        let terminal = context.terminal;
        let table = (!as_json).then(|| Table::new(terminal.width, terminal.out_styles));
        Self {
            context,
            table,
            line: Vec::new(),
            due: 0,
            scheduled: 0,
            held: BTreeMap::new(),
            others: BTreeMap::new(),
            rows: 0,
        }
    }

    fn row(
        &mut self,
        config: &Config,
        now: Timestamp,
        thread: &Thread,
        decision: &Decision,
    ) -> Result<()> {
        match decision.action {
            Action::Send => self.due += 1,
            Action::Wait => self.scheduled += 1,
            Action::Hold => *self.held.entry(decision.reason).or_default() += 1,
            Action::Stop | Action::None => *self.others.entry(decision.reason).or_default() += 1,
        }
        self.rows += 1;
        let row = Row {
            contact: &thread.contact,
            decision,
            text: None,
        };
        let Some(table) = self.table else {
            self.line.clear();
            serde_json::to_writer(&mut self.line, &json(&row))?;
            self.line.push(b'\n');
            return Ok(self.context.out.write_all(&self.line)?);
        };
        if self.rows == 1 {
            table.head(self.context.out)?;
        }
        let clocks = Clocks::new(&thread.contact, &config.bot.zone, now);
        Ok(table.row(self.context.out, &row, &clocks)?)
    }

    fn finish(self) -> Result<()> {
        if self.table.is_none() {
            return Ok(());
        }
        let out = &mut *self.context.out;
        if self.rows > 0 {
            writeln!(out)?;
        }
        let mut parts = vec![
            format!("{} due now", self.due),
            format!("{} scheduled", self.scheduled),
        ];
        parts.push(format!(
            "{} held{}",
            self.held.values().sum::<u64>(),
            reasons(&self.held)
        ));
        if !self.others.is_empty() {
            parts.push(format!(
                "{} with nothing due{}",
                self.others.values().sum::<u64>(),
                reasons(&self.others)
            ));
        }
        writeln!(out, "{}", parts.join(", "))?;
        Ok(())
    }
}

fn reasons(counts: &BTreeMap<Reason, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let words: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{} {count}", reason_words(*reason)))
        .collect();
    format!(" ({})", words.join(", "))
}
