//! What became of messages whose answer was lost: the providers that can be asked are asked, at the start of the
//! next run (rule X4).

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use chrono::TimeDelta;

use super::{Event, Run, Step, Summary};
use crate::channel::{Found, Lost, Sender};
use crate::decide::conversation_on;
use crate::model::Channel;
use crate::store::UnknownFollowUp;

/// Before this, a provider that does not have a message may still get it.
const SAFE_DELAY: TimeDelta = TimeDelta::minutes(10);
/// What is older than this stays for a person.
const LONGEST: TimeDelta = TimeDelta::days(3);
/// How many are asked for in one run.
const MOST: usize = 200;

/// Asks for what is `unknown`: found is `sent`, certainly absent is `retry`, all else stays.
pub(super) fn run(
    run: &Run<'_>,
    summary: &mut Summary,
    report: &mut dyn FnMut(&Event),
) -> Result<()> {
    let now = (run.clock)();
    let unknowns = run.store.unknowns(now - LONGEST)?;
    let mut senders: BTreeMap<Channel, Option<Arc<dyn Sender>>> = BTreeMap::new();
    for unknown in unknowns.iter().take(MOST) {
        let channel = unknown.channel;
        let sender = senders
            .entry(channel)
            .or_insert_with(|| (run.sender)(channel).ok());
        let Some(asked) = sender.clone() else {
            continue;
        };
        let Some(thread) = run.store.thread(unknown.contact)? else {
            continue;
        };
        let lost = Lost {
            id: &unknown.id,
            contact_id: thread.id_on(channel),
            conversation: conversation_on(&thread, channel),
            address: &unknown.address,
            channel,
            text: &unknown.text,
            claimed_at: unknown.claimed_at,
        };
        match asked.look_up(&lost, (run.clock)()) {
            Ok(Found::Sent { provider_id }) => {
                let id = provider_id.as_deref();
                if run.store.durably(|| {
                    let is_news = run.store.found_sent(unknown, id)?;
                    if is_news {
                        (run.queue_found)(unknown.row, unknown.scenario, unknown.step)?;
                    }
                    Ok(is_news)
                })? {
                    summary.found += 1;
                    let step = step(unknown, lost.contact_id);
                    report(&Event::Sent { step, provider_id });
                }
            }
            Ok(Found::Absent) if now - unknown.claimed_at >= SAFE_DELAY => {
                if run.store.durably(|| run.store.found_absent(unknown, now))? {
                    report(&Event::Retry {
                        step: step(unknown, lost.contact_id),
                        error: "the provider never had it".to_owned(),
                        retry_at: now,
                    });
                }
            }
            Ok(Found::Absent | Found::CannotSay) => {}
            // It does not answer now: the next run asks again.
            Err(_) => *sender = None,
        }
    }
    Ok(())
}

fn step(unknown: &UnknownFollowUp, contact_id: &str) -> Step {
    Step {
        id: unknown.id.clone(),
        contact_id: contact_id.to_owned(),
        scenario: unknown.scenario,
        step: unknown.step,
        channel: unknown.channel,
    }
}
