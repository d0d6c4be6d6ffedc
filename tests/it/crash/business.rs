//! A business in a directory of its own, the program run on it, and the server's own books.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use followup::model::Timestamp;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Recorded, Reply};

/// How long anything may take on a machine with other work before a test gives it up.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What a provider answers that took the message, whoever it is: a webhook's receiver and Twilio.
pub(super) fn taken() -> Reply {
    Reply::answer(201, r#"{"id":"m1","sid":"SM1","status":"queued"}"#)
}

/// `[channels.CHANNEL.webhook]` of a server.
pub(super) fn webhook(channel: &str, url: &str) -> String {
    format!(
        "[channels.{channel}.webhook]\nurl = \"{url}/hook\"\nsecret = {{ env = \"HOOK_SECRET\" }}\n"
    )
}

/// `[channels.CHANNEL.twilio]` of a server.
pub(super) fn twilio(channel: &str, url: &str) -> String {
    format!(
        "[channels.{channel}.twilio]\naccount_sid = \"AC00000000000000000000000000000001\"\n\
         auth_token = {{ env = \"TWILIO_AUTH_TOKEN\" }}\nfrom = \"+15005550006\"\nbase_url = \"{url}\"\n"
    )
}

/// A business whose contacts went quiet at 08:01; its first step is due at 08:06, the next ones an hour and a
/// day after.
pub(super) struct Business {
    folder: TempDir,
    limits: String,
    more: String,
}

/// One follow-up as the database has it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) contact: String,
    pub(super) step: u32,
    pub(super) state: String,
    pub(super) attempts: u32,
    pub(super) claimed_at: i64,
    pub(super) retry_at: Option<i64>,
    pub(super) error: Option<String>,
}

/// What one invocation did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    /// The JSON lines on standard output.
    pub(super) events: Vec<Value>,
    pub(super) stderr: String,
}

impl Ran {
    /// Runs a command to its end; one that hangs fails the test.
    pub(super) fn of_command(command: Command) -> Self {
        Self::of(&output(command))
    }

    fn of(output: &Output) -> Self {
        let stdout = String::from_utf8_lossy(&output.stdout);
        Self {
            code: output.status.code(),
            events: stdout
                .lines()
                .filter_map(|l| serde_json::from_str(l).ok())
                .collect(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A number of the summary.
    pub(super) fn count(&self, what: &str) -> u64 {
        let summary = self.events.iter().rfind(|e| e["type"] == "summary");
        summary.and_then(|s| s[what].as_u64()).unwrap_or(u64::MAX)
    }

    /// The events of one type.
    pub(super) fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|e| e["type"] == kind).collect()
    }
}

impl Business {
    /// With these `[channels]`, and nobody yet.
    pub(super) fn new(channels: &str) -> Self {
        Self::with(channels, "", "")
    }

    /// With more lines in `[limits]`, and more tables.
    pub(super) fn with(channels: &str, limits: &str, more: &str) -> Self {
        let business = Self {
            folder: tempfile::tempdir().unwrap(),
            limits: limits.to_owned(),
            more: more.to_owned(),
        };
        business.configure(channels);
        business
    }

