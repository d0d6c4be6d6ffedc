//! The shape of `followup.toml` for editors: what [`schema`] derives from. A test holds it equal to the keys
//! that are read.
#![expect(dead_code, reason = "the fields are read by the derived schema only")]

mod ai;
mod apis;
mod senders;
mod shapes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{AUTO, DateOrder, Format, Otherwise};
use crate::decide::ApprovalExpired;
use crate::decide::Cancelled;
use crate::model::Channel;
use ai::Ai;
use senders::Channels;
use shapes::{
    Duration, DurationOrOff, Fallback, FormatOrAuto, JoinBy, Language, NumberOrOff, Secret,
    Template, UrlOrSecret,
};

/// The JSON Schema of the configuration.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}

/// The configuration of followup.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "followup.toml")]
struct File {
    bot: Bot,
    store: Option<Store>,
    /// Without it, any time.
    hours: Option<Hours>,
    scenarios: Option<Scenarios>,
    /// Texts by name, each in several languages.
    templates: Option<BTreeMap<String, Template>>,
    /// What happens after a step is sent, by name.
    workflows: Option<BTreeMap<String, Workflow>>,
    switching: Option<Switching>,
    stop: Option<Stop>,
    people: Option<People>,
    limits: Option<Limits>,
    tls: Option<Tls>,
    /// Without it, built-in texts in the contact's language.
    ai: Option<Ai>,
    channels: Option<Channels>,
    /// Where conversations come from.
    sources: Option<Vec<Source>>,
}

/// Who writes.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bot {
    /// The business's name; templates see it as bot.name.
    name: Option<String>,
    /// Whether anything is sent at all; default true.
    active: Option<bool>,
    /// The zone of contacts whose own is unknown, such as "America/Mexico_City".
    timezone: String,
    /// Where phone numbers without a country belong, such as "MX"; without it they are refused.
    #[schemars(regex(pattern = r"^[A-Z]{2}$"))]
    country: Option<String>,
    /// The language of contacts whose own is unknown; default "en".
    language: Option<Language>,
    /// Whether every text waits in `followup review` until a person lets it through; a scenario, a step and [ai] may
    /// say otherwise. Default false.
    approve: Option<bool>,
    /// How long a text waits for a person; by default until it is too late anyway.
    approve_within: Option<Duration>,
    /// What becomes of it then: the step is passed over ("skip", the default), or it goes out ("send").
    approval_expired: Option<ApprovalExpired>,
}

/// Which servers are who they say that they are.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tls {
    /// Certificates to trust besides the public ones, as PEM: a company's own authority.
    ca_file: Option<String>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Store {
    /// The database; default "followup.db".
    path: Option<String>,
}

/// When follow-ups may go out.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Hours {
    /// Days and times, such as "Mo-Fr 08:00-13:00,15:00-19:00".
    open: Vec<String>,
    /// Dates that are shut, such as "2026-12-25" or "2026-12-31..2027-01-02".
    closed: Option<Vec<String>>,
    /// Whose clock: "contact" (the default), "bot", or a zone's name.
    timezone: Option<String>,
}

