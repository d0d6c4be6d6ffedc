//! `cargo bench --bench sync`: 100,000 messages of 20,000 contacts pulled from a server on loopback, against a
//! program that only fetches the same pages, and one that keeps them too, in the least that can be called a store.
//! With a server that answers at once, and with one that takes as long as a real one may. Medians of five in one run;
//! quote the ratios, not the seconds.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures"
)]

#[path = "common/process.rs"]
mod process;

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

const MESSAGES: usize = 100_000;
const CONTACTS: usize = 20_000;
const PAGE: usize = 500;
const TEXTS: [&str; 6] = [
    "Is there a free slot on Thursday afternoon?",
    "There is, at four. Shall I book it for you?",
    "I'm driving, write to me tomorrow at ten",
    "Of course, talk to you tomorrow!",
    "How much would that be for two people, with the massage and everything?",
    "It is 80 for two, and we are open until eight.",
];

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match &arguments[..] {
        [mode, url] if mode == "fetch" => return fetch(url, |_| {}, |_| {}),
        [mode, url, path] if mode == "keep" => return keep(url, path),
        _ => {}
    }
    let pages = Arc::new(Pages::new());
    if let [mode, millis] = &arguments[..]
        && mode == "serve"
    {
        // For a look at what a sync spends its time on.
        let millis = millis.parse().expect("milliseconds");
        println!("{}", serve(&pages, Duration::from_millis(millis)));
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return;
    }
    for millis in [0, 5, 20, 50] {
        let url = serve(&pages, Duration::from_millis(millis));
        let room = tempfile::tempdir().unwrap();
        let mut number = 0;
        let (ours, fetch) = process::pair(
            5,
            || {
                number += 1;
                ours(room.path(), number, &url)
            },
            || bare(&["fetch", &url]),
        );
        let keep = |n: usize| {
            let kept = room.path().join(format!("{n}.db"));
            process::run(&mut bare(&["keep", &url, kept.to_str().unwrap()]))
        };
        let keep = process::median(&(0..5).map(keep).collect::<Vec<_>>());
        println!(
            "sync of {MESSAGES} messages, {millis} ms a page: {ours}; fetching its pages: {fetch}; {}; the least that \
             keeps them: {keep}; {}",
            ours.over(fetch),
            ours.over(keep)
        );
    }
}

fn ours(room: &Path, number: usize, url: &str) -> Command {
    let folder = room.join(format!("{number}"));
    std::fs::create_dir(&folder).unwrap();
    let text = format!(
        "[bot]\ntimezone = \"UTC\"\n[scenarios.stopped_responding]\nsteps = [{{ after = \"5m\", text = \"Hi\" }}]\n\
         [channels.sms.outbox]\n[[sources]]\nname = \"crm\"\n[sources.highlevel]\nlocation_id = \"loc1\"\n\
         token = {{ env = \"TOKEN\" }}\nbase_url = \"{url}\"\n"
    );
    std::fs::write(folder.join("followup.toml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_followup"));
    command
        .args(["sync", "-q", "--now=2026-03-02T09:00:00Z"])
        .env("TOKEN", "t")
        .current_dir(folder);
    command
}

/// One of the other sides.
fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments);
    command
}

/// The least that fetches the pages: one after the other, over one connection.
fn fetch(url: &str, mut messages: impl FnMut(&[u8]), mut contacts: impl FnMut(&[u8])) {
    let agent = ureq::Agent::new_with_defaults();
    let get = |path: String| -> Vec<u8> {
        let mut answer = agent.get(format!("{url}{path}")).call().expect("an answer");
        let body = answer.body_mut().with_config().limit(64 << 20);
        body.read_to_vec().expect("a body")
    };
    for page in 0..=CONTACTS / 100 {
        contacts(&get(format!("/contacts/?startAfterId=x{}", page * 100)));
    }
    for page in 0..MESSAGES / PAGE {
        messages(&get(format!(
            "/conversations/messages/export?cursor=c{}",
            page * PAGE
        )));
    }
    messages(&get(
        "/conversations/messages/export?channel=Email".to_owned()
    ));
}

#[derive(Deserialize)]
struct MessagePage<'p> {
    #[serde(borrow)]
    messages: Vec<Message<'p>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'p> {
    id: &'p str,
    contact_id: &'p str,
    date_added: &'p str,
    direction: &'p str,
    body: Cow<'p, str>,
}

#[derive(Deserialize)]
struct ContactPage<'p> {
    #[serde(borrow)]
    contacts: Vec<Contact<'p>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contact<'p> {
    id: &'p str,
    first_name: &'p str,
    phone: &'p str,
    email: &'p str,
}

