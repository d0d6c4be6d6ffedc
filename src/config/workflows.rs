use std::collections::BTreeMap;
use std::fmt;

use super::file::{Table, Value};
use super::findings::{Deferred, Findings};
use super::validate::Place;
use super::{SecretRef, secret_ref, words};
use crate::model::Channel;

/// `[workflows.NAME]`: what happens after a step is sent (rule X8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workflow {
    /// Tags that the contact gets.
    pub add_tags: Vec<String>,
    /// Tags that the contact loses.
    pub remove_tags: Vec<String>,
    /// Who takes the contact over.
    pub assign: Option<String>,
    /// Who is told; a channel may lack a sender, which `check` warns of.
    pub notify: Vec<Notify>,
    /// The workflow of HighLevel's that is started, by its id.
    pub highlevel_workflow: Option<String>,
    /// Which server is told.
    pub webhook: Option<Hook>,
    /// The command to run in the directory of the configuration: the program and its arguments, no shell.
    pub command: Option<Vec<String>>,
}

/// How staff is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notify {
    /// Someone by a channel: `"email:desk@example.com"`.
    Staff {
        /// The channel.
        channel: Channel,
        /// The address on it.
        address: String,
    },
    /// `"note"`: by a note at the contact's platform that only staff can see.
    Note,
    /// `"task"`: by a task at the contact's platform.
    Task,
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Staff { channel, address } => write!(f, "{channel}:{address}"),
            Self::Note => f.write_str("note"),
            Self::Task => f.write_str("task"),
        }
    }
}

/// A server to tell by a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Where the request goes.
    pub url: String,
    /// What it is signed with (Standard Webhooks).
    pub secret: SecretRef,
}

/// Who can be told over which channel.
pub(super) struct Reach<'a> {
    /// The channels that have a sender.
    pub(super) senders: &'a [Channel],
    /// Those whose provider writes only to contacts that it knows.
    pub(super) contacts_only: &'a [Channel],
    /// Those that HighLevel sends on.
    pub(super) highlevel: &'a [Channel],
}

