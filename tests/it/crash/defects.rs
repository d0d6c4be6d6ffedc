//! Senders and databases that fail in ways that no provider's answer explains.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use followup::channel::{Accepted, Outgoing, SendError, Sender};
use followup::config;
use followup::model::{TextSource, Timestamp};
use followup::run::{Event, Run, Summary, Written};
use followup::store::{Access, Store};

use super::business::{Business, pause, taken, time, webhook};
use crate::server::Server;

const NOW: &str = "2026-03-02T08:10:00Z";

/// Sends what is due through `sender`, without a process of its own.
fn send_due(business: &Business, sender: Arc<dyn Sender>) -> (anyhow::Result<Summary>, Vec<Event>) {
    let store = Store::open(&business.path("followup.db"), Access::Write).unwrap();
    let (config, _) = config::load(&business.path("followup.toml")).unwrap();
    let run = Run {
        store: &store,
        policy: &config.policy,
        sender: &|_| Ok(Arc::clone(&sender)),
        rates: BTreeMap::new(),
        contact_rates: BTreeMap::new(),
        author: None,
        ask: None,
        write: &|thread, _| {
            Ok(Written {
                text: format!("Hi {:?}", thread.contact.name),
                source: TextSource::Custom,
                template: None,
            })
        },
        queue_actions: &|_, _| Ok(()),
        queue_found: &|_, _, _| Ok(()),
        preparers: 2,
        portion: 3,
        clock: &|| time(NOW),
        concurrency: 4,
        limit: None,
        stop: &|| false,
        at: &|_| (),
    };
    let mut events = Vec::new();
    let summary = run.send_due(&mut |event| events.push(event.clone()));
    (summary, events)
}

/// Ends in a panic at its third message.
#[derive(Debug, Default)]
struct Defective(AtomicUsize);

impl Sender for Defective {
    fn send(&self, _: &Outgoing, _: Timestamp) -> Result<Accepted, SendError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        if number == 2 {
            std::panic::resume_unwind(Box::new("without the noise of a panic"));
        }
        Ok(Accepted::default())
    }
}

/// X5: a defect in a sender costs its own message only, and hangs nothing.
#[test]
fn x5_a_sender_that_panics_leaves_one_unknown_and_stops_no_other() {
    let server = Server::always(taken());
    let business = Business::new(&webhook("sms", &server.url()));
    business.quiet("sms", 10);
    let (summary, events) = send_due(&business, Arc::new(Defective::default()));
    let summary = summary.unwrap();
    assert_eq!((summary.sent, summary.unknown), (9, 1));
    assert_eq!(events.len(), 10);
    business.assert_sound();
}

/// Accepts everything, the slower the later.
#[derive(Debug, Default)]
struct Accepting(AtomicUsize);

impl Sender for Accepting {
    fn send(&self, _: &Outgoing, _: Timestamp) -> Result<Accepted, SendError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        pause(Duration::from_millis(5 * number as u64));
        Ok(Accepted::default())
    }
}

/// X1: a database that fails in mid-run ends the run with an error, and what was sent is recorded all the same.
#[test]
fn x1_what_was_sent_when_the_database_failed_is_recorded_as_far_as_it_can_be() {
    let server = Server::always(taken());
    let business = Business::new(&webhook("sms", &server.url()));
    business.quiet("sms", 10);
    let fail = "CREATE TRIGGER fail BEFORE UPDATE ON follow_ups WHEN new.id = 3 \
                BEGIN SELECT raise(ABORT, 'this is the failure'); END";
    business.database().execute_batch(fail).unwrap();
    let sender = Arc::new(Accepting::default());
    let (summary, events) = send_due(&business, Arc::<Accepting>::clone(&sender));
    let error = format!("{:#}", summary.unwrap_err());
    assert!(error.contains("this is the failure"), "{error}");

    let sent = sender.0.load(Ordering::SeqCst);
    let states = business.states();
    assert_eq!(states.get("sending"), Some(&1), "{states:?}");
    assert_eq!(states.get("sent"), Some(&(sent - 1)), "{states:?}");
    assert_eq!(events.len(), sent - 1);

    business
        .database()
        .execute_batch("DROP TRIGGER fail")
        .unwrap();
    let ran = business.run(NOW);
    assert_eq!((ran.code, ran.count("recovered")), (Some(1), 1));
    assert_eq!(server.requests().len(), 10 - sent);
    business.assert_sound();
}