/// Why we may write, and when. A scenario that is not here is off.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Scenarios {
    asked_for_time: Option<AskedForTime>,
    busy: Option<Scenario>,
    stopped_responding: Option<Scenario>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// Default true.
    enabled: Option<bool>,
    /// Whether its texts wait for a person.
    approve: Option<bool>,
    steps: Option<Vec<Step>>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedForTime {
    /// Default true.
    enabled: Option<bool>,
    /// Whether its texts wait for a person.
    approve: Option<bool>,
    steps: Option<Vec<Step>>,
    /// Whether [hours] move the time asked for; default true.
    hours_apply: Option<bool>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Step {
    /// How long after the step before; the first after the last message.
    after: Duration,
    /// Its own text, as a template.
    text: Option<String>,
    /// The name of a template.
    template: Option<String>,
    /// The channel it goes out on, whatever the contact used.
    channel: Option<Channel>,
    /// The workflow to run once it is sent.
    workflow: Option<String>,
    /// The text to send when the AI gives none.
    fallback: Option<Fallback>,
    /// Whether its text waits for a person.
    approve: Option<bool>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhatsappTemplate {
    /// Its name or, at Twilio, its content SID.
    name: String,
    /// WhatsApp's language code, such as "es_MX".
    language: Language,
    /// What WhatsApp has approved it as; default "UTILITY".
    category: Option<String>,
    /// The values of its variables, as templates.
    variables: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Workflow {
    add_tags: Option<Vec<String>>,
    remove_tags: Option<Vec<String>>,
    /// Who takes the contact over: a name, an email address or an id; a team as "team:NAME".
    assign: Option<String>,
    /// Who is told, as "CHANNEL:ADDRESS"; "note" and "task" are written at the contact's platform.
    notify: Option<Vec<String>>,
    /// The workflow of HighLevel's to start, by its id; it must start no other bot and no other follow-up.
    highlevel_workflow: Option<String>,
    /// Which server is told.
    webhook: Option<Webhook>,
    /// A program and its arguments; it gets the contact and the step as JSON on stdin.
    command: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: String,
    /// What the request is signed with (Standard Webhooks).
    secret: Secret,
}

/// Which channel to use when the contact's own cannot be.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Switching {
    /// Default true.
    enabled: Option<bool>,
    rules: Option<Vec<Rule>>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[schemars(length(min = 1))]
    from: Vec<Channel>,
    #[schemars(length(min = 1))]
    to: Vec<Channel>,
    /// How old the contact's last message must be.
    after: Duration,
}

/// Contacts of several sources who are one person.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct People {
    /// What joins them, where nothing speaks against it; all three by default, or "off". Never a name alone.
    join_by: Option<JoinBy>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Stop {
    /// Nothing is sent this long after a member of staff wrote; default "24h".
    human_hold: Option<Duration>,
    /// What an appointment that is called off means: "resume" (the default), following up is possible again from
    /// then on; "keep", not until the contact writes again.
    cancelled: Option<Cancelled>,
    /// Added to the built-in words; the whole message must match.
    opt_out_words: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Limits {
    /// Messages to one contact in a time, such as "3/24h" (the default), or "off".
    per_contact: Option<String>,
    /// Messages in one run; default 500.
    per_run: Option<NumberOrOff>,
    /// A step this long past due is dropped; default "24h".
    max_late: Option<DurationOrOff>,
    /// With older data nothing is sent; default: 15m for an API, 24h for a chat exported by hand, else 1h.
    fresh_for: Option<DurationOrOff>,
    /// Requests in flight at once; default 8.
    #[schemars(range(min = 1, max = 64))]
    concurrency: Option<u32>,
    /// Default "30s".
    request_timeout: Option<Duration>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Source {
    name: String,
    /// What the files are; by default, and as "auto", what their content shows.
    format: Option<FormatOrAuto>,
    /// Such as "exports/*.csv"; or name a URL or an API.
    path: Option<String>,
    /// Of a calendar or a table of bookings: "https://…", or where a secret address is kept.
    url: Option<UrlOrSecret>,
    /// Its own fresh_for, instead of that in [limits].
    fresh_for: Option<DurationOrOff>,
    /// Our column = theirs.
    columns: Option<BTreeMap<String, String>>,
    /// Our column = { their value = ours }.
    values: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// The zone of times without an offset.
    timezone: Option<String>,
    date_order: Option<DateOrder>,
    /// For chats and email: the names, or the addresses, under which we write.
    us: Option<Vec<String>>,
    /// Which of `us` are staff.
    humans: Option<Vec<String>>,
    /// The channel of rows that name none.
    channel: Option<Channel>,
    /// For a chat with one contact: their id.
    contact_id: Option<String>,
    /// For csv.
    delimiter: Option<String>,
    /// What becomes of a file once all of it is stored: "keep" (the default), "delete", or "move:DIR".
    #[schemars(regex(pattern = r"^(keep|delete|move:.+)$"))]
    after_import: Option<String>,
    /// For an API: whether it is asked again right before each message; default true.
    last_look: Option<bool>,
    /// For an API: what is older is not asked for, such as "2026-01-31".
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    since: Option<String>,
    highlevel: Option<apis::Highlevel>,
    chatwoot: Option<apis::Chatwoot>,
    twilio: Option<apis::Twilio>,
    telegram: Option<apis::Telegram>,
    intercom: Option<apis::Intercom>,
    imap: Option<apis::Imap>,
}
