//! Pulling messages by API: real servers on loopback that list, page, limit, fail and lose their thread, and the
//! program that must come away with every message once.

mod calendar;
mod highlevel;
#[cfg(feature = "imap")]
mod imap;
mod kills;
mod last_look;
mod others;

use std::process::{Child, Command, Stdio};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::cli::Desk;

/// In every secret.
pub(crate) const MARKER: &str = "MARKERmarkerMARKERmarkerMARKERma";
/// When the tests take place.
pub(crate) const NOW: &str = "2026-03-02T09:00:00Z";

/// A business with these tables.
pub(crate) fn business(tables: &str) -> Desk {
    let desk = Desk::empty();
    configure(&desk, tables);
    desk
}

/// Writes its configuration anew.
pub(crate) fn configure(desk: &Desk, tables: &str) {
    let head = "[bot]\nname = \"Sol\"\ntimezone = \"UTC\"\nlanguage = \"en\"\n\
        [scenarios.stopped_responding]\nsteps = [{ after = \"5m\", text = \"Still there?\" }]\n";
    desk.write("followup.toml", &format!("{head}{tables}\n"));
}

/// What one invocation did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) lines: Vec<Value>,
    pub(crate) err: String,
}

impl Ran {
    /// The last line with `--json`.
    pub(crate) fn summary(&self) -> &Value {
        self.lines.last().unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// The program with every secret in its environment.
pub(crate) fn command(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = desk.command(100, arguments);
    command
        .env("TOKEN", MARKER)
        .env("BOT_TOKEN", format!("123456:{MARKER}"));
    command
}

/// Runs it to its end; nothing that it writes has a secret.
pub(crate) fn ran(desk: &Desk, arguments: &[&str]) -> Ran {
    let output = command(desk, arguments).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!out.contains(MARKER) && !err.contains(MARKER), "{out}{err}");
    let lines = out.lines();
    Ran {
        code: output.status.code(),
        lines: lines.filter_map(|l| serde_json::from_str(l).ok()).collect(),
        err,
    }
}

/// `sync --json` at this time.
pub(crate) fn sync_at(desk: &Desk, now: &str) -> Ran {
    ran(desk, &["sync", "--json", &format!("--now={now}")])
}

/// The same at the usual time.
pub(crate) fn sync(desk: &Desk) -> Ran {
    sync_at(desk, NOW)
}

/// `run --json` at this time.
pub(crate) fn run_at(desk: &Desk, now: &str) -> Ran {
    ran(desk, &["run", "--json", &format!("--now={now}")])
}

/// Begins a sync, silently.
pub(crate) fn begin(desk: &Desk) -> Child {
    command(desk, &["sync", "-q", &format!("--now={NOW}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What is stored of the messages: contact, channel, author, text, id, in the order of time.
pub(crate) fn stored(desk: &Desk) -> Vec<[String; 5]> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(desk.path("followup.db"), flags).unwrap();
    let sql = "SELECT c.contact_id, m.channel, m.author, m.text, coalesce(m.message_id, '') FROM messages m \
               JOIN contacts c ON c.id = m.contact ORDER BY m.sent_at, m.seq, m.message_id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok([
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ])
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// The sources of `status --json`, by name: the first.
pub(crate) fn source_status(desk: &Desk, now: &str) -> Value {
    let status = ran(desk, &["status", "--json", &format!("--now={now}")]);
    status.lines[0]["sources"][0].clone()
}

/// The value of a parameter of a request's query, decoded.
pub(crate) fn parameter(path: &str, name: &str) -> Option<String> {
    let (_, query) = path.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, v)| v)
        .next()?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            b'+' => b' ',
            b => b,
        });
    }
    Some(String::from_utf8(bytes).unwrap())
}
