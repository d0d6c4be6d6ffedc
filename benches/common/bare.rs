//! The other sides of the comparisons: the least that could be called the same work.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

/// What `export messages` writes, as one query.
pub(crate) const EXPORT_SQL: &str = "SELECT c.contact_id, m.channel, m.author, m.sent_at, m.text, m.message_id, \
    m.conversation_id, m.status, c.name, c.phone, c.email, c.timezone, c.language, c.tags \
    FROM messages m JOIN contacts c ON c.id = m.contact";

/// Makes every fsync take 5 ms more.
pub(crate) const SLOW_FSYNC: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int slowly(const char *name, int fd) {
  int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
  usleep(5000);
  return real(fd);
}
int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
"#;

/// Does what the words say, when they name a side of a comparison.
pub(crate) fn run(words: &[&str]) -> bool {
    match words {
        ["flat", file, database] => flat(file, database),
        ["probe", database] => probe(database),
        ["post", folder, count, threads] => {
            post(folder, count.parse().unwrap(), threads.parse().unwrap())
        }
        ["serve", latency_ms] => {
            let server = Server::start(latency_ms.parse().unwrap());
            println!("{}", server.port);
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        }
        ["ureq", url, count, threads] => {
            ureq(url, count.parse().unwrap(), threads.parse().unwrap())
        }
        ["pipe", url, count, threads, database] => pipe(
            url,
            count.parse().unwrap(),
            threads.parse().unwrap(),
            database,
        ),
        _ => return false,
    }
    true
}

/// Parses a file with the csv crate and inserts it with one prepared statement into one table with a unique key.
fn flat(file: &str, database: &str) {
    let mut connection = Connection::open(database).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE messages (contact_id TEXT, conversation_id TEXT, message_id TEXT UNIQUE, channel TEXT, \
             direction TEXT, author TEXT, sent_at TEXT, text TEXT, name TEXT, phone TEXT, timezone TEXT, \
             language TEXT)",
        )
        .unwrap();
    let mut reader = csv::Reader::from_path(file).unwrap();
    let transaction = connection.transaction().unwrap();
    {
        let sql = "INSERT OR IGNORE INTO messages VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)";
        let mut insert = transaction.prepare(sql).unwrap();
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).unwrap() {
            insert
                .execute(rusqlite::params_from_iter(row.iter()))
                .unwrap();
        }
    }
    transaction.commit().unwrap();
}

/// Opens a database and probes one index.
fn probe(database: &str) {
    let connection = Connection::open(database).unwrap();
    let sql = "SELECT id FROM contacts WHERE wake_at <= 0 LIMIT 1";
    let found: Result<i64, _> = connection.query_row(sql, [], |row| row.get(0));
    std::hint::black_box(found.is_ok());
}

/// Makes some contacts be looked at, and their steps due, whatever was before.
pub(crate) fn make_due(database: &Path, count: u64) {
    let connection = Connection::open(database).unwrap();
    let at = chrono::DateTime::parse_from_rfc3339("2026-12-01T11:30:00Z")
        .unwrap()
        .timestamp_micros();
    connection
        .execute_batch(&format!(
            "CREATE TEMP TABLE chosen AS SELECT id FROM contacts WHERE id IN (SELECT contact FROM messages \
               WHERE channel IN ('sms', 'live_chat', 'email') AND signal IS NULL AND author = 'contact') \
               AND id NOT IN (SELECT contact FROM messages WHERE signal IN ('opt_out', 'not_interested', 'booked') \
                 OR author = 'human') LIMIT {count}; \
             UPDATE messages SET sent_at = sent_at + {at} - (SELECT max(sent_at) FROM messages o \
               WHERE o.contact = messages.contact) + iif(author = 'contact', -60000000, 0), \
               signal = NULL WHERE contact IN chosen; \
             UPDATE contacts SET wake_at = 0 WHERE id IN chosen;"
        ))
        .unwrap();
}

/// Sends a message as often as told from some threads that share the sender of live chat of the business in
/// `folder`: its client, its JSON, its signature, its reading of the answer.
fn post(folder: &str, count: u64, threads: u64) {
    let (config, _) = followup::config::load(&Path::new(folder).join("followup.toml")).unwrap();
    let environment = followup::config::Environment::from_iter(std::env::vars_os());
    let senders = followup::channel::Senders::new(&config, &environment);
    let sender = senders.get(followup::model::Channel::LiveChat).unwrap();
    many(count, threads, |n| {
        let message = followup::channel::Outgoing {
            id: format!("fu_00000000_{n}"),
            contact_id: format!("c{n:07}"),
            conversation_id: Some(format!("v{n:07}")),
            conversation: None,
            reply_to: None,
            address: format!("c{n:07}"),
            channel: followup::model::Channel::LiveChat,
            text: "Hello María, are you still there? We would be glad to help.".to_owned(),
            scenario: followup::model::Scenario::StoppedResponding,
            step: 1,
            template: None,
        };
        sender.send(&message, chrono::Utc::now()).unwrap();
    });
}

