//! Times: from words to instants.

mod build;
mod calendar;
pub(in crate::detect) mod compose;
mod numbers;
pub(in crate::detect) mod reader;
pub(in crate::detect) mod resolve;
pub(in crate::detect) mod value;
