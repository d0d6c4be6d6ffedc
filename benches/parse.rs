//! `cargo bench --bench parse [FORMAT]`: reading each kind of export into records, against the least that takes the
//! same bytes apart: serde_json passing over them as a stream, the csv crate cutting cells, mail-parser parsing each
//! email, a regular expression on each line of a chat. Files of over 100 MB. Each reading is a process of its own,
//! for its memory, and tells its time on a processor; both sides in turn, medians of five. Then writing the tool's
//! own formats.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a program that measures"
)]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use followup::export::{ExportFormat, MessageWriter};
use followup::import::{ContactRecord, Records, SourceSettings, open};

#[path = "common/generate.rs"]
mod generate;
#[path = "common/platforms.rs"]
mod platforms;

use platforms::{Bare, SAMPLES, Sample};

/// How large the files are, in bytes.
const SIZE: u64 = 105 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [side, name, file] = arguments[..] {
        return tell(side, sample(name), Path::new(file));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = |s: &&Sample| arguments.is_empty() || arguments.contains(&s.format);
    for sample in SAMPLES.iter().filter(wanted) {
        compare(sample, folder.path());
    }
    if wanted(&&SAMPLES[0]) {
        let path = folder.path().join("messages.csv");
        write(&SAMPLES[0], &path);
        for format in ExportFormat::ALL {
            let read = median(|| measure("ours", &SAMPLES[0], &path));
            let both = median(|| measure(format.as_str(), &SAMPLES[0], &path));
            println!(
                "writing {format}: {:.2} times the reading",
                (both.seconds - read.seconds) / read.seconds
            );
        }
    }
}

fn sample(name: &str) -> &'static Sample {
    let found = SAMPLES.iter().find(|s| s.name == name);
    found.expect("a sample")
}

fn compare(sample: &Sample, folder: &Path) {
    let path = folder.join("export");
    let size = write(sample, &path);
    let bare = median(|| measure("bare", sample, &path));
    let ours = median(|| measure("ours", sample, &path));
    println!(
        "{}: {} rows, {} MB; bare parse {:.3} s, followup {:.3} s ({:.0} MB/s), {:.2} times; {:.1} MB of memory, bare {:.1}",
        sample.name,
        ours.count,
        size / 1_000_000,
        bare.seconds,
        ours.seconds,
        f64::from(u32::try_from(size / 1000).unwrap_or(u32::MAX)) / 1000.0 / ours.seconds,
        ours.seconds / bare.seconds,
        ours.peak_mb,
        bare.peak_mb,
    );
    if path.is_dir() {
        fs::remove_dir_all(&path).expect("a folder");
    } else {
        fs::remove_file(&path).expect("a file"); // the next may be a folder
    }
}

/// Writes a file of about [`SIZE`].
fn write(sample: &Sample, path: &Path) -> u64 {
    let mut some = Vec::new();
    (sample.write)(&mut some, 1000).expect("memory");
    let messages = SIZE * 1000 / some.len() as u64;
    if sample.bare == Bare::Maildir {
        let mut mailbox = Vec::new();
        (sample.write)(&mut mailbox, messages).expect("memory");
        let mailbox = String::from_utf8(mailbox).expect("text");
        platforms::into_maildir(&mailbox, path).expect("space");
        return mailbox.len() as u64;
    }
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    (sample.write)(&mut out, messages).expect("space");
    out.flush().expect("space");
    path.metadata().expect("a file").len()
}

/// What one reading took.
#[derive(Debug, Clone, Copy)]
struct Measured {
    seconds: f64,
    peak_mb: f64,
    count: u64,
}

/// Reads a file in a process of its own.
fn measure(side: &str, sample: &Sample, path: &Path) -> Measured {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    let output = command.args([side, sample.name]).arg(path).output();
    let output = output.expect("it runs");
    let told = String::from_utf8(output.stdout).expect("text");
    let mut told = told.split_whitespace();
    let mut next = || told.next().and_then(|n| n.parse().ok());
    match (next(), next(), next()) {
        (Some(seconds), Some(peak_mb), Some(count)) => Measured {
            seconds,
            peak_mb,
            count: count as u64,
        },
        _ => panic!("{}", String::from_utf8_lossy(&output.stderr)),
    }
}

fn median(work: impl Fn() -> Measured) -> Measured {
    let mut runs: Vec<Measured> = (0..5).map(|_| work()).collect();
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    runs[2]
}

