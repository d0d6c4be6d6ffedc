//! `cargo fuzz run config`: any text is a configuration, or its faults are named; without a panic.
#![no_main]

use std::path::Path;

use followup::config::{fingerprint, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse(Path::new("followup.toml"), text) {
        Ok((config, _)) => assert!(!fingerprint(&config).is_empty()),
        Err(faults) => assert!(!faults.to_string().is_empty()),
    }
});
