//! What every `import_*` target does: any bytes are opened as one format and read to the end, without a panic and
//! without a record that could not be stored; once with what a source may be told, and once without.

use std::io::Cursor;

use followup::config::{DateOrder, Format};
use followup::import::{ReadError, Records, SourceSettings, Tells, open_stream};
use followup::zone::Zone;

/// Reads `data` as `format`, or as what its content shows.
pub fn read(data: &[u8], format: Option<Format>) {
    let untold = SourceSettings {
        format,
        ..SourceSettings::default()
    };
    let told = SourceSettings {
        us: vec!["Desk".to_owned(), "desk@clinic.example".to_owned()],
        timezone: Zone::named("America/Mexico_City"),
        date_order: Some(DateOrder::Dmy),
        ..untold.clone()
    };
    for settings in [untold, told] {
        read_with(data, &settings);
    }
}

fn read_with(data: &[u8], settings: &SourceSettings) {
    let Ok(opened) = open_stream(Cursor::new(data.to_vec()), settings) else {
        return;
    };
    let most = 200 * data.len() + 1;
    let mut reader = match opened.records {
        Records::Messages(reader) => reader,
        Records::Contacts(rows) => return run_out(rows, most),
        Records::FollowUps(rows) => return run_out(rows, most),
    };
    let mut rows = 0;
    while let Some(row) = reader.read() {
        rows += 1;
        assert!(rows <= most, "there is an end");
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

fn run_out<T>(rows: impl Iterator<Item = Result<T, ReadError>>, most: usize) {
    let end = rows
        .take(most)
        .take_while(|row| matches!(row, Ok(_) | Err(ReadError::Row(_))));
    assert!(end.count() < most, "there is an end");
}
