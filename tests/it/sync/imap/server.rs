//! The server: as much of IMAP as a reader needs, and what a bad one does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::sync::MARKER;

/// An email in a folder.
#[derive(Clone)]
pub(super) struct Kept {
    uid: u32,
    arrived_at: DateTime<Utc>,
    raw: String,
}

/// A folder.
#[derive(Clone)]
pub(super) struct Folder {
    name: &'static str,
    flags: &'static str,
    validity: u32,
    next: u32,
    kept: Vec<Kept>,
}

/// A mailbox, whatever happens to it.
#[derive(Clone, Default)]
pub(super) struct Post(Arc<Mutex<Vec<Folder>>>);

/// What the server does instead of what it should.
#[derive(Clone)]
pub(super) enum Misdeed {
    /// `NO` and these words.
    Refuse(&'static str),
    /// It never answers.
    Stall,
    /// It answers a byte at a time, without end.
    Drip,
    /// It ends the connection after so many bytes of its answer.
    Cut(usize),
    /// It says this instead.
    Say(Vec<u8>),
}

type Happens = dyn Fn(&str, usize) -> Option<Misdeed> + Send + Sync;

/// A server of a mailbox.
pub(super) struct Server {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

/// Minutes after eight.
fn at(minutes: i64) -> DateTime<Utc> {
    let eight: DateTime<Utc> = "2026-03-02T08:00:00Z".parse().unwrap();
    eight + TimeDelta::minutes(minutes)
}

/// An email as it is sent.
pub(super) fn mail(id: &str, from: &str, to: &str, minutes: i64, text: &str) -> String {
    let date = at(minutes).to_rfc2822();
    format!(
        "Message-ID: <{id}@x.example>\r\nDate: {date}\r\nFrom: {from}\r\nTo: {to}\r\nSubject: Hi\r\n\r\n{text}\r\n"
    )
}

impl Post {
    /// An inbox, and a folder that is marked as that of what was sent.
    pub(super) fn new() -> Self {
        let post = Self::default();
        post.make("INBOX", "\\HasNoChildren");
        post.make("Sent", "\\HasNoChildren \\Sent");
        post
    }

    pub(super) fn make(&self, name: &'static str, flags: &'static str) {
        self.0.lock().unwrap().push(Folder {
            name,
            flags,
            validity: 7,
            next: 1,
            kept: Vec::new(),
        });
    }

    /// One who wrote, and was answered, and is quiet.
    pub(super) fn quiet() -> Self {
        let post = Self::new();
        post.gets(
            "INBOX",
            0,
            mail(
                "1",
                "Ana <ana@a.example>",
                "desk@sol.example",
                0,
                "How much?",
            ),
        );
        post.gets(
            "Sent",
            1,
            mail("2", "desk@sol.example", "ana@a.example", 1, "It is 40."),
        );
        post
    }

    /// An email arrives.
    pub(super) fn gets(&self, folder: &str, minutes: i64, raw: String) {
        let mut folders = self.0.lock().unwrap();
        let folder = folders.iter_mut().find(|f| f.name == folder).unwrap();
        let uid = folder.next;
        folder.next += 3; // numbers have gaps
        let arrived_at = at(minutes);
        folder.kept.push(Kept {
            uid,
            arrived_at,
            raw,
        });
    }

    /// The server gives all emails other numbers.
    pub(super) fn renumber(&self, by: u32) {
        for folder in self.0.lock().unwrap().iter_mut() {
            folder.validity += 1;
            for (n, kept) in folder.kept.iter_mut().enumerate() {
                kept.uid = by + n as u32;
            }
            folder.next = by + folder.kept.len() as u32;
        }
    }

    pub(super) fn serve(&self) -> Server {
        self.serve_with(|_, _| None)
    }

