//! `cargo fuzz run icalendar`: any bytes are read as appointments without a panic, and whatever is read has an id.
#![no_main]

use std::io::Cursor;

use followup::config::Format;
use followup::import::{SourceSettings, read_bookings};
use followup::zone::Zone;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let settings = SourceSettings {
        us: vec!["desk@clinic.example".to_owned()],
        timezone: Zone::named("America/Mexico_City"),
        ..SourceSettings::default()
    };
    let read = read_bookings(Cursor::new(data.to_vec()), Format::Icalendar, &settings);
    for record in read.map(|read| read.records).unwrap_or_default() {
        assert!(!record.id.is_empty(), "{record:?}");
    }
});