/// `[workflows]`: by name.
pub(super) fn read(
    table: Table<'_>,
    place: &Place<'_>,
    reach: &Reach<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, Workflow> {
    let mut workflows = BTreeMap::new();
    for (name, value) in table.entries() {
        let spot = value.key_spot();
        let Some(table) = value.table(findings) else {
            continue;
        };
        let before = findings.faults.len();
        let workflow = read_one(table, place, reach, findings);
        if workflow == Workflow::default() && findings.faults.len() == before {
            findings.warn(
                &spot,
                "does nothing; write, for example: add_tags = [\"cold\"]",
            );
        }
        workflows.insert(name.to_owned(), workflow);
    }
    workflows
}

fn read_one(
    mut table: Table<'_>,
    place: &Place<'_>,
    reach: &Reach<'_>,
    findings: &mut Findings,
) -> Workflow {
    let mut tags = |key, example| -> Vec<String> {
        let tags = table.texts(key, example, findings);
        let read = tags.iter().filter_map(|tag| tag.parse(findings, self::tag));
        read.collect()
    };
    let add_tags = tags("add_tags", "add_tags = [\"cold\"]");
    let remove_tags = tags("remove_tags", "remove_tags = [\"hot\"]");
    let example = "assign = \"ana@example.com\"";
    let assign = table.text("assign", example, findings);
    if let Some(team) = assign.as_ref().filter(|who| who.value.starts_with("team:"))
        && !reach.highlevel.is_empty()
        && reach.highlevel.len() == reach.contacts_only.len()
    {
        findings.warn(
            &team.spot,
            "HighLevel hands a contact to a person, not to a team; write assign = \"ana@example.com\"",
        );
    }
    let assign = assign.and_then(|who| {
        who.parse(findings, |text| match text.trim() {
            "" => Err(format!("empty; write, for example: {example}")),
            who => Ok(who.to_owned()),
        })
    });
    let mut notify = Vec::new();
    for text in table.texts("notify", "notify = [\"email:desk@example.com\"]", findings) {
        let Some(who) = text.parse(findings, self::notify) else {
            continue;
        };
        match &who {
            Notify::Staff { channel, .. } if reach.contacts_only.contains(channel) => {
                findings.fault(
                    &text.spot,
                    format!(
                        "the sender of {channel} writes only to contacts that it knows; tell staff over \
                         another channel, or by \"note\""
                    ),
                );
            }
            Notify::Staff { channel, .. } if !reach.senders.contains(channel) => {
                findings.warn(
                    &text.spot,
                    format!(
                        "{channel} has no sender: nobody will be told; add [channels.{channel}.…]"
                    ),
                );
            }
            Notify::Note if reach.contacts_only.is_empty() => findings.warn(
                &text.spot,
                "a note is written at highlevel, chatwoot or intercom, and none of them sends on a channel: \
                 nobody will be told",
            ),
            Notify::Task if reach.highlevel.is_empty() => findings.warn(
                &text.spot,
                "only highlevel has tasks, and it sends on no channel: nobody will be told; write \"note\"",
            ),
            _ => {}
        }
        notify.push(who);
    }
    let highlevel_workflow = highlevel_workflow(&mut table, reach, findings);
    let webhook = table
        .take("webhook")
        .and_then(|value| hook(value, place, findings));
    let has_command = table.entries().iter().any(|(k, _)| *k == "command");
    let command = table.texts("command", "command = [\"./note.sh\"]", findings);
    if let Some(program) = command.first().filter(|w| w.value.contains('/')) {
        let deferred = Deferred::Program(place.path(program.value));
        findings.deferred.push((program.spot.clone(), deferred));
    }
    let command: Vec<String> = command.iter().map(|w| w.value.to_owned()).collect();
    table.done(findings);
    Workflow {
        add_tags,
        remove_tags,
        assign,
        notify,
        highlevel_workflow,
        webhook,
        command: (has_command && !command.is_empty()).then_some(command),
    }
}

/// Exports separate a contact's tags by `;`.
fn tag(text: &str) -> Result<String, String> {
    match text.contains(';') || text.chars().any(char::is_control) {
        true => Err("a tag has no `;` in it; write two tags: [\"a\", \"b\"]".to_owned()),
        false => Ok(text.trim().to_owned()),
    }
}

fn notify(text: &str) -> Result<Notify, String> {
    const SHAPE: &str =
        "not a channel and an address; write \"email:desk@example.com\", \"note\" or \"task\"";
    match text.trim() {
        "note" => return Ok(Notify::Note),
        "task" => return Ok(Notify::Task),
        _ => {}
    }
    let (channel, address) = text.split_once(':').ok_or(SHAPE)?;
    let channel = words::channel(channel.trim())?;
    match address.trim() {
        "" => Err(SHAPE.to_owned()),
        address => Ok(Notify::Staff {
            channel,
            address: address.to_owned(),
        }),
    }
}

/// `highlevel_workflow`: what it does is not ours to see.
fn highlevel_workflow(
    table: &mut Table<'_>,
    reach: &Reach<'_>,
    findings: &mut Findings,
) -> Option<String> {
    let example = "highlevel_workflow = \"0f6e4b0c-9c1d-4b3a-8f58-1d2c3b4a5e6f\"";
    let text = table.text("highlevel_workflow", example, findings)?;
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let id = text.parse(findings, |text| match text.trim() {
        id if !id.is_empty() && id.len() <= 64 && id.bytes().all(is_part) => Ok(id.to_owned()),
        _ => Err(format!(
            "not the id of a workflow, as it stands in HighLevel's address: {example}"
        )),
    })?;
    findings.warn(
        &text.spot,
        match reach.highlevel {
            [] => {
                "highlevel sends on no channel: it is never started; add, for example, [channels.sms.highlevel]"
            }
            _ => {
                "a workflow of HighLevel's runs on its own, where followup cannot see it: it must not start \
                 another bot or another follow-up, or the contact is written to twice"
            }
        },
    );
    Some(id)
}

fn hook(value: Value<'_>, place: &Place<'_>, findings: &mut Findings) -> Option<Hook> {
    let example =
        "webhook = { url = \"https://example.com/hook\", secret = { env = \"HOOK_SECRET\" } }";
    let mut table = value.inline_table(example, findings)?;
    let url = table
        .required("url", "url = \"https://example.com/hook\"", findings)
        .and_then(|text| words::masked_url(&text, findings));
    let secret = secret_ref::required(&mut table, "secret", "HOOK_SECRET", place, findings);
    table.done(findings);
    Some(Hook {
        url: url?,
        secret: secret?,
    })
}
