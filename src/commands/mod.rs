//! One thin file per command: load, open, call one function, report. What is data goes to `out`, everything
//! else to `err`.

pub mod check;
pub mod init;
pub mod schema;
