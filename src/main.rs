//! The `followup` command.
fn main() {}