/// The least that keeps them: two tables of texts, a transaction for each page, and nothing is looked at.
fn keep(url: &str, path: &str) {
    let store = rusqlite::Connection::open(path).unwrap();
    let schema = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        CREATE TABLE contacts (id TEXT PRIMARY KEY, name, phone, email) WITHOUT ROWID;
        CREATE TABLE messages (contact, at, id, direction, body, PRIMARY KEY (contact, at, id)) WITHOUT ROWID;";
    store.execute_batch(schema).unwrap();
    let in_one = |work: &dyn Fn()| {
        let transaction = store.unchecked_transaction().unwrap();
        work();
        transaction.commit().unwrap();
    };
    let messages = |page: &[u8]| {
        let page: MessagePage<'_> = serde_json::from_slice(page).unwrap();
        in_one(&|| {
            let sql = "INSERT OR IGNORE INTO messages VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = store.prepare_cached(sql).unwrap();
            for m in &page.messages {
                let values = (m.contact_id, m.date_added, m.id, m.direction, &*m.body);
                insert.execute(values).unwrap();
            }
        });
    };
    let contacts = |page: &[u8]| {
        let page: ContactPage<'_> = serde_json::from_slice(page).unwrap();
        in_one(&|| {
            let sql = "INSERT OR REPLACE INTO contacts VALUES (?1, ?2, ?3, ?4)";
            let mut insert = store.prepare_cached(sql).unwrap();
            for c in &page.contacts {
                insert
                    .execute((c.id, c.first_name, c.phone, c.email))
                    .unwrap();
            }
        });
    };
    fetch(url, messages, contacts);
}

struct Pages {
    messages: Vec<String>,
    contacts: Vec<String>,
}

impl Pages {
    fn new() -> Self {
        let message = |n: usize| {
            let contact = (n * 7919) % CONTACTS;
            let direction = ["inbound", "outbound"][n % 2];
            let (hour, minute, second) = (n / 3600 % 24, n / 60 % 60, n % 60);
            json!({
                "id": format!("ve9EPM428h8vShl{n:08}"), "type": 2, "messageType": "TYPE_SMS",
                "locationId": "loc1", "contactId": format!("c{contact}"),
                "conversationId": format!("conv{contact}"),
                "dateAdded": format!("2026-02-{:02}T{hour:02}:{minute:02}:{second:02}.000Z", 1 + n / 86_400),
                "body": TEXTS[n % TEXTS.len()], "direction": direction,
                "status": "delivered", "contentType": "text/plain", "attachments": [], "source": "api",
            })
        };
        let contact = |n: usize| {
            json!({ "id": format!("c{n}"), "firstName": format!("Ana{n}"), "lastName": "Ruiz", "email": format!("a{n}@example.com"),
                "phone": format!("+1500{n:07}"), "timezone": "America/Mexico_City", "dnd": false, "tags": ["lead"] })
        };
        let messages = (0..MESSAGES).step_by(PAGE).map(|begin| {
            let list: Vec<Value> = (begin..begin + PAGE).map(message).collect();
            let end = begin + PAGE;
            let next = (end < MESSAGES).then(|| format!("c{end}"));
            json!({ "messages": list, "nextCursor": next, "total": MESSAGES }).to_string()
        });
        let contacts = (0..CONTACTS).step_by(100).map(|begin| {
            let list: Vec<Value> = (begin..begin + 100).map(contact).collect();
            let meta = json!({ "startAfterId": format!("x{}", begin + 100), "startAfter": 1 });
            json!({ "contacts": list, "meta": meta }).to_string()
        });
        Self {
            messages: messages.collect(),
            contacts: contacts.collect(),
        }
    }

    fn answer(&self, path: &str) -> &str {
        let number = |name: &str| {
            let value = path.split_once(name).map_or("0", |(_, rest)| rest);
            let value = value.split('&').next().unwrap_or_default();
            value.parse::<usize>().unwrap_or(0)
        };
        if path.starts_with("/contacts/?") {
            let page = self.contacts.get(number("startAfterId=x") / 100);
            page.map_or(r#"{"contacts":[]}"#, String::as_str)
        } else if path.contains("channel=Email") {
            r#"{"messages":[],"total":0}"#
        } else {
            &self.messages[number("cursor=c") / PAGE]
        }
    }
}

/// Serves the pages, each after so long.
fn serve(pages: &Arc<Pages>, after: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let pages = Arc::clone(pages);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let pages = Arc::clone(&pages);
            std::thread::spawn(move || converse(stream.unwrap(), &pages, after));
        }
    });
    url
}

fn converse(mut stream: TcpStream, pages: &Pages, after: Duration) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut first, mut line) = (String::new(), String::new());
        reader.read_line(&mut first).ok().filter(|n| *n > 0)?;
        while reader.by_ref().read_line(&mut line).ok()? > 2 {
            line.clear();
        }
        if !after.is_zero() {
            std::thread::sleep(after);
        }
        let body = pages.answer(first.split(' ').nth(1)?);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream
            .write_all(&[head.as_bytes(), body.as_bytes()].concat())
            .ok()?;
    }
}
