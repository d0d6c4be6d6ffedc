//! The one integration test binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod ai;
mod arbitrary;
mod attacks;
mod bookings;
mod chat;
mod cli;
mod config;
mod contract;
mod crash;
mod decide;
mod decide_properties;
mod deeds;
mod examples;
mod export;
mod formats;
mod hostile;
mod import;
mod lookups;
mod people;
mod platforms;
mod policy;
mod providers;
mod reading;
mod readme;
mod review;
mod rooms;
mod rules;
mod schema;
mod server;
mod smtp;
mod store;
mod sync;
mod tls;
mod workflow;
