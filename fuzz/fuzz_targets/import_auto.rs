//! `cargo fuzz run import_auto`: see `import.rs`.
#![no_main]

mod import;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| import::read(data, None));
