//! `cargo fuzz run import_config`: whatever is carried over from HighLevel is a valid configuration.
#![no_main]

use std::path::Path;

use followup::compose::template::check;
use followup::config::parse;
use followup::migrate::{Local, highlevel};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let local = Local {
        timezone: "America/Mexico_City",
        language: "es",
        accepts: |text| check(text).map_err(|error| error.message),
    };
    if let Ok(migrated) = highlevel(text, local)
        && let Err(faults) = parse(Path::new("followup.toml"), &migrated.toml)
    {
        panic!("{faults}");
    }
});
