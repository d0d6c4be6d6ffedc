//! Kills at every point of the send path.

use std::time::Duration;

use followup::run::Point;

use super::business::{Books, Business, Fate, taken, twilio, webhook};
use crate::server::Server;

const NOW: &str = "2026-03-02T08:10:00Z";
const LATER: &str = "2026-03-02T08:20:00Z";
const CONTACTS: usize = 12;

/// Two senders for one server.
const SENDERS: [fn(&str, &str) -> String; 2] = [webhook, twilio];

fn honest(books: &Books) -> Server {
    let books = books.clone();
    let reply = taken().after(Duration::from_millis(3));
    Server::start(move |request, _| books.enter(request, Fate::Taken, reply.clone()))
}

/// X1, X3: kill, run again, and again.
#[test]
fn x1_a_kill_at_any_point_sends_nothing_twice_and_loses_nothing_silently() {
    std::thread::scope(|scope| {
        for sender in SENDERS {
            scope.spawn(move || {
                for point in Point::ALL {
                    killed_at(point, sender);
                }
            });
        }
    });
}

fn killed_at(point: Point, sender: fn(&str, &str) -> String) {
    let books = Books::default();
    let server = honest(&books);
    let business = Business::with(&sender("sms", &server.url()), "concurrency = 3", "");
    business.quiet("sms", CONTACTS);
    assert!(business.kill_at(point.name(), NOW), "{point:?}");

    // What the kill may explain: what was claimed and not recorded.
    let cut_off = business.states().remove("sending").unwrap_or(0);
    let before = books.entries().len();
    match point {
        Point::Begin | Point::BeforeCommit => assert_eq!((cut_off, before), (0, 0), "{point:?}"),
        Point::Claimed => assert!((1..=3).contains(&cut_off) && before == 0, "{point:?}"),
        Point::Answered | Point::BeforeRecord => assert!(cut_off > 0 && before > 0, "{point:?}"),
        Point::Recorded => assert!(business.states().contains_key("sent"), "{point:?}"),
    }

    let again = business.run(NOW);
    assert_eq!(again.count("recovered"), cut_off as u64, "{point:?}");
    assert_eq!(again.code, Some(i32::from(cut_off > 0)), "{point:?}");
    let once_more = business.run(LATER);
    assert_eq!((once_more.code, once_more.count("sent")), (Some(0), 0));

    business.assert_sound();
    let states = business.states();
    let unknown = states.get("unknown").copied().unwrap_or(0);
    assert_eq!(unknown, cut_off, "{point:?}");
    assert_eq!(states.get("sent").copied().unwrap_or(0) + unknown, CONTACTS);
    books.assert_at_most_once();
    books.assert_agree(&business.rows());
}

/// X1: the same run killed at every point, one after the other, with the next steps due in between.
#[test]
fn x1_a_row_of_kills_over_three_steps() {
    let books = Books::default();
    let server = honest(&books);
    let business = Business::with(&webhook("sms", &server.url()), "concurrency = 2", "");
    business.quiet("sms", CONTACTS);
    let mut most_unknown = 0;
    for now in [NOW, "2026-03-02T09:30:00Z", "2026-03-03T10:00:00Z"] {
        for point in Point::ALL {
            business.kill_at(point.name(), now);
            most_unknown += business.states().remove("sending").unwrap_or(0);
        }
        business.run(now);
        business.assert_sound();
    }
    let rows = business.rows();
    let unknown = rows.iter().filter(|r| r.state == "unknown").count();
    assert_eq!(rows.len(), 3 * CONTACTS);
    assert!(
        unknown <= most_unknown && unknown > 0,
        "{unknown} of {most_unknown}"
    );
    books.assert_at_most_once();
    books.assert_agree(&rows);
}
