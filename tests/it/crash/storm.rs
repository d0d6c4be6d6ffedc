//! Kills at random moments, runs on top of runs, replies that come in the middle, and a provider that does all
//! that providers do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use followup::model::Timestamp;

use super::business::{
    Books, Business, Fate, Row, kill, pause, taken, time, twilio, until, webhook,
};
use crate::server::{Recorded, Reply, Server};

const CONTACTS: usize = 40;
/// The time of the first round.
static START: LazyLock<Timestamp> = LazyLock::new(|| time("2026-03-02T08:10:00Z"));
/// How much later each round is.
const ROUND_SECONDS: i64 = 180;
/// Fewer rounds than this prove too little, however slow the machine.
const LEAST_ROUNDS: u64 = 8;
/// After this long no further round is begun, unless a number of rounds is asked for.
const LONG_ENOUGH: Duration = Duration::from_secs(9);

/// A number that was asked for, as in `FOLLOWUP_STORM_ROUNDS=2000 cargo test x1_storm`.
#[expect(
    clippy::disallowed_methods,
    reason = "the way to ask a test for more than it does by default"
)]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Chance that can be had again.
struct Chance(AtomicU64);

impl Chance {
    fn below(&self, end: u64) -> u64 {
        let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
        xxhash_rust::xxh3::xxh3_64(&state.to_le_bytes()) % end
    }
}

/// The provider: what it does by chance, and what it expects of us.
#[derive(Clone)]
struct Provider {
    books: Books,
    chance: Arc<Chance>,
    is_calm: Arc<AtomicBool>,
    /// The runs' time in seconds, and when it was set.
    clock: Arc<AtomicI64>,
    set_at: Arc<Mutex<Option<Instant>>>,
    /// By follow-up: no request before this second.
    not_before: Arc<Mutex<BTreeMap<String, i64>>>,
    early: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    fn set(&self, seconds: i64) {
        *self.set_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.clock.store(seconds, Ordering::SeqCst);
    }

