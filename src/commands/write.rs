//! `followup write`: a draft to look at, with what the model is told. Nothing is sent.

use anyhow::{Result, anyhow};

use super::{Context, find_contact, used_today};
use crate::cli::Write;
use crate::compose::Composer;
use crate::compose::ai::{Author, Outcome as Came};
use crate::config::Otherwise;
use crate::decide::{Decision, decide};
use crate::error::{Failure, Outcome};
use crate::model::{Draft, DraftState, TextSource, Thread};
use crate::report::writing::{Draft as Shown, Prompt, json, page};
use crate::store::{Access, ContactKey, Store};

/// Has the text of a contact's next step written, and shows it.
pub(super) fn write(context: &mut Context<'_>, arguments: &Write) -> Result<Outcome> {
    let config = context.load()?;
    let store = Store::open(&config.store, Access::Write)?;
    let clock = context.running_clock(arguments.now.now.map(|t| t.instant(&config.bot.zone)));
    let now = clock();
    let key = find_contact(&store, &arguments.contact)?;
    let Some(thread) = store.thread(key)? else {
        return Ok(Outcome::Done); // forgotten in this very moment
    };
    let decision = decide(&config.policy, &thread, now);
    let used = used_today(&store, &config, now)?;
    let Some(author) = Author::new(&config, context.environment, used, &clock) else {
        let words = "there is no language model; write [ai.openai], [ai.anthropic] or [ai.ollama] \
                     into the configuration";
        return Err(Failure::new(Outcome::Config, words).into());
    };
    if decision.step.is_none() || decision.channel.is_none() {
        let words = format!(
            "there is nothing to write for {}: {} ({}); see followup show {}",
            arguments.contact, decision.action, decision.reason, arguments.contact
        );
        return Err(Failure::new(Outcome::Usage, words).into());
    }
    if !author.writes(&decision) {
        let words = "the step has a text of its own; see followup plan --render";
        return Err(Failure::new(Outcome::Usage, words).into());
    }
    let question = author
        .question(&thread, &decision)
        .map_err(|e| anyhow!(e))?;
    let composer = Composer::new(&config);
    let desk = Desk {
        store: &store,
        author: &author,
        composer: &composer,
    };
    let written = desk.write(key, &thread, &decision)?;
    let prompt = arguments.prompt.then_some(Prompt {
        system: &question.system,
        user: &question.user,
    });
    let (draft, lack) = match &written {
        Written::Draft(draft) => (Some(&**draft), None),
        Written::Nothing(reason) => (None, Some(reason.as_str())),
    };
    let shown = Shown {
        contact_id: &thread.contact.contact_id,
        decision: &decision,
        draft,
        lack,
        prompt,
    };
    if arguments.json {
        serde_json::to_writer(&mut *context.out, &json(&shown))?;
        writeln!(context.out)?;
    } else {
        let terminal = context.terminal;
        page(context.out, &shown, terminal.width, terminal.out_styles)?;
    }
    Ok(match written {
        Written::Nothing(_) => Outcome::TryLater,
        Written::Draft(_) => Outcome::Done,
    })
}

/// Where texts are written outside a run.
pub(super) struct Desk<'a> {
    pub(super) store: &'a Store,
    pub(super) author: &'a Author<'a>,
    pub(super) composer: &'a Composer<'a>,
}

/// What came of it.
pub(super) enum Written {
    /// A draft, or what stands in for it.
    Draft(Box<Draft>),
    /// The step would wait, and why.
    Nothing(String),
}

impl Desk<'_> {
    /// Has a text written, and notes what that took.
    pub(super) fn write(
        &self,
        key: ContactKey,
        thread: &Thread,
        decision: &Decision,
    ) -> Result<Written> {
        let manuscript = self.author.write(thread, decision);
        self.store.durably(|| {
            let mut calls = manuscript.calls.iter();
            calls.try_for_each(|call| self.store.note_call(Some(key), call))
        })?;
        let instead = match &manuscript.outcome {
            Came::Nothing(lack, reason) if self.author.otherwise(*lack) == Otherwise::Wait => {
                return Ok(Written::Nothing(reason.clone()));
            }
            Came::Nothing(..) => self.instead(thread, decision)?,
            Came::Text(_) | Came::Declined(_) => None,
        };
        let draft = manuscript.draft(decision, instead);
        let draft = draft.ok_or_else(|| anyhow!("the decision names no step"))?;
        Ok(Written::Draft(Box::new(draft)))
    }

    fn instead(
        &self,
        thread: &Thread,
        decision: &Decision,
    ) -> Result<Option<(String, TextSource)>> {
        let (Some(scenario), Some(step)) = (decision.scenario, decision.step) else {
            return Ok(None);
        };
        let composed = self.composer.compose(thread, scenario, step, false)?;
        Ok(Some((composed.text, composed.source)))
    }

    /// The draft that a step which is due would go out with: the stored one, else one that is written now, and
    /// stored where the next run may use it.
    pub(super) fn draft(
        &self,
        key: ContactKey,
        thread: &Thread,
        decision: &Decision,
        now: crate::model::Timestamp,
    ) -> Result<Written> {
        if let Some((draft, _)) = self.author.usable(thread, decision, now) {
            return Ok(Written::Draft(Box::new(draft.clone())));
        }
        let written = self.write(key, thread, decision)?;
        if let Written::Draft(draft) = &written
            && draft.state == DraftState::Ready
            && draft.source == TextSource::Ai
        {
            self.store.durably(|| self.store.keep_draft(key, draft))?;
        }
        Ok(written)
    }
}
