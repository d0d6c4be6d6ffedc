//! `cargo bench --bench parse`: reading a table of messages into records, against the csv crate cutting the same
//! file into cells; and writing the records again. Both sides in one run, medians of five.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program that measures"
)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use followup::export::{ExportFormat, MessageWriter};
use followup::import::{Records, SourceSettings, open};

#[path = "common/generate.rs"]
mod generate;

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
    let opened = open(path, &SourceSettings::default()).expect("an export");
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
