//! Sample configurations: each file of `tests/configs/invalid` has the fault that it is named after, and its
//! whole report is a snapshot; those of `tests/configs/valid` load, with their warnings as snapshots.

use std::path::{Path, PathBuf};

use followup::config;

fn samples(kind: &str) -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/configs")
        .join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(files.len() > 2, "{files:?}");
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(file).unwrap())
        })
        .collect()
}

fn snapshot(kind: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(format!("../configs/{kind}/snapshots"));
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_fault_is_reported_at_once_with_its_place_and_a_way_out() {
    for (name, text) in samples("invalid") {
        let faults = config::parse(Path::new("followup.toml"), &text).expect_err(&name);
        let report = faults.to_string();
        assert!(
            !report.contains("hunter2"),
            "S1: {name} shows a secret:\n{report}"
        );
        let widest = report.lines().map(|l| l.chars().count()).max().unwrap();
        assert!(widest <= 110, "{name}: {widest} columns:\n{report}");
        snapshot("invalid", &name, &report);
    }
}

#[test]
fn valid_configurations_load() {
    for (name, text) in samples("valid") {
        let (_, warnings) = config::parse(Path::new("followup.toml"), &text)
            .unwrap_or_else(|faults| panic!("{name}: {faults}"));
        let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        snapshot("valid", &name, &warnings.join("\n"));
    }
}
