//! The map of `followup`: facts in, a pure decision, effects out. What it is for and how it is used stands in
//! the README; what each command and key means, in `followup help` and `followup schema`.
//!
//! # The idea
//! Stored are facts only: contacts, messages, what each message signals, operators' words, and the log of
//! follow-ups with what became of them. No schedule is stored: [`decide::decide`] derives it from a policy, a
//! thread and a time, so a reply has nothing to invalidate. It is a newer fact. `plan`, `run` and `show` call
//! that one function and cannot disagree. For speed each contact has one derived column, `wake_at`, the earliest
//! time at which their decision can become "send"; an idle run reads nothing else.
//!
//! ```
//! use followup::decide::{Action, Cadence, Policy, Reason, StepRule, decide};
//! use followup::detect::{Detector, Input};
//! use followup::model::{Author, Channel, Contact, Language, Message, Signal, SignalSource, Thread, Timestamp};
//! use followup::zone::Zone;
//!
//! let monday: Timestamp = "2026-03-02T16:20:00Z".parse()?;
//! let tuesday: Timestamp = "2026-03-03T16:00:00Z".parse()?; // ten o'clock in Mexico City
//! let zone = Zone::named("America/Mexico_City").ok_or("no such zone")?;
//!
//! // What the contact wrote, and what it means for following up.
//! let text = "I'm driving, write to me tomorrow at ten";
//! let reading = Detector::new(&[]).read(&Input {
//!     text,
//!     sent_at: monday,
//!     zone: &zone,
//!     language: None,
//!     default_language: Language::En,
//! });
//! let signal = reading.signal.map(|kind| Signal {
//!     kind,
//!     at: reading.at,
//!     evidence: reading.evidence,
//! #   zone: None,
//!     source: SignalSource::Rules,
//! });
//! let thread = Thread {
//!     contact: Contact { phone: Some("+525555550101".into()), ..Contact::default() },
//!     messages: vec![Message {
//!         sent_at: monday,
//!         channel: Channel::Sms,
//!         author: Author::Contact,
//!         text: text.into(),
//!         signal,
//! #       seq: 0, message_id: None, conversation_id: None, status: None, automatic: false,
//! #       ad_click: false, source: 1,
//!         // …
//!     }],
//!     ..Thread::default()
//! };
//!
//! let policy = Policy {
//!     asked_for_time: Cadence {
//!         enabled: true,
//!         hours_apply: true,
//!         steps: vec![StepRule { after: "0m".parse()?, channel: None, whatsapp_template: false, approve: false }],
//!     },
//!     senders: vec![Channel::Sms],
//! #   active: true,
//! #   zone,
//! #   hours: None,
//! #   busy: Cadence::default(),
//! #   stopped_responding: Cadence::default(),
//! #   switching: Vec::new(),
//! #   human_hold: "24h".parse()?,
//! #   per_contact: None,
//! #   max_late: Some("24h".parse()?),
//! #   fresh_for: None,
//! #   source_fresh_for: Default::default(),
//! #   approval: Default::default(),
//! #   cancelled: followup::decide::Cancelled::Resume,
//! #   confirms_bookings: false,
//! #   join_by: Vec::new(),
//! #   country: None,
//! #   reach: Default::default(),
//!     // …
//! };
//!
//! let decision = decide(&policy, &thread, monday);
//! assert_eq!((decision.action, decision.due_at), (Action::Wait, Some(tuesday)));
//! let decision = decide(&policy, &thread, tuesday);
//! assert_eq!((decision.action, decision.channel), (Action::Send, Some(Channel::Sms)));
//! # assert_eq!(decision.reason, Reason::Due);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rooms
//! Each may use rooms above it and none below; a test holds the arrows.
//!
//! | room | what it is | |
//! |---|---|---|
//! | [`model`] | plain facts and the words for them | pure |
//! | [`error`] | the kinds of failure and their exit codes | |
//! | [`zone`] | wall time into instants and back, by bundled rules | pure |
//! | [`decide`] | the rules D1 to D21 and X9: a policy, a thread and a time into a [`decide::Decision`] with its reasons | pure |
//! | [`detect`] | a text into a signal and the times said in it; the languages are data | pure |
//! | [`config`] | `followup.toml` into valid states, or every fault at once | |
//! | [`migrate`] | another tool's configuration into a `followup.toml` | |
//! | [`import`] | one file per export format, each a reader of records or of rows that are wrong | |
//! | [`store`] | all SQL: facts, claims, `wake_at`, erasure | |
//! | [`export`] | what is stored, written so that [`import`] reads it again | |
//! | [`http`] | one HTTP request, and what is certain about it afterwards | |
//! | [`sync`] | one file per API that messages are pulled from, page after page; a mailbox, and a file by its URL | |
//! | [`channel`] | one sender per provider; the outbox is one of them | |
//! | [`compose`] | a step's text: its own, a template's, a language model's behind a guard, or a built-in one | |
//! | [`workflow`] | actions after a step | |
//! | [`run`] | the shell around the decision: claim, send, record, act | |
//! | [`intake`] | a file through [`import`], or an API through [`sync`], and [`detect`] into [`store`] | |
//! | [`report`] | tables, panels, pages and JSON of values decided elsewhere | |
//! | [`cli`] | the arguments; their comments are the help | |
//! | [`commands`] | one thin file per command: load, open, call, report | |
//!
//! `main` alone reads the clock, the environment and the terminal; everything else is told.
//!
//! # The route of one message
//! There is no way back.
//!
//! 1. [`intake`] reads a file, or what is new at an API, and finds each new inbound message's signal; facts are
//!    stored in one transaction, and the contacts that they touch are decided about anew for `wake_at`.
//! 2. [`run`] asks the store for the threads that are awake, decides, and writes the text. One that a language model
//!    writes is written on threads beside it and kept as a draft; a later claim uses it if the thread is still the
//!    same.
//! 3. The step is claimed in a transaction that decides again and refuses if a newer fact came in between. It is
//!    durable before anything leaves (rules X1, X2).
//! 4. A [`channel`] makes one request, with no transaction open.
//! 5. The outcome is recorded, with the workflow's actions still to be done; each of these is done once and
//!    recorded by itself. A step found `sending` by the next run becomes `unknown` and is not sent again.

pub mod channel;
pub mod cli;
pub mod commands;
pub mod compose;
pub mod config;
pub mod decide;
pub mod detect;
pub mod error;
pub mod export;
pub mod http;
pub mod import;
pub mod intake;
pub mod migrate;
pub mod model;
pub mod report;
pub mod run;
pub mod store;
pub mod sync;
pub mod workflow;
pub mod zone;
