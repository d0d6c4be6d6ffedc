//! `cargo bench --bench sync`: 100,000 messages of 20,000 contacts pulled from a server on loopback, against a
//! program that only fetches the same pages. With a server that answers at once, and with one that takes as long
//! as a real one may. Both sides in turn in one run, medians of five; quote the ratios, not the seconds.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures"
)]

#[path = "common/process.rs"]
mod process;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

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
    if let [mode, url] = &arguments[..]
        && mode == "fetch"
    {
        return fetch(url);
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
        let (ours, bare) = process::pair(
            5,
            || {
                number += 1;
                ours(room.path(), number, &url)
            },
            || {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["fetch", &url]);
                command
            },
        );
        println!(
            "sync of {MESSAGES} messages, {millis} ms a page: {ours}; fetching its pages: {bare}; {}",
            ours.over(bare)
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

/// The least that fetches the pages: one after the other, over one connection, and nothing is made of them.
fn fetch(url: &str) {
    let agent = ureq::Agent::new_with_defaults();
    let get = |path: String| -> Vec<u8> {
        let mut answer = agent.get(format!("{url}{path}")).call().expect("an answer");
        let body = answer.body_mut().with_config().limit(64 << 20);
        body.read_to_vec().expect("a body")
    };
    for page in 0..MESSAGES / PAGE {
        get(format!(
            "/conversations/messages/export?cursor=c{}",
            page * PAGE
        ));
    }
    get("/conversations/messages/export?channel=Email".to_owned());
    for page in 0..=CONTACTS / 100 {
        get(format!("/contacts/?startAfterId=x{}", page * 100));
    }
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