    fn reply(&self, request: &Recorded) -> Reply {
        if request.method == "GET" {
            return Reply::answer(404, ""); // it asks, and sends nothing
        }
        let id = request.id().unwrap_or_default().to_owned();
        let begun = self.clock.load(Ordering::SeqCst);
        let set_at = *self.set_at.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = set_at.map_or(0, |at| at.elapsed().as_secs());
        let mut not_before = self
            .not_before
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let latest = begun + i64::try_from(elapsed).unwrap() + 1;
        if not_before.get(&id).is_some_and(|at| latest < *at) {
            let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
            early.push(format!("{id} at {latest}: {not_before:?}"));
        }
        let mut later = |seconds: u64| {
            not_before.insert(id.clone(), begun + i64::try_from(seconds.max(30)).unwrap());
        };
        let delay = Duration::from_millis(self.chance.below(20));
        let wait = 20 * self.chance.below(30);
        let dice = if self.is_calm.load(Ordering::SeqCst) {
            0
        } else {
            self.chance.below(100)
        };
        let (fate, reply) = match dice {
            0..46 => (Fate::Taken, taken()),
            46..54 => (Fate::Perhaps, Reply::reset().accepting()),
            54..57 => (Fate::Perhaps, Reply::reset()),
            57..60 => (Fate::Perhaps, Reply::stall().accepting()),
            60..69 => {
                later(wait);
                let reply = Reply::answer(429, "slow down");
                (
                    Fate::NotSent,
                    reply.header("Retry-After", &wait.to_string()),
                )
            }
            69..74 => {
                later(0);
                (
                    Fate::NotSent,
                    Reply::answer(429, r#"{"code":20429,"message":"slow"}"#),
                )
            }
            74..80 => {
                later(wait);
                let reply = Reply::answer(503, "busy");
                (
                    Fate::NotSent,
                    reply.header("Retry-After", &wait.to_string()),
                )
            }
            80..84 => (Fate::Perhaps, Reply::answer(503, "down")),
            84..89 => (Fate::Perhaps, Reply::answer(500, "<html>oops")),
            89..92 => (
                Fate::Perhaps,
                Reply::garbage(b"\x16\x03\x01 what?\r\n\r\n".to_vec()),
            ),
            92..95 => (Fate::Perhaps, taken().cut_after(5)),
            95..98 => (Fate::Taken, Reply::answer(200, "")),
            _ => (Fate::Perhaps, Reply::drip(Duration::from_millis(20))),
        };
        self.books.enter(request, fate, reply.after(delay))
    }
}

/// X1 to X4: see the module. The default is a few seconds of it; `FOLLOWUP_STORM_ROUNDS` asks for more, and
/// `FOLLOWUP_STORM_SEED` for other chances.
#[test]
fn x1_storm_of_kills_overlaps_replies_and_faults() {
    let seed = asked("FOLLOWUP_STORM_SEED").unwrap_or(1);
    let rounds = asked("FOLLOWUP_STORM_ROUNDS");
    let begun = Instant::now();
    // A world serves for thirty rounds; then its contacts are exhausted.
    let mut left = rounds.unwrap_or(30);
    for world in 0.. {
        let goes_on =
            |done: u64| rounds.is_some() || done < LEAST_ROUNDS || begun.elapsed() < LONG_ENOUGH;
        let some = left.min(30);
        World::new(seed + world).storm(some, goes_on);
        left -= some;
        if left == 0 {
            break;
        }
    }
}

struct World {
    business: Business,
    provider: Provider,
    _servers: [Server; 2],
    seed: u64,
    /// The rounds in which a run was killed.
    killed: BTreeSet<u64>,
    /// The rows that were `sending` after one.
    cut_off: BTreeSet<String>,
    replied: BTreeMap<String, Silenced>,
}

/// A contact who replied: what may still arrive, and from when on nothing else.
struct Silenced {
    in_flight: BTreeSet<String>,
    from: Instant,
}

impl World {
    fn new(seed: u64) -> Self {
        let provider = Provider {
            books: Books::default(),
            chance: Arc::new(Chance(AtomicU64::new(
                seed.wrapping_mul(0x5851_F42D_4C95_7F2D),
            ))),
            is_calm: Arc::default(),
            clock: Arc::default(),
            set_at: Arc::default(),
            not_before: Arc::default(),
            early: Arc::default(),
        };
        let server = || {
            let provider = provider.clone();
            Server::start(move |request, _| provider.reply(request))
        };
        let servers = [server(), server()];
        let channels = webhook("telegram", &servers[0].url()) + &twilio("sms", &servers[1].url());
        let limits = "concurrency = 4\nrequest_timeout = \"1s\"\nper_contact = \"off\"";
        let steps: String = (1..=8)
            .map(|n| format!("{{ after = \"5m\", text = \"{n}, {{{{ contact.name }}}}?\" }},"))
            .collect();
        let cadence = format!("[scenarios.stopped_responding]\nsteps = [{steps}]\n");
        let business = Business::with(&channels, limits, &cadence);
        business.quiet("sms", CONTACTS / 2);
        business.quiet("telegram", CONTACTS / 2);
        Self {
            business,
            provider,
            _servers: servers,
            seed,
            killed: BTreeSet::new(),
            cut_off: BTreeSet::new(),
            replied: BTreeMap::new(),
        }
    }

    fn storm(mut self, rounds: u64, goes_on: impl Fn(u64) -> bool) {
        let mut done = 0;
        while done < rounds && goes_on(done) {
            self.round(done);
            done += 1;
        }
        self.calm(done);
        self.judge(done);
    }

    /// One to four runs at once, killed or not, and perhaps a reply in the middle of them.
    fn round(&mut self, round: u64) {
        let chance = Arc::clone(&self.provider.chance);
        let now = self.now(round);
        let mut runs = Vec::new();
        for _ in 0..=chance.below(4) {
            runs.push(self.business.start(&now));
            pause(Duration::from_millis(chance.below(25)));
        }
        if chance.below(3) > 0 {
            self.reply(&now);
        }
        pause(Duration::from_millis(chance.below(120)));
        for run in &mut runs {
            if chance.below(4) > 0 {
                kill(run);
                self.killed.insert(round);
            }
        }
        let codes: Vec<Option<i32>> = runs
            .iter_mut()
            .map(|run| {
                assert!(until(|| run.try_wait().unwrap().is_some()), "a run hangs");
                run.wait().unwrap().code()
            })
            .collect();
        let fine = |code: &Option<i32>| matches!(code, None | Some(0 | 1 | 75));
        assert!(codes.iter().all(fine), "seed {}: {codes:?}", self.seed);
        // What the dead left behind; the next run finds it.
        let rows = self.business.rows().into_iter();
        let sending = rows.filter(|r| r.state == "sending");
        self.cut_off.extend(sending.map(|r| r.id));
    }

