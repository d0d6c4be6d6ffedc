//! `cargo bench --bench parse`: reading a table of messages into records, against the csv crate cutting the same
//! file into cells; and writing the records again; and reading the exports of platforms, against serde_json passing
//! over the same bytes as a stream. Both sides in one run, medians of five.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program that measures"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use followup::export::{ExportFormat, MessageWriter};
use followup::import::{Records, SourceSettings, open};

#[path = "common/generate.rs"]
mod generate;
#[path = "common/platforms.rs"]
mod platforms;

const CONTACTS: u64 = 100_000;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    for order in [generate::Order::ByConversation, generate::Order::ByTime] {
        let path = folder.path().join("messages.csv");
        let mut out = BufWriter::new(File::create(&path).expect("a file"));
        let rows = generate::write(&mut out, CONTACTS, order).expect("space");
        out.flush().expect("space");
        let size = path.metadata().expect("a file").len();
        println!(
            "{order:?}: {rows} rows, {} MB, {} bytes a row",
            size / 1_000_000,
            size / rows
        );
        let bare = median(|| by_csv_crate(&path));
        let ours = median(|| by_us(&path));
        println!("  csv crate, cells only:  {bare:.3} s");
        println!(
            "  followup, records:      {ours:.3} s, {:.2} times",
            ours / bare
        );
        for format in ExportFormat::ALL {
            let both = median(|| written(&path, *format));
            let rate = f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) / (both - ours) / 1e6;
            println!("  … and written as {format}: {both:.3} s, {rate:.1} million rows a second");
        }
        assert_eq!(by_csv_crate(&path), by_us(&path), "both see every row");
    }
    for sample in platforms::SAMPLES {
        platform(sample, folder.path());
    }
}

const MESSAGES: u64 = 300_000;

fn platform(sample: &platforms::Sample, folder: &Path) {
    let path = folder.join(sample.file);
    let mut out = BufWriter::new(File::create(&path).expect("a file"));
    (sample.write)(&mut out, MESSAGES).expect("space");
    out.flush().expect("space");
    let size = path.metadata().expect("a file").len();
    let settings = SourceSettings {
        us: vec!["Desk".to_owned(), "desk@example.com".to_owned()],
        ..SourceSettings::default()
    };
    let bare = median(|| match sample.name {
        "mbox" => by_mail_parser(&path),
        _ => by_serde_json(&path),
    });
    let before = peak();
    let ours = median(|| by_us_with(&path, &settings));
    println!(
        "{}: {MESSAGES} messages, {} MB; bare parse {bare:.3} s, followup {ours:.3} s, {:.2} times; {:.0} MB/s, memory +{} KB",
        sample.name,
        size / 1_000_000,
        ours / bare,
        f64::from(u32::try_from(size / 1000).unwrap_or(u32::MAX)) / 1000.0 / ours,
        peak().saturating_sub(before),
    );
    assert_eq!(
        by_us_with(&path, &settings),
        MESSAGES,
        "every message is seen"
    );
}

/// The most memory that this process has had, in KB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let number = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

/// Every value of the file, passed over as a stream.
fn by_serde_json(path: &Path) -> u64 {
    let input = BufReader::with_capacity(128 << 10, File::open(path).expect("a file"));
    let values = serde_json::Deserializer::from_reader(input).into_iter::<serde::de::IgnoredAny>();
    values.map(|v| u64::from(v.is_ok())).sum()
}

/// Every email of the file, its headers and parts.
fn by_mail_parser(path: &Path) -> u64 {
    let mut input = BufReader::with_capacity(128 << 10, File::open(path).expect("a file"));
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

fn median(work: impl Fn() -> u64) -> f64 {
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let begin = Instant::now();
            std::hint::black_box(work());
            begin.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[2]
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

fn by_us(path: &Path) -> u64 {
    by_us_with(path, &SourceSettings::default())
}

fn by_us_with(path: &Path, settings: &SourceSettings) -> u64 {
    let opened = open(path, settings).expect("an export");
    let Records::Messages(mut reader) = opened.records else {
        return 0;
    };
    let mut count = 0;
    while let Some(row) = reader.read() {
        row.expect("a good row");
        count += 1;
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
        writer
            .write(&row.expect("a good row"))
            .expect("no end of space");
        count += 1;
    }
    writer.finish().expect("no end of space");
    count
}