/// Reads a file once, and says how long it took on a processor, how much memory, and how many rows there were.
fn tell(side: &str, sample: &Sample, path: &Path) {
    let before = on_a_processor();
    let count = match (side, sample.bare) {
        ("ours", _) => by_us(sample, path),
        ("bare", Bare::Json) => by_serde_json(path),
        ("bare", Bare::Csv) => by_csv_crate(path),
        ("bare", Bare::Xml) => by_quick_xml(path),
        ("bare", Bare::Mailbox) => by_mail_parser(path),
        ("bare", Bare::Maildir) => files_by_mail_parser(path),
        ("bare", Bare::Chat(pattern)) => by_regex(pattern, path),
        (format, _) => written(path, format.parse().expect("a format")),
    };
    let seconds = on_a_processor() - before;
    println!("{seconds} {} {count}", peak_mb());
}

/// How long this thread has been on a processor, in seconds.
fn on_a_processor() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e9
}

/// The most memory that this process has had.
fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kb = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}

fn input(path: &Path) -> BufReader<File> {
    BufReader::with_capacity(128 << 10, File::open(path).expect("a file"))
}

fn by_serde_json(path: &Path) -> u64 {
    let values =
        serde_json::Deserializer::from_reader(input(path)).into_iter::<serde::de::IgnoredAny>();
    values.map(|v| u64::from(v.is_ok())).sum()
}

fn by_csv_crate(path: &Path) -> u64 {
    let mut reader = csv::Reader::from_path(path).expect("a file");
    let mut row = csv::ByteRecord::new();
    let mut count = 0;
    while reader.read_byte_record(&mut row).expect("a table") {
        count += 1;
    }
    count
}

fn by_quick_xml(path: &Path) -> u64 {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_reader(input(path));
    let (mut buffer, mut count) = (Vec::new(), 0);
    loop {
        match reader.read_event_into(&mut buffer).expect("XML") {
            Event::Empty(element) => count += u64::from(element.attributes().count() > 0),
            Event::Eof => return count,
            _ => {}
        }
        buffer.clear();
    }
}

fn by_mail_parser(path: &Path) -> u64 {
    let mut input = input(path);
    let parser = mail_parser::MessageParser::default();
    let (mut mail, mut count) = (Vec::new(), 0);
    loop {
        let begin = mail.len();
        let read = input.read_until(b'\n', &mut mail).expect("a file");
        if read == 0 || mail[begin..].starts_with(b"From ") {
            count += u64::from(parser.parse(&mail[..begin]).is_some());
            mail.clear();
        }
        if read == 0 {
            return count;
        }
    }
}

fn files_by_mail_parser(path: &Path) -> u64 {
    let parser = mail_parser::MessageParser::default();
    let files = fs::read_dir(path.join("cur")).expect("a folder");
    let parsed = files.map(|file| {
        let mail = fs::read(file.expect("a file").path()).expect("a file");
        u64::from(parser.parse(&mail).is_some())
    });
    parsed.sum()
}

fn by_regex(pattern: &str, path: &Path) -> u64 {
    let pattern = regex::bytes::Regex::new(pattern).expect("a pattern");
    let mut groups = pattern.capture_locations();
    let (mut input, mut line, mut count) = (input(path), Vec::new(), 0);
    while input.read_until(b'\n', &mut line).expect("a file") > 0 {
        let text = line.trim_ascii_end();
        count += u64::from(pattern.captures_read(&mut groups, text).is_some());
        line.clear();
    }
    count
}

fn by_us(sample: &Sample, path: &Path) -> u64 {
    let settings = SourceSettings {
        format: sample.format.parse().ok(),
        us: vec!["Desk".to_owned(), "desk@example.com".to_owned()],
        timezone: followup::zone::Zone::named("Europe/Madrid"),
        date_order: (sample.format == "whatsapp").then_some(followup::config::DateOrder::Dmy),
        ..SourceSettings::default()
    };
    let mut count = 0;
    match open(path, &settings).expect("an export").records {
        Records::Messages(mut reader) => {
            while let Some(row) = reader.read() {
                row.expect("a good row");
                count += 1;
            }
        }
        Records::Contacts(mut contacts) => {
            let mut contact = ContactRecord::default();
            while let Some(row) = contacts.read(&mut contact) {
                row.expect("a good row");
                count += 1;
            }
        }
        Records::FollowUps(_) => {}
    }
    count
}

fn written(path: &Path, format: ExportFormat) -> u64 {
    let opened = open(path, &SourceSettings::default()).expect("an export");
    let Records::Messages(mut reader) = opened.records else {
        return 0;
    };
    let mut writer = MessageWriter::new(std::io::sink(), format);
    let mut count = 0;
    while let Some(row) = reader.read() {
        let row = row.expect("a good row");
        writer.write(&row).expect("no end of space");
        count += 1;
    }
    writer.finish().expect("no end of space");
    count
}
