//! `cargo bench --bench whole [-- import|idle|plan|export|send|slow|large …]`: the program as its user runs it,
//! whole processes, each against a bare program that does the least that could be called the same. Both sides
//! in turn in one run, medians of five; quote the ratios, not the seconds.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures"
)]

#[path = "common/bare.rs"]
mod bare;
#[path = "common/generate.rs"]
mod generate;
#[path = "common/process.rs"]
mod process;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use generate::Order;
use process::{Measured, median, pair};

/// Behind every message of the generated files, so that everything is past.
const AFTER: &str = "2026-12-01T12:00:00Z";

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if bare::run(&words) {
        return; // this process is the other side of a comparison
    }
    let room = tempfile::tempdir().expect("a folder");
    let wanted = |name: &str| words.is_empty() || words.contains(&name);
    let large = words.contains(&"large");
    if wanted("import") {
        import(room.path(), 100_000);
        if large {
            memory(room.path());
        }
    }
    if wanted("idle") || wanted("plan") || wanted("export") {
        let many = if large { 1_000_000 } else { 100_000 };
        idle_plan_export(room.path(), many, &wanted);
    }
    if wanted("send") {
        send(room.path(), 60_000, 0, 8, None);
    }
    if wanted("slow") {
        let library = slow_disk(room.path());
        send(room.path(), 10_000, 50, 64, Some(&library));
    }
}

/// A folder with a configuration and an exported file.
struct Business {
    folder: PathBuf,
}

impl Business {
    fn new(room: &Path, name: &str, configuration: &str) -> Self {
        let folder = room.join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("followup.toml"), configuration).unwrap();
        Self { folder }
    }

    /// An exported file of its own.
    fn export(&self, contacts: u64, order: Order) -> PathBuf {
        let path = self.folder.join(format!("{contacts}-{order:?}.csv"));
        if contacts > MOST_KEPT {
            generated(&path, contacts, order);
        } else {
            fs::copy(kept(contacts, order), &path).unwrap();
        }
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_followup"));
        command
            .current_dir(&self.folder)
            .env_clear()
            .args(arguments);
        command
    }

    fn database(&self) -> PathBuf {
        self.folder.join("followup.db")
    }

    fn forget_all(&self) {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.folder.join(format!("followup.db{end}")));
        }
    }
}

const PLAIN: &str = include_str!("common/plain.toml");

/// Larger files are made anew each time.
const MOST_KEPT: u64 = 100_000;

/// A generated file, kept from one measurement to the next.
fn kept(contacts: u64, order: Order) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole");
    fs::create_dir_all(&folder).unwrap();
    let made_by = xxhash_rust::xxh3::xxh3_64(include_bytes!("common/generate.rs"));
    let path = folder.join(format!("{contacts}-{order:?}-{made_by:016x}.csv"));
    if !path.exists() {
        let aside = path.with_extension("part");
        generated(&aside, contacts, order);
        fs::rename(aside, &path).unwrap();
    }
    path
}

fn generated(path: &Path, contacts: u64, order: Order) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    generate::write(&mut out, contacts, order).unwrap();
    out.flush().unwrap();
}

fn other(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env_clear().args(words);
    command
}

fn import(room: &Path, contacts: u64) {
    let business = Business::new(room, "import", PLAIN);
    for order in [Order::ByConversation, Order::ByTime] {
        let file = business.export(contacts, order);
        let file = file.to_str().unwrap();
        let flat = room.join("flat.db");
        let (mut ours, mut bare, mut again, mut unchanged) = (vec![], vec![], vec![], vec![]);
        for _ in 0..5 {
            business.forget_all();
            let first = ["import", file, "--now", AFTER];
            ours.push(process::run(&mut business.command(&first)));
            unchanged.push(process::run(&mut business.command(&first)));
            touch(file);
            again.push(process::run(&mut business.command(&first)));
            let _ = fs::remove_file(&flat);
            bare.push(process::run(&mut other(&[
                "flat",
                file,
                flat.to_str().unwrap(),
            ])));
        }
        let (ours, bare) = (median(&ours), median(&bare));
        println!(
            "import {contacts} contacts {order:?}: {ours}; bare csv + sqlite {bare}; {}",
            ours.over(bare)
        );
        println!(
            "  the same again: {} of the first; unchanged: {}",
            median(&again).over(ours),
            median(&unchanged)
        );
    }
}

fn touch(file: &str) {
    let file = File::options().append(true).open(file).unwrap();
    file.set_modified(std::time::SystemTime::now()).unwrap();
}

fn memory(room: &Path) {
    let peak = |contacts| {
        let business = Business::new(room, &format!("memory{contacts}"), PLAIN);
        let file = business.export(contacts, Order::ByConversation);
        let measured = process::run(&mut business.command(&[
            "import",
            file.to_str().unwrap(),
            "--now",
            AFTER,
        ]));
        fs::remove_dir_all(&business.folder).unwrap();
        measured
    };
    let (small, great) = (peak(100_000), peak(1_000_000));
    println!(
        "import of 1,000,000 messages {small}, of 10,000,000 {great}: {:.2} of its memory",
        great.peak_mb / small.peak_mb
    );
}

