//! Twilio, Chatwoot, Telegram and Intercom: what each lists, how it pages, and its last look.

mod chatwoot;
mod intercom;
mod telegram;
mod twilio;

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use followup::model::Timestamp;
use serde_json::{Value, json};

use super::{MARKER, NOW, business, parameter, run_at, stored, sync, sync_at};
use crate::server::{Recorded, Reply, Server};

const EIGHT: &str = "2026-03-02T08:00:00Z";

fn at(minutes: i64) -> Timestamp {
    EIGHT.parse::<Timestamp>().unwrap() + TimeDelta::minutes(minutes)
}

type List = Arc<Mutex<Vec<Value>>>;

/// A business with this source, once a run has sent so many messages.
fn run_of(source: &str, sent: u64) -> crate::cli::Desk {
    let desk = business(source);
    let run = run_at(&desk, NOW);
    assert_eq!(
        (run.code, &run.summary()["sent"]),
        (Some(0), &json!(sent)),
        "{run:?}"
    );
    desk
}

/// What is stored, as `contact channel author text`.
fn lines(desk: &crate::cli::Desk) -> Vec<String> {
    stored(desk).iter().map(|row| row[..4].join(" ")).collect()
}
