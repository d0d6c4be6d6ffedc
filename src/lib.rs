//! The map of `followup`; see the README for what it does.
pub mod channel;
pub mod cli;
pub mod commands;
pub mod compose;
pub mod config;
pub mod decide;
pub mod detect;
pub mod error;
pub mod export;
pub mod import;
pub mod intake;
pub mod model;
pub mod report;
pub mod run;
pub mod store;
pub mod workflow;
pub mod zone;