fn idle_plan_export(room: &Path, many: u64, wanted: &dyn Fn(&str) -> bool) {
    let filled = |contacts| {
        let business = Business::new(room, &format!("filled{contacts}"), PLAIN);
        let file = business.export(contacts, Order::ByConversation);
        let file = file.to_str().unwrap();
        process::run(&mut business.command(&["import", file, "--now", AFTER]));
        fs::remove_file(file).unwrap();
        process::run(&mut business.command(&["run", "--now", AFTER]));
        business
    };
    let (great, small) = (filled(many), filled(10_000));
    let idle = |b: &Business| b.command(&["run", "--now", AFTER]);
    let probe = |b: &Business| other(&["probe", b.database().to_str().unwrap()]);
    let mut idle_great = Measured::default();
    if wanted("idle") || wanted("plan") {
        let (ours, bare) = pair(25, || idle(&great), || probe(&great));
        println!(
            "idle run at {many} contacts: {ours}; open and probe {bare}; {}",
            ours.over(bare)
        );
        let (ours, little) = pair(25, || idle(&great), || idle(&small));
        println!(
            "  the same at 10,000 contacts: {little}; {}",
            ours.over(little)
        );
        idle_great = ours;
    }
    if wanted("export") {
        let mut export = || great.command(&["export", "messages"]);
        let database = great.database();
        let mut sqlite = || {
            let mut command = Command::new("sqlite3");
            command
                .args(["-csv", database.to_str().unwrap(), bare::EXPORT_SQL])
                .env_clear();
            command
        };
        if sqlite().arg("-version").output().is_ok() {
            let (ours, theirs) = pair(5, &mut export, &mut sqlite);
            println!(
                "export: {ours}; sqlite3 -csv {theirs}; {}",
                ours.over(theirs)
            );
        } else {
            println!(
                "export: {}; no sqlite3 here to compare with",
                process::run(&mut export())
            );
        }
    }
    if wanted("plan") {
        bare::make_due(&great.database(), 10_000);
        let (plan, _) = pair(
            5,
            || great.command(&["plan", "--now", AFTER, "--until", AFTER, "--json"]),
            || probe(&great),
        );
        println!(
            "plan of 10,000 due of {many}: {plan}; {} of an idle run",
            plan.over(idle_great)
        );
    }
}

/// Conversations, what is due of them sent to a server on loopback: by a run; by as many threads with the same
/// sender and the same message, and no store; by as many threads that do nothing but call ureq; and by these with the
/// least that is durable, which says what of the distance to ureq any durable sender has to lose.
fn send(room: &Path, contacts: u64, latency_ms: u64, threads: usize, slow_disk: Option<&Path>) {
    let server = bare::Server::start(latency_ms);
    let url = format!("http://127.0.0.1:{}/send", server.port);
    let (base, _) = PLAIN.split_once("[channels.").unwrap();
    // One channel for all, so that both sides have as many threads.
    let base = base.replace("\" }", "\", channel = \"live_chat\" }");
    let limits = format!("per_run = \"off\"\nconcurrency = {threads}\nmax_late = \"off\"");
    let configuration = base
        .replace("per_run = \"off\"", &limits)
        .replace("[hours]\nopen = [\"Mo-Su 08:00-20:00\"]\n", "")
        + &format!(
            "[channels.live_chat.webhook]\nurl = \"{url}\"\nsecret = {{ env = \"HOOK\" }}\n"
        );
    let business = Business::new(room, &format!("send{latency_ms}"), &configuration);
    let file = business.export(contacts, Order::ByConversation);
    let (mut ours, mut same, mut ureq, mut pipe) = (vec![], vec![], vec![], vec![]);
    let mut sent = 0;
    for _ in 0..5 {
        business.forget_all();
        process::run(&mut business.command(&["import", file.to_str().unwrap(), "--now", AFTER]));
        let before = server.answered();
        let mut run = business.command(&["run", "--now", AFTER, "--quiet"]);
        run.env("HOOK", SECRET);
        if let Some(library) = slow_disk {
            run.env("LD_PRELOAD", library);
        }
        ours.push(process::run(&mut run));
        sent = server.answered() - before;
        let (count, threads) = (sent.to_string(), threads.to_string());
        let folder = business.folder.to_str().unwrap();
        let mut bare = other(&["post", folder, &count, &threads]);
        same.push(process::run(bare.env("HOOK", SECRET)));
        ureq.push(process::run(&mut other(&["ureq", &url, &count, &threads])));
        let least = room.join("pipe.db");
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(room.join(format!("pipe.db{end}")));
        }
        let mut bare = other(&["pipe", &url, &count, &threads, least.to_str().unwrap()]);
        if let Some(library) = slow_disk {
            bare.env("LD_PRELOAD", library);
        }
        pipe.push(process::run(&mut bare));
    }
    let (ours, same) = (median(&ours), median(&same));
    let (ureq, pipe) = (median(&ureq), median(&pipe));
    let disk = if slow_disk.is_some() {
        ", 5 ms more for every fsync"
    } else {
        ""
    };
    println!(
        "send {sent} over loopback, {threads} threads, answers after {latency_ms} ms{disk}: {ours}; \
         the same sender without a store {same}; {:.2} of its speed; ureq alone {ureq}; {:.2}",
        same.seconds / ours.seconds,
        ureq.seconds / ours.seconds,
    );
    println!(
        "  ureq with the least that is durable {pipe}: {:.2} of ureq's speed; ours is {:.2} of it",
        ureq.seconds / pipe.seconds,
        pipe.seconds / ours.seconds,
    );
    let each = |m: Measured| m.processor_seconds * 1e6 / sent as f64;
    println!(
        "  processor time for each message: ours {:.0} us, without a store {:.0}, ureq {:.0}, the least durable {:.0}",
        each(ours),
        each(same),
        each(ureq),
        each(pipe),
    );
}

/// What the messages are signed with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A library that makes every fsync take 5 ms more.
fn slow_disk(room: &Path) -> PathBuf {
    let (source, library) = (room.join("slow.c"), room.join("slow.so"));
    fs::write(&source, bare::SLOW_FSYNC).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(built.unwrap().success(), "cc builds the slow disk");
    library
}
