//! `cargo fuzz run import_sms_backup`: see `import.rs`.
#![no_main]

mod import;

use followup::config::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| import::read(data, Some(Format::SmsBackup)));