/// POSTs the same bytes as often as told from some threads that share one agent.
fn ureq(url: &str, count: u64, threads: u64) {
    let agent = agent();
    many(count, threads, |_| drop(post_plainly(&agent, url)));
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .max_idle_connections_per_host(64)
        .max_idle_connections(64)
        .build()
        .new_agent()
}

fn post_plainly(agent: &ureq::Agent, url: &str) -> String {
    let body = r#"{"id":"fu_0","contact_id":"c0","to":"+520000000000","channel":"sms","text":"Hello, are you still there? We would be glad to help."}"#;
    let answer = agent
        .post(url)
        .header("content-type", "application/json")
        .send(body);
    answer.unwrap().body_mut().read_to_string().unwrap()
}

/// How many messages of [`pipe`] may be claimed at once, with few threads.
const MOST_IN_PIPE: i64 = 64;

/// The same bytes from as many threads, and the least that makes each message's intent durable before it leaves and
/// its outcome after: one table with nothing but these, one writer that puts the outcomes that have arrived and the
/// next intents into one transaction, a commit that waits for the disk. No reading, no decision, no text.
fn pipe(url: &str, count: i64, threads: u64, database: &str) {
    let store = Connection::open(database).unwrap();
    store
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             CREATE TABLE sent (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, claimed_at INTEGER NOT NULL, \
               sent_at INTEGER, provider_id TEXT)",
        )
        .unwrap();
    let claim = "INSERT INTO sent (id, state, claimed_at) VALUES (?1, 0, 1796126400000000)";
    let mut claim = store.prepare(claim).unwrap();
    let end =
        "UPDATE sent SET state = 1, sent_at = 1796126400000000, provider_id = ?2 WHERE id = ?1";
    let mut end = store.prepare(end).unwrap();
    let most_in_pipe = MOST_IN_PIPE.max(2 * i64::try_from(threads).unwrap());
    let agent = agent();
    let (jobs, queue) = crossbeam_channel::unbounded::<i64>();
    let (answer, answers) = crossbeam_channel::unbounded::<(i64, String)>();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (queue, answer, agent) = (queue.clone(), answer.clone(), &agent);
            scope.spawn(move || {
                for id in queue {
                    answer.send((id, post_plainly(agent, url))).unwrap();
                }
            });
        }
        let (mut claimed, mut ended) = (0, 0);
        while ended < count {
            let mut arrived = Vec::new();
            if claimed > ended {
                arrived.push(answers.recv().unwrap());
                // Together they cost one commit; the threads have enough to do meanwhile.
                while claimed < count && claimed - ended - (arrived.len() as i64) > most_in_pipe / 2
                {
                    arrived.push(answers.recv().unwrap());
                }
                arrived.extend(answers.try_iter());
            }
            let transaction = store.unchecked_transaction().unwrap();
            for (id, provider_id) in &arrived {
                end.execute((id, provider_id)).unwrap();
            }
            ended += arrived.len() as i64;
            let first = claimed + 1;
            claimed = count.min(ended + most_in_pipe);
            for id in first..=claimed {
                claim.execute([id]).unwrap();
            }
            transaction.commit().unwrap();
            for id in first..=claimed {
                jobs.send(id).unwrap();
            }
        }
        drop(jobs);
    });
}

/// Does something as often as told, on some threads.
fn many(count: u64, threads: u64, each: impl Fn(u64) + Sync) {
    let left = AtomicU64::new(count);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Ok(n) =
                    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                {
                    each(n);
                }
            });
        }
    });
}

/// A provider that accepts everything.
pub(crate) struct Server {
    pub(crate) port: u16,
    answered: Arc<AtomicU64>,
}

impl Server {
    pub(crate) fn start(latency_ms: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answered = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&answered);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                std::thread::spawn(move || {
                    serve(stream, &count, Duration::from_millis(latency_ms))
                });
            }
        });
        Self { port, answered }
    }

    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }
}

fn serve(mut stream: TcpStream, count: &AtomicU64, latency: Duration) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let end = loop {
            let head = buffer
                .windows(4)
                .position(|w| w == b"\r\n\r\n")
                .map(|at| at + 4);
            let length = head.map(|head| {
                let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
                let value = text
                    .lines()
                    .find_map(|l| l.strip_prefix("content-length:").map(str::to_owned));
                head + value
                    .and_then(|v| v.trim().parse::<usize>().ok())
                    .unwrap_or(0)
            });
            if let Some(end) = length.filter(|end| *end <= buffer.len()) {
                break end;
            }
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => return,
                Ok(n) => buffer.extend_from_slice(&chunk[..n]),
            }
        };
        buffer.drain(..end);
        if !latency.is_zero() {
            std::thread::sleep(latency);
        }
        let n = count.fetch_add(1, Ordering::Relaxed);
        let body = format!("{{\"id\":\"m{n}\"}}");
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
