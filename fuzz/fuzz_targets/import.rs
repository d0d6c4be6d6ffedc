//! What every `import_*` target does: any bytes are opened as one format and read to the end, without a panic and
//! without a record that could not be stored.

use std::io::Cursor;

use followup::config::{DateOrder, Format};
use followup::import::{ReadError, Records, SourceSettings, Tells, open_stream};
use followup::zone::Zone;

/// Reads `data` as `format`, or as what its content shows.
pub fn read(data: &[u8], format: Option<Format>) {
    let settings = SourceSettings {
        format,
        us: vec!["Desk".to_owned(), "desk@clinic.example".to_owned()],
        timezone: Zone::named("America/Mexico_City"),
        date_order: Some(DateOrder::Dmy),
        ..SourceSettings::default()
    };
    let Ok(opened) = open_stream(Cursor::new(data.to_vec()), &settings) else {
        return;
    };
    let Records::Messages(mut reader) = opened.records else {
        return;
    };
    let mut rows = 0;
    while let Some(row) = reader.read() {
        rows += 1;
        assert!(rows <= 200 * data.len() + 1, "there is an end");
        match row {
            Ok(record) if record.tells != Tells::Nothing => {
                assert!(!record.contact_id.is_empty(), "{record:?}");
            }
            Ok(_) => {}
            Err(ReadError::Row(e)) => assert!(!e.reason.is_empty()),
            Err(_) => return,
        }
    }
}
