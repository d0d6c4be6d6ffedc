//! What happens after a step is sent (rule X8): tags, assignment, notification, signed webhook, command.
//!
//! [`actions`] lists what is to be done, each under a name of its own, so that each has its own recorded outcome;
//! [`Workflows::perform`] does one. An action is told of the contact and the step, and cannot write to the
//! contact: a notification goes to an address that is not the contact's, or nowhere. `followup run` refuses to
//! run where [`IN_ACTION`] is set, as it is for a command.

mod command;
mod home;
mod notification;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};

pub use crate::channel::tags_after;
use crate::channel::{Deed, Place, SendError, Senders, SigningKey, post_signed, said};
use crate::config::{Config, Environment, Hook, Notify, Secret, Workflow};
use crate::model::{Channel, Contact, Scenario, Timestamp};

/// The environment variable that tells a program that it runs inside an action.
pub const IN_ACTION: &str = "FOLLOWUP_IN_ACTION";
/// How long a command may run.
const PATIENCE: Duration = Duration::from_secs(30);

/// One thing to do after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The name under which its outcome is kept: one of its own within the workflow.
    pub name: String,
    /// What to do.
    pub kind: ActionKind,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionKind {
    /// Give the contact tags and take tags away: [`tags_after`].
    Tags {
        /// To give.
        add: Vec<String>,
        /// To take away.
        remove: Vec<String>,
    },
    /// Record who takes the contact over.
    Assign(String),
    /// Tell a member of staff.
    Notify(Notify),
    /// Start a workflow of HighLevel's by its id.
    HighlevelWorkflow(String),
    /// Tell a server.
    Webhook(Hook),
    /// Run a program: itself and its arguments.
    Command(Vec<String>),
}

impl ActionKind {
    /// How many requests it makes at most at the contact's platform: they count against the platform's limits.
    #[must_use]
    pub fn requests_at_home(&self) -> u32 {
        match self {
            // A tag may have to be looked up first.
            Self::Tags { add, remove } => {
                u32::try_from(2 * (add.len() + remove.len()).min(8)).unwrap_or(16)
            }
            Self::Assign(_) | Self::Notify(Notify::Task) => 2,
            Self::Notify(Notify::Note) | Self::HighlevelWorkflow(_) => 1,
            Self::Notify(Notify::Staff { .. }) | Self::Webhook(_) | Self::Command(_) => 0,
        }
    }
}

/// What an action is told.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The follow-up's id.
    pub follow_up: &'a str,
    /// Whom it went to.
    pub contact: &'a Contact,
    /// The provider's id of the conversation.
    pub conversation_id: Option<&'a str>,
    /// Where the contact is on a platform, if they are on one.
    pub home: Option<Place<'a>>,
    /// The scenario.
    pub scenario: Scenario,
    /// The step, from 1.
    pub step: u32,
    /// How many steps the scenario has.
    pub steps: u32,
    /// The channel.
    pub channel: Channel,
    /// The text that was sent.
    pub text: &'a str,
    /// The provider's id of the message.
    pub provider_id: Option<&'a str>,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// What became of an action, with words for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionOutcome {
    /// Done.
    Done(Option<String>),
    /// Not done, or nobody knows; not to be repeated.
    Failed(String),
    /// Not done, or done by a receiver who can tell a repetition: to be tried again by a later run.
    Retry {
        /// Why.
        words: String,
        /// Seconds that the receiver asks us to wait.
        after: Option<u32>,
    },
}

impl ActionOutcome {
    /// The state and the words, as they are recorded.
    #[must_use]
    pub fn record(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Done(detail) => ("done", detail.as_deref()),
            Self::Failed(detail) => ("failed", Some(detail)),
            Self::Retry { words, .. } => ("retry", Some(words)),
        }
    }

    /// To be tried again, for a reason that is ours.
    fn later(words: String) -> Self {
        Self::Retry { words, after: None }
    }

    /// To be tried again, when the receiver says.
    fn again(error: &SendError) -> Self {
        let after = match error {
            SendError::Retry { after, .. } => *after,
            _ => None,
        };
        let words = error.to_string();
        Self::Retry { words, after }
    }
}

/// What a workflow does, in order: what stays here first, what leaves afterwards.
#[must_use]
pub fn actions(workflow: &Workflow) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut push = |name: String, kind: ActionKind| {
        if !actions.iter().any(|action: &Action| action.name == name) {
            actions.push(Action { name, kind });
        }
    };
    if !workflow.add_tags.is_empty() || !workflow.remove_tags.is_empty() {
        let (add, remove) = (workflow.add_tags.clone(), workflow.remove_tags.clone());
        push("tags".into(), ActionKind::Tags { add, remove });
    }
    if let Some(assignee) = &workflow.assign {
        push("assign".into(), ActionKind::Assign(assignee.clone()));
    }
    for notify in &workflow.notify {
        push(
            format!("notify {notify}"),
            ActionKind::Notify(notify.clone()),
        );
    }
    if let Some(id) = &workflow.highlevel_workflow {
        push(
            "highlevel_workflow".into(),
            ActionKind::HighlevelWorkflow(id.clone()),
        );
    }
    if let Some(hook) = &workflow.webhook {
        push("webhook".into(), ActionKind::Webhook(hook.clone()));
    }
    if let Some(command) = &workflow.command {
        push("command".into(), ActionKind::Command(command.clone()));
    }
    actions
}

