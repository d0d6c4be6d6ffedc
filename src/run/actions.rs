//! The actions of workflows, after their step is sent (rule X8).

use anyhow::Result;

use super::pace::Pace;
use super::retry::next_attempt;
use super::{Event, Summary};
use crate::channel::Place;
use crate::config::Config;
use crate::decide::{Decision, conversation_on};
use crate::model::{Author, Channel, FollowUp, Scenario, Thread, Timestamp};
use crate::store::{ActionEnd, OpenAction, Store};
use crate::workflow::{Action, ActionKind, ActionOutcome, Told, Workflows, actions, tags_after};

/// Who does actions, for whom. The caller holds the run lock.
pub struct Actions<'a> {
    /// Where they are queued and recorded.
    pub store: &'a Store,
    /// The business.
    pub config: &'a Config,
    /// What does them.
    pub workflows: &'a Workflows<'a>,
    /// Tells the time.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// How many are done at once.
    pub concurrency: usize,
    /// Whether to end soon: what has begun is waited for and recorded, the rest waits for the next run.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// An action with all that it is told.
struct Job {
    action: Action,
    thread: Thread,
    follow_up: FollowUp,
}

impl Actions<'_> {
    /// Inside the transaction that records a sent step: its workflow's actions are to be done. A crash after
    /// it delays them, and loses none.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn queue(&self, follow_up: i64, decision: &Decision) -> Result<()> {
        match (decision.scenario, decision.step) {
            (Some(scenario), Some(step)) => self.queue_found(follow_up, scenario, step),
            _ => Ok(()),
        }
    }

    /// The same for a step that turns out later to have been sent.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn queue_found(&self, follow_up: i64, scenario: Scenario, step: u32) -> Result<()> {
        let Some(name) = self
            .config
            .step(scenario, step)
            .and_then(|s| s.workflow.as_deref())
        else {
            return Ok(());
        };
        let Some(workflow) = self.config.workflows.get(name) else {
            return Ok(());
        };
        for action in actions(workflow) {
            self.store
                .queue_action(follow_up, name, &action.name, (self.clock)())?;
        }
        Ok(())
    }

    /// Does what is queued, some at once, each durably begun before anything leaves. What a crash cut off is
    /// said first.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn perform(&self, summary: &mut Summary, report: &mut dyn FnMut(&Event)) -> Result<()> {
        self.store
            .each_found_sent(|row, scenario, step| self.queue_found(row, scenario, step))?;
        for (row, action) in self.store.recover_actions()? {
            summary.failed_actions += 1;
            report(&Event::Action {
                follow_up_id: self.store.public_id(row)?,
                action,
                state: "unknown".to_owned(),
                detail: Some("the run ended while it was being done".to_owned()),
            });
        }
        let open = self.store.open_actions((self.clock)())?;
        let mut pace = Pace::new(self.store, self.config);
        for some in open.chunks(self.concurrency.max(1)) {
            if (self.stop)() {
                break;
            }
            let mut jobs = Vec::new();
            for open in some {
                let job = self.job(open)?;
                if self.may_begin(job.as_ref(), &mut pace)? {
                    jobs.push((open, job));
                }
            }
            self.store.durably(|| {
                jobs.iter()
                    .try_for_each(|(open, _)| self.store.start_action(open, (self.clock)()))?;
                pace.keep()
            })?;
            let (config, workflows, now) = (self.config, self.workflows, (self.clock)());
            let outcomes: Vec<ActionOutcome> = std::thread::scope(|scope| {
                let begin = |(open, job): &'_ (&'_ OpenAction, Option<Job>)| {
                    do_one(config, workflows, &open.workflow, job.as_ref(), now)
                };
                let begun: Vec<_> = jobs
                    .iter()
                    .map(|job| scope.spawn(move || begin(job)))
                    .collect();
                let lost = |_| ActionOutcome::Failed("the action ended in a defect".to_owned());
                begun
                    .into_iter()
                    .map(|thread| thread.join().unwrap_or_else(lost))
                    .collect()
            });
            self.store.durably(|| {
                for ((open, job), outcome) in jobs.iter().zip(&outcomes) {
                    self.record(open, job.as_ref(), outcome, summary, report)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Waits for the platform's limits; `false` leaves the action to a later run.
    fn may_begin(&self, job: Option<&Job>, pace: &mut Pace<'_>) -> Result<bool> {
        let Some(job) = job else { return Ok(true) };
        match home(self.config, &job.thread, &job.follow_up) {
            Some(home) => pace.wait(home.channel, job.action.kind.requests_at_home(), self.clock),
            None => Ok(true),
        }
    }

    /// What an action is told; `None` when its workflow is gone from the configuration, or its contact.
    fn job(&self, open: &OpenAction) -> Result<Option<Job>> {
        let Some(workflow) = self.config.workflows.get(&open.workflow) else {
            return Ok(None);
        };
        let action = actions(workflow)
            .into_iter()
            .find(|a| a.name == open.action);
        let Some(thread) = self.store.thread(open.contact)? else {
            return Ok(None);
        };
        let id = self.store.public_id(open.follow_up)?;
        let follow_up = thread.follow_ups.iter().find(|f| f.id == id).cloned();
        Ok(action.zip(follow_up).map(|(action, follow_up)| Job {
            action,
            thread,
            follow_up,
        }))
    }

    /// Inside the transaction: what became of an action.
    fn record(
        &self,
        open: &OpenAction,
        job: Option<&Job>,
        outcome: &ActionOutcome,
        summary: &mut Summary,
        report: &mut dyn FnMut(&Event),
    ) -> Result<()> {
        let now = (self.clock)();
        let follow_up_id = self.store.public_id(open.follow_up)?;
        if let Some(Job {
            action:
                Action {
                    kind: ActionKind::Tags { add, remove },
                    ..
                },
            ..
        }) = job
        {
            let own = self.store.own_tags(open.contact)?;
            self.store
                .set_own_tags(open.contact, &tags_after(&own, add, remove))?;
        }
        let (mut state, detail) = outcome.record();
        let retry_at = match outcome {
            ActionOutcome::Retry { after, .. } => {
                next_attempt(&follow_up_id, open.attempts + 1, *after, now)
            }
            _ => None,
        };
        if state == "retry" && retry_at.is_none() {
            state = "failed";
        }
        self.store.end_action(
            open,
            &ActionEnd {
                state,
                detail,
                retry_at,
            },
            now,
        )?;
        summary.failed_actions += u64::from(state == "failed");
        report(&Event::Action {
            follow_up_id,
            action: open.action.clone(),
            state: state.to_owned(),
            detail: detail.map(str::to_owned),
        });
        Ok(())
    }
}

fn do_one(
    config: &Config,
    workflows: &Workflows<'_>,
    workflow: &str,
    job: Option<&Job>,
    now: Timestamp,
) -> ActionOutcome {
    let Some(Job {
        action,
        thread,
        follow_up,
    }) = job
    else {
        return ActionOutcome::Failed(format!("the workflow {workflow} no longer has it"));
    };
    let steps = config
        .scenarios
        .get(&follow_up.scenario)
        .map_or(0, Vec::len);
    let last = thread.messages.iter().max_by_key(|m| m.sent_at);
    let told = Told {
        follow_up: &follow_up.id,
        contact: &thread.contact,
        conversation_id: last.and_then(|m| m.conversation_id.as_deref()),
        home: home(config, thread, follow_up),
        scenario: follow_up.scenario,
        step: follow_up.step,
        steps: u32::try_from(steps).unwrap_or(u32::MAX),
        channel: follow_up.channel,
        text: &follow_up.text,
        provider_id: follow_up.provider_id.as_deref(),
        sent_at: follow_up.went_out_at(),
    };
    workflows.perform(workflow, action, &told, now)
}

/// Where the contact is on a platform: on the channel that the step went out on, else on that of their last message.
fn home<'t>(config: &Config, thread: &'t Thread, follow_up: &FollowUp) -> Option<Place<'t>> {
    let messages = thread.messages.iter();
    let theirs = messages.filter(|m| m.author == Author::Contact);
    let last = theirs.max_by_key(|m| (m.sent_at, m.seq)).map(|m| m.channel);
    let is_platform = |channel: &Channel| {
        let sender = config.channels.get(channel);
        sender.is_some_and(|sender| sender.provider.is_platform())
    };
    let mut channels = [Some(follow_up.channel), last].into_iter().flatten();
    let channel = channels.find(is_platform)?;
    Some(Place {
        contact_id: thread.id_on(channel),
        channel,
        conversation: conversation_on(thread, channel),
    })
}