    /// Writes the configuration anew, with these channels.
    pub(super) fn configure(&self, channels: &str) {
        let Self { limits, more, .. } = self;
        let steps = if more.contains("[scenarios.") {
            ""
        } else {
            "[scenarios.stopped_responding]\nsteps = [\n\
             { after = \"5m\", text = \"One, {{ contact.name }}?\" },\n\
             { after = \"1h\", text = \"Two, {{ contact.name }}?\" },\n\
             { after = \"1d\", text = \"Three, {{ contact.name }}?\" },\n]\n"
        };
        let text = format!(
            "[bot]\nname = \"Studio\"\ntimezone = \"UTC\"\nlanguage = \"en\"\n{steps}\
             [limits]\nfresh_for = \"off\"\n{limits}\n{channels}\n{more}\n"
        );
        std::fs::write(self.path("followup.toml"), text).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `count` people who asked on `channel`, were answered, and went quiet.
    pub(super) fn quiet(&self, channel: &str, count: usize) {
        let rows: String = (0..count)
            .map(|i| {
                format!(
                    "{channel}{i},{channel},inbound,2026-03-02T08:00:00Z,How much is it?,Ms {channel}{i},+14155551{i:03}\n\
                     {channel}{i},{channel},outbound,2026-03-02T08:01:00Z,It is 40.,,\n"
                )
            })
            .collect();
        self.import(&rows);
    }

    /// Takes rows in, as an export would bring them.
    pub(super) fn import(&self, rows: &str) {
        let ran = self.try_import(rows);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }

    /// The same, whatever comes of it.
    pub(super) fn try_import(&self, rows: &str) -> Ran {
        let header = "contact_id,channel,direction,sent_at,text,name,phone\n";
        let name = format!("export{:016x}.csv", xxhash(rows));
        std::fs::write(self.path(&name), format!("{header}{rows}")).unwrap();
        Ran::of_command(self.command(&["import", "--now", "2026-03-02T08:10:00Z", &name]))
    }

    /// The program in this directory, with a small environment that has the secrets.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_followup"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOOK_SECRET", "whsec_MARKERmarkerMARKERmarkerMARKERma")
            .env("TWILIO_AUTH_TOKEN", "MARKERmarkerMARKERmarkerMARKERma")
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// `followup run --json --now NOW` to its end.
    pub(super) fn run(&self, now: &str) -> Ran {
        self.run_with(now, &[])
    }

    /// The same with more arguments.
    pub(super) fn run_with(&self, now: &str, more: &[&str]) -> Ran {
        let arguments = [&["run", "--json", "--now", now][..], more].concat();
        Ran::of_command(self.command(&arguments))
    }

    /// Begins a run, silently.
    pub(super) fn start(&self, now: &str) -> Child {
        let mut command = self.command(&["run", "-q", "--now", now]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Begins a run that stops at `point`; waits until it has, and kills it there. `false` when it ended
    /// without ever coming there.
    pub(super) fn kill_at(&self, point: &str, now: &str) -> bool {
        let mark = self.path("paused");
        // It may be there from an earlier time.
        let _ = std::fs::remove_file(&mark);
        let mut command = self.command(&["run", "-q", "--now", now]);
        let at = format!("{point}:{}", mark.display());
        let mut child = command
            .env("FOLLOWUP_PAUSE_AT", at)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ended = until(|| mark.exists() || child.try_wait().unwrap().is_some());
        assert!(ended, "a run neither came to {point} nor ended");
        let paused = mark.exists();
        kill(&mut child);
        paused
    }

    /// The database, for what the program has no door for.
    pub(super) fn database(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.path("followup.db"), flags).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        connection
    }

    /// The log of follow-ups.
    pub(super) fn rows(&self) -> Vec<Row> {
        let database = self.database();
        let key = "SELECT value FROM meta WHERE key = 'hash_key'";
        let key: String = database.query_row(key, [], |row| row.get(0)).unwrap();
        let sql = "SELECT f.id, c.contact_id, f.step, f.state, f.attempts, f.claimed_at, f.retry_at, f.error \
                   FROM follow_ups f JOIN contacts c ON c.id = f.contact ORDER BY f.id";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(Row {
                id: format!("fu_{}_{}", &key[..8], row.get::<_, i64>(0)?),
                contact: row.get(1)?,
                step: row.get(2)?,
                state: row.get(3)?,
                attempts: row.get(4)?,
                claimed_at: row.get(5)?,
                retry_at: row.get(6)?,
                error: row.get(7)?,
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// How many follow-ups are in each state.
    pub(super) fn states(&self) -> BTreeMap<String, usize> {
        let mut states = BTreeMap::new();
        for row in self.rows() {
            *states.entry(row.state).or_default() += 1;
        }
        states
    }

    /// The actions: follow-up's contact, action, state.
    pub(super) fn actions(&self) -> Vec<(String, String, String)> {
        let database = self.database();
        let sql = "SELECT c.contact_id, a.action, a.state FROM actions a \
                   JOIN follow_ups f ON f.id = a.follow_up JOIN contacts c ON c.id = f.contact ORDER BY 1, 2";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The database is sound and, no run being at work, nothing is left `sending`.
    pub(super) fn assert_sound(&self) {
        let check: String = self
            .database()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(check, "ok");
        assert_eq!(self.states().get("sending"), None);
    }
}

fn xxhash(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// Runs a command to its end; one that hangs is killed and fails the test.
fn output(mut command: Command) -> Output {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let (give, take) = mpsc::channel();
    std::thread::spawn(move || give.send(child.wait_with_output()));
    take.recv_timeout(PATIENCE)
        .unwrap_or_else(|_| panic!("process {pid} hangs"))
        .unwrap()
}

/// SIGKILL, and its end awaited.
pub(crate) fn kill(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().unwrap();
}

/// Waits until `done`; `false` when that takes too long.
pub(crate) fn until(mut done: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !done() {
        if begun.elapsed() > PATIENCE {
            return false;
        }
        pause(Duration::from_millis(2));
    }
    true
}

pub(super) fn pause(time: Duration) {
    std::thread::park_timeout(time);
}

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What became of one request, by the server's own knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The message went to the contact.
    Taken,
    /// The request was received whole and the answer leaves it open: a real provider may have sent it.
    Perhaps,
    /// The answer says for certain that nothing was sent.
    NotSent,
}

/// One request in the server's books.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The follow-up's id.
    pub(super) id: String,
    /// The message itself: to whom, and which step. Two requests with the same are the same message.
    pub(super) message: String,
    pub(super) fate: Fate,
    /// When it arrived.
    pub(super) at: Instant,
}

/// The server's books. Shared with the script that fills them.
#[derive(Clone, Default)]
pub(super) struct Books(Arc<Mutex<Vec<Entry>>>);

impl Books {
    /// Enters a request, and gives the reply back.
    pub(super) fn enter(&self, request: &Recorded, fate: Fate, reply: Reply) -> Reply {
        if request.method == "GET" {
            // Asks what became of a message, and sends none.
            return Reply::answer(404, "");
        }
        let entry = Entry {
            id: request.id().unwrap_or_default().to_owned(),
            message: message(request),
            fate,
            at: Instant::now(),
        };
        self.lock().push(entry);
        reply
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// X1: no message that went out, or may have gone out, was ever asked for again.
    pub(super) fn assert_at_most_once(&self) {
        let mut gone: BTreeMap<String, Entry> = BTreeMap::new();
        for entry in self.entries() {
            if let Some(first) = gone.get(&entry.message) {
                panic!("sent twice: {first:?} and {entry:?}");
            }
            if entry.fate != Fate::NotSent {
                gone.insert(entry.message.clone(), entry);
            }
        }
    }

    /// X1, X4: our log says of every message what the server knows; where nobody told us, `unknown`.
    pub(super) fn assert_agree(&self, rows: &[Row]) {
        let mut fates: BTreeMap<&str, Fate> = BTreeMap::new();
        let entries = self.entries();
        for entry in &entries {
            fates.insert(&entry.id, entry.fate);
        }
        for row in rows {
            let fate = fates.get(row.id.as_str());
            let agrees = match row.state.as_str() {
                "sent" => fate == Some(&Fate::Taken),
                "retry" | "failed" => matches!(fate, None | Some(Fate::NotSent)),
                "unknown" => true,
                _ => false,
            };
            assert!(agrees, "{row:?} but at the server {fate:?}");
        }
        for entry in entries.iter().filter(|e| e.fate != Fate::NotSent) {
            let known = rows
                .iter()
                .any(|r| r.id == entry.id && matches!(r.state.as_str(), "sent" | "unknown"));
            assert!(known, "the server has {entry:?}, and our log has not");
        }
    }
}

/// What tells one message from another, whatever the provider.
fn message(request: &Recorded) -> String {
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(body) => format!(
            "{} {} {}",
            body["contact_id"], body["scenario"], body["step"]
        ),
        Err(_) => request.text(),
    }
}