    fn reply(&mut self, now: &str) {
        let channel = ["sms", "telegram"][self.provider.chance.below(2) as usize];
        let contact = format!(
            "{channel}{}",
            self.provider.chance.below(CONTACTS as u64 / 2)
        );
        if self.replied.contains_key(&contact) {
            return;
        }
        self.business.import(&format!(
            "{contact},{channel},inbound,{now},Tell me more,,\n"
        ));
        let rows = self.business.rows();
        let in_flight = |r: &&Row| r.contact == contact && r.state == "sending";
        let in_flight = rows
            .iter()
            .filter(in_flight)
            .map(|r| r.id.clone())
            .collect();
        let from = Instant::now();
        self.replied.insert(contact, Silenced { in_flight, from });
    }

    fn now(&self, round: u64) -> String {
        let at = *START + TimeDelta::seconds(ROUND_SECONDS * i64::try_from(round).unwrap());
        self.provider.set(at.timestamp());
        at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The provider is well again, nobody is killed: what can be sent is sent.
    fn calm(&mut self, rounds: u64) {
        self.provider.is_calm.store(true, Ordering::SeqCst);
        let ran = self.business.run(&self.now(rounds + 1));
        assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
        for more in 1..8 {
            let ran = self.business.run(&self.now(rounds + 1 + 10 * more));
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
    }

    #[expect(
        clippy::print_stdout,
        reason = "what a storm did is worth a look; shown with --nocapture only"
    )]
    fn judge(self, rounds: u64) {
        let Self {
            business, provider, ..
        } = &self;
        business.assert_sound();
        let (rows, entries) = (business.rows(), provider.books.entries());
        provider.books.assert_at_most_once();
        provider.books.assert_agree(&rows);
        let early = provider
            .early
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        assert!(early.is_empty(), "before Retry-After: {early:?}");

        // Nobody is lost: whoever has not replied has had the first step, or nobody knows.
        for i in 0..CONTACTS / 2 {
            for contact in [format!("sms{i}"), format!("telegram{i}")] {
                let step_one = rows.iter().find(|r| r.contact == contact && r.step == 1);
                let settled =
                    step_one.is_some_and(|r| matches!(r.state.as_str(), "sent" | "unknown"));
                assert!(
                    settled || self.replied.contains_key(&contact),
                    "{contact}: {step_one:?}"
                );
            }
        }
        // Nothing is unknown without a cause: a kill, or an answer that leaves it open.
        let by_kill = |r: &&Row| {
            r.error
                .as_deref()
                .is_some_and(|e| e.contains("the run ended"))
        };
        let unknown: Vec<&Row> = rows.iter().filter(|r| r.state == "unknown").collect();
        let killed: Vec<&&Row> = unknown.iter().filter(|r| by_kill(r)).collect();
        for row in &killed {
            let round = (row.claimed_at / 1_000_000 - START.timestamp()) / ROUND_SECONDS;
            let round = u64::try_from(round).unwrap();
            assert!(self.killed.contains(&round), "nothing was killed: {row:?}");
        }
        for id in &self.cut_off {
            assert!(
                killed.iter().any(|r| r.id == *id),
                "seed {}: {id}",
                self.seed
            );
        }
        for row in unknown.iter().filter(|r| !by_kill(r)) {
            let entry = entries.iter().rfind(|e| e.id == row.id);
            let error = row.error.as_deref().unwrap_or_default();
            let is_late = error.contains("no complete answer"); // a machine with other work
            let is_empty = error.contains("no message SID");
            let is_open = entry.is_some_and(|e| e.fate == Fate::Perhaps);
            assert!(is_open || is_late || is_empty, "{row:?} {entry:?}");
        }
        // A reply stops everything but what was in flight.
        for (contact, silenced) in &self.replied {
            let ids: BTreeSet<&String> = rows
                .iter()
                .filter(|r| r.contact == *contact)
                .map(|r| &r.id)
                .collect();
            for entry in entries
                .iter()
                .filter(|e| ids.contains(&e.id) && e.at > silenced.from)
            {
                assert!(
                    silenced.in_flight.contains(&entry.id),
                    "{contact} replied: {entry:?}"
                );
            }
        }
        println!(
            "seed {}: {rounds} rounds, {} requests, {} steps, {} replies, {} cut off, {} unknown in all",
            self.seed,
            entries.len(),
            rows.len(),
            self.replied.len(),
            killed.len(),
            unknown.len()
        );
    }
}
