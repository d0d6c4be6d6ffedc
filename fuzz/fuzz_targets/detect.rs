//! `cargo fuzz run detect`: any bytes are read without a panic, and no time that is found is over.
#![no_main]

use followup::detect::{Detector, Input};
use followup::model::{Language, SignalKind, Timestamp};
use followup::zone::Zone;
use libfuzzer_sys::fuzz_target;

const ZONES: [&str; 4] = [
    "UTC",
    "Europe/Madrid",
    "America/Mexico_City",
    "Pacific/Apia",
];

/// The first six bytes say the language, the zone and the time; the rest is the text.
fn read(data: &[u8]) -> Option<()> {
    let (&[language, zone, a, b, c, d], text) = data.split_first_chunk()?;
    let zone = Zone::named(ZONES.get(usize::from(zone) % ZONES.len())?)?;
    let sent_at = Timestamp::from_timestamp(i64::from(u32::from_le_bytes([a, b, c, d])), 0)?;
    let languages = Language::ALL.len();
    let reading = Detector::default().read(&Input {
        text: &String::from_utf8_lossy(text),
        sent_at,
        zone: &zone,
        language: Language::ALL
            .get(usize::from(language) % (languages + 1))
            .copied(),
        default_language: Language::En,
    });
    for span in &reading.times {
        assert!(span.at > sent_at, "{span:?}");
        if let (Some(from), Some(to)) = (span.from, span.to) {
            assert!(from <= to, "{span:?}");
        }
    }
    if reading.at.is_some() {
        assert_eq!(reading.signal, Some(SignalKind::AskedForTime));
    }
    Some(())
}

fuzz_target!(|data: &[u8]| {
    read(data);
});
