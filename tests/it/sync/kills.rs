//! Kills at any moment of a sync: nothing is lost, nothing is doubled.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::highlevel::{Location, source};
use super::{begin, business, stored, sync};
use crate::crash::{kill, until};
use crate::server::{Reply, Server};

const MESSAGES: u32 = 120;

fn location() -> Location {
    let location = Location::default();
    for n in 0..MESSAGES {
        let direction = ["inbound", "outbound"][n as usize % 2];
        location.says(
            &format!("m{n}"),
            &format!("c{}", n % 5),
            direction,
            n / 4,
            &format!("text {n}"),
        );
    }
    location
}

fn assert_all_once(desk: &crate::cli::Desk) {
    let rows = stored(desk);
    let ids: BTreeSet<&str> = rows.iter().map(|row| row[4].as_str()).collect();
    assert_eq!(
        (rows.len(), ids.len()),
        (MESSAGES as usize, MESSAGES as usize)
    );
}

/// SIGKILL while the contacts of the first page are awaited, while each other page in turn is, and then the rest.
#[test]
fn a_kill_between_any_two_pages_loses_and_doubles_nothing() {
    let location = location();
    // The request that is never answered, and how often one like it was made.
    let awaited = Arc::new(Mutex::new(String::new()));
    let asked = Arc::new(AtomicUsize::new(0));
    let of_server = (location, Arc::clone(&awaited), Arc::clone(&asked));
    let server = Server::start(move |request, _| {
        let awaited = of_server.1.lock().unwrap().clone();
        if !awaited.is_empty() && request.path.ends_with(&awaited) {
            of_server.2.fetch_add(1, Ordering::SeqCst);
            return Reply::stall();
        }
        of_server.0.answer(request, 20)
    });
    let desk = business(&source(&server));
    let rows = || match desk.path("followup.db").exists() {
        true => stored(&desk).len(),
        false => 0,
    };
    let contacts = ["/contacts/c0", "/contacts/c3"].map(|path| (path.to_owned(), 0));
    let pages = (1..MESSAGES as usize / 20).map(|page| (format!("&cursor=c{}", page * 20), page));
    for (request, pages) in contacts.into_iter().chain(pages) {
        awaited.lock().unwrap().clone_from(&request);
        asked.store(0, Ordering::SeqCst);
        let mut child = begin(&desk);
        let came = until(|| asked.load(Ordering::SeqCst) > 0 && rows() >= pages * 20);
        let paths: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
        assert!(
            came,
            "it did not come so far: {request} {} {paths:#?}",
            rows()
        );
        kill(&mut child);
        assert_eq!(rows(), pages * 20, "{request}");
    }
    awaited.lock().unwrap().clear();
    let rest = sync(&desk);
    assert_eq!(rest.code, Some(0), "{rest:?}");
    assert_all_once(&desk);
}

/// SIGKILL at a moment of chance, again and again, with a server that fails as well.
#[test]
fn kills_at_any_moment_lose_and_double_nothing() {
    let location = location();
    let chance = Arc::new(Mutex::new(0x2545_F491_4F6C_DD1Du64));
    let roll = {
        let chance = Arc::clone(&chance);
        move |sides: u64| {
            let mut state = chance.lock().unwrap();
            *state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (*state >> 33) % sides
        }
    };
    let of_server = (location, roll.clone());
    let server = Server::start(move |request, _| {
        let honest = of_server.0.answer(request, 7);
        match (of_server.1)(12) {
            0 => Reply::reset(),
            1 => honest.cut_after(100),
            2 => Reply::answer(503, "{}").header("Retry-After", "0"),
            _ => honest.after(Duration::from_millis(3)),
        }
    });
    let desk = business(&source(&server));
    for _ in 0..12 {
        let mut child = begin(&desk);
        std::thread::park_timeout(Duration::from_millis(20 + roll(120)));
        kill(&mut child);
    }
    let mut rest = sync(&desk);
    for _ in 0..10 {
        if rest.code == Some(0) {
            break;
        }
        rest = sync(&desk);
    }
    assert_eq!(rest.code, Some(0), "{rest:?}");
    assert_all_once(&desk);
}