/// What every action of a configuration needs. Secrets are read when the first action wants them.
#[derive(Debug)]
pub struct Workflows<'c> {
    config: &'c Config,
    senders: &'c Senders,
    environment: &'c Environment,
    keys: BTreeMap<&'c str, OnceLock<Result<Arc<Key>, String>>>,
}

#[derive(Debug)]
struct Key {
    secret: Secret,
    signing: SigningKey,
}

impl<'c> Workflows<'c> {
    /// The workflows of `config`.
    #[must_use]
    pub fn new(config: &'c Config, senders: &'c Senders, environment: &'c Environment) -> Self {
        let names = config.workflows.keys();
        Self {
            config,
            senders,
            environment,
            keys: names.map(|name| (name.as_str(), OnceLock::new())).collect(),
        }
    }

    /// The workflows whose webhook cannot be signed, each with why. Reads every such secret.
    #[must_use]
    pub fn faults(&self) -> Vec<(&'c str, String)> {
        let hooks = self.config.workflows.iter();
        hooks
            .filter_map(|(name, workflow)| {
                let words = self.key(name, workflow.webhook.as_ref()?).err()?;
                Some((name.as_str(), words))
            })
            .collect()
    }

    /// Does one action of the workflow `workflow`. Tags and assignment are the store's to keep, whatever becomes
    /// of them here: at the contact's platform, if they are on one.
    #[must_use]
    pub fn perform(
        &self,
        workflow: &str,
        action: &Action,
        told: &Told<'_>,
        now: Timestamp,
    ) -> ActionOutcome {
        match &action.kind {
            ActionKind::Tags { add, remove } => {
                let given = add.iter().map(|tag| format!("+{tag}"));
                let taken = remove.iter().map(|tag| format!("-{tag}"));
                let words: Vec<String> = given.chain(taken).collect();
                self.kept(
                    action,
                    told,
                    &Deed::Tags { add, remove },
                    words.join(" "),
                    now,
                )
            }
            ActionKind::Assign(assignee) => {
                self.kept(action, told, &Deed::Assign(assignee), assignee.clone(), now)
            }
            ActionKind::Notify(Notify::Staff { channel, address }) => {
                let language = self.config.bot.language;
                let to = notification::To {
                    channel: *channel,
                    address,
                };
                notification::send(self.senders, &to, &action.name, told, language, now)
            }
            ActionKind::Notify(notify @ (Notify::Note | Notify::Task)) => {
                let text = notification::text(told, self.config.bot.language);
                let title = notification::title(told, self.config.bot.language);
                let deed = match notify {
                    Notify::Task => Deed::Task {
                        title: &title,
                        body: &text,
                        assignee: self.assignee(workflow),
                    },
                    _ => Deed::Note(&text),
                };
                self.at_home(action, told, &deed, now)
            }
            ActionKind::HighlevelWorkflow(id) => {
                self.at_home(action, told, &Deed::Workflow(id), now)
            }
            ActionKind::Webhook(hook) => self.webhook(workflow, hook, told, now),
            ActionKind::Command(words) => command::run(
                words,
                &self.config.root,
                self.environment,
                &self.body(workflow, told).to_string(),
                PATIENCE,
            ),
        }
    }

    fn webhook(
        &self,
        workflow: &str,
        hook: &Hook,
        told: &Told<'_>,
        now: Timestamp,
    ) -> ActionOutcome {
        let key = match self.key(workflow, hook) {
            Ok(key) => key,
            // The secret may be there for the next run.
            Err(words) => return ActionOutcome::later(words),
        };
        let id = format!("{}_webhook", told.follow_up);
        let body = self.body(workflow, told).to_string();
        let http = self.senders.http();
        let answer = post_signed(http, &hook.url, &key.signing, &id, body, now);
        let error = match answer {
            Ok(answer) if answer.is_success() => return ActionOutcome::Done(None),
            Ok(answer) => answer.verdict(&said(&answer, &key.secret), now),
            Err(broken) => broken.into(),
        };
        match error {
            // The id tells a repetition, so that an unclear end may be repeated too.
            SendError::Retry { .. } | SendError::Unknown { .. } => ActionOutcome::again(&error),
            _ => ActionOutcome::Failed(error.to_string()),
        }
    }

    fn key(&self, workflow: &str, hook: &Hook) -> Result<Arc<Key>, String> {
        let make = || {
            let secret = hook.secret.resolve(self.environment);
            let secret = secret.map_err(|error| error.to_string())?;
            let signing = SigningKey::new(&secret).map_err(|error| error.to_string())?;
            Ok(Arc::new(Key { secret, signing }))
        };
        match self.keys.get(workflow) {
            Some(kept) => kept.get_or_init(make).clone(),
            None => make(),
        }
    }

    /// What a webhook's body and a command's standard input are.
    fn body(&self, workflow: &str, told: &Told<'_>) -> Value {
        let contact = told.contact;
        json!({
            "type": "follow_up.sent",
            "timestamp": told.sent_at,
            "bot": self.config.bot.name,
            "workflow": workflow,
            "contact": {
                "contact_id": contact.contact_id,
                "name": contact.name,
                "phone": contact.phone,
                "email": contact.email,
                "timezone": contact.timezone,
                "language": contact.language,
                "tags": contact.tags,
            },
            "step": {
                "id": told.follow_up,
                "scenario": told.scenario,
                "step": told.step,
                "steps": told.steps,
                "channel": told.channel,
                "conversation_id": told.conversation_id,
                "text": told.text,
                "provider_id": told.provider_id,
                "sent_at": told.sent_at,
            },
        })
    }
}