    /// Serves, but for what `happens` at a command: told its words, and how many came before it.
    pub(super) fn serve_with(
        &self,
        happens: impl Fn(&str, usize) -> Option<Misdeed> + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (post, all, happens) = (self.clone(), Arc::clone(&heard), Arc::new(happens));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (post, all, happens) = (post.clone(), Arc::clone(&all), Arc::clone(&happens));
                std::thread::spawn(move || {
                    // However it ends, it ends.
                    let _ = post.talk(&stream.unwrap(), &all, &*happens);
                });
            }
        });
        Server { port, heard }
    }

    fn talk(
        &self,
        stream: &TcpStream,
        all: &Mutex<Vec<String>>,
        happens: &Happens,
    ) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let mut out = stream.try_clone()?;
        let mut opened: Option<&'static str> = None;
        out.write_all(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")?;
        while let Some(line) = lines.next() {
            let line = line?;
            let (tag, said) = line.split_once(' ').unwrap_or((&line, ""));
            let number = {
                let mut all = all.lock().unwrap();
                all.push(said.to_owned());
                all.len() - 1
            };
            if said == "AUTHENTICATE XOAUTH2" {
                out.write_all(b"+ \r\n")?;
                let shown = lines.next().unwrap()?;
                let shown = base64::engine::general_purpose::STANDARD
                    .decode(shown)
                    .unwrap();
                all.lock().unwrap().push(String::from_utf8(shown).unwrap());
            }
            let misdeed = happens(said, number);
            let answer = self.answer(tag, said, &mut opened);
            match misdeed {
                None => out.write_all(answer.as_bytes())?,
                Some(Misdeed::Refuse(words)) => {
                    out.write_all(format!("{tag} NO {words}\r\n").as_bytes())?;
                }
                Some(Misdeed::Say(bytes)) => out.write_all(&bytes)?,
                Some(Misdeed::Cut(length)) => {
                    out.write_all(&answer.as_bytes()[..length.min(answer.len())])?;
                    return out.shutdown(std::net::Shutdown::Both);
                }
                Some(Misdeed::Stall) => {
                    let mut rest = Vec::new();
                    stream.try_clone()?.read_to_end(&mut rest)?; // until the other side has enough
                }
                Some(Misdeed::Drip) => loop {
                    out.write_all(b"* ")?;
                    out.write_all(b"OK still here\r\n")?;
                    std::thread::park_timeout(Duration::from_millis(20));
                },
            }
            if said == "LOGOUT" {
                return Ok(());
            }
        }
        Ok(())
    }

    fn answer(&self, tag: &str, said: &str, opened: &mut Option<&'static str>) -> String {
        let folders = self.0.lock().unwrap();
        let of = |name: &str| folders.iter().find(|f| f.name == name);
        let mut answer = String::new();
        if said == r#"LIST "" *"# {
            for folder in &*folders {
                answer += &format!("* LIST ({}) \"/\" \"{}\"\r\n", folder.flags, folder.name);
            }
        } else if let Some(name) = said.strip_prefix("EXAMINE ") {
            let Some(folder) = of(name.trim_matches('"')) else {
                return format!("{tag} NO [NONEXISTENT] no such folder\r\n");
            };
            *opened = Some(folder.name);
            answer += &format!(
                "* FLAGS (\\Seen)\r\n* {} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {}] valid\r\n* OK [UIDNEXT {}] next\r\n",
                folder.kept.len(),
                folder.validity,
                folder.next
            );
        } else if let Some(criteria) = said.strip_prefix("UID SEARCH ") {
            let folder = of(opened.unwrap()).unwrap();
            let found = folder
                .kept
                .iter()
                .filter(|kept| kept.meets(criteria, folder));
            let found: Vec<String> = found.map(|kept| format!(" {}", kept.uid)).collect();
            answer += &format!("* SEARCH{}\r\n", found.concat());
        } else if let Some(wanted) = said.strip_prefix("UID FETCH ") {
            let folder = of(opened.unwrap()).unwrap();
            let (numbers, items) = wanted.split_once(' ').unwrap();
            assert!(
                items.starts_with("(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0."),
                "{items}"
            );
            let most: usize = items
                .rsplit('.')
                .next()
                .unwrap()
                .trim_end_matches(">)")
                .parse()
                .unwrap();
            for (n, kept) in folder.kept.iter().enumerate() {
                if numbers.split(',').any(|range| is_in(kept.uid, range)) {
                    let raw = &kept.raw[..most.min(kept.raw.len())];
                    let date = kept.arrived_at.format("%d-%b-%Y %H:%M:%S +0000");
                    answer += &format!(
                        "* {} FETCH (UID {} INTERNALDATE \"{date}\" RFC822.SIZE {} BODY[]<0> {{{}}}\r\n{raw})\r\n",
                        n + 1,
                        kept.uid,
                        kept.raw.len(),
                        raw.len()
                    );
                }
            }
        } else if said.starts_with("LOGIN ") {
            if said != format!("LOGIN desk@sol.example {MARKER}") {
                return format!("{tag} NO [AUTHENTICATIONFAILED] wrong: {said}\r\n");
            }
        } else if said != "LOGOUT" && said != "AUTHENTICATE XOAUTH2" {
            return format!("{tag} BAD what is {said}?\r\n");
        }
        answer + &format!("{tag} OK done\r\n")
    }
}

impl Kept {
    fn meets(&self, criteria: &str, folder: &Folder) -> bool {
        let words: Vec<&str> = criteria.split(' ').collect();
        let mut addresses = Vec::new();
        for pair in words.windows(2) {
            match pair {
                ["UID", range] => {
                    let from: u32 = range.strip_suffix(":*").unwrap().parse().unwrap();
                    // `*` is the newest one, even if its number is lower.
                    let newest = folder.kept.last().is_some_and(|k| k.uid == self.uid);
                    if self.uid < from && !newest {
                        return false;
                    }
                }
                ["SINCE", date] => {
                    let date =
                        NaiveDate::parse_from_str(date.trim_matches('"'), "%d-%b-%Y").unwrap();
                    if self.arrived_at.date_naive() < date {
                        return false;
                    }
                }
                ["FROM", address] => addresses.push(("From: ", address.trim_matches('"'))),
                ["TO", address] => addresses.push(("To: ", address.trim_matches('"'))),
                _ => {}
            }
        }
        let head = self.raw.split("\r\n\r\n").next().unwrap();
        let has = |(name, address): &(&str, &str)| {
            head.lines()
                .any(|line| line.starts_with(name) && line.contains(address))
        };
        addresses.is_empty() || addresses.iter().any(has)
    }
}

fn is_in(uid: u32, range: &str) -> bool {
    let (from, to) = range.split_once(':').unwrap_or((range, range));
    (from.parse().unwrap()..=to.parse().unwrap()).contains(&uid)
}

impl Server {
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Every command that came, in order.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The commands that begin so.
    pub(super) fn heard_of(&self, begin: &str) -> Vec<String> {
        let heard = self.heard().into_iter();
        heard.filter(|said| said.starts_with(begin)).collect()
    }
}
