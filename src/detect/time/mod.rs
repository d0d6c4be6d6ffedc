//! Times: from words to instants.

mod around;
mod build;
mod calendar;
pub(in crate::detect) mod compose;
mod merge;
mod numbers;
pub(in crate::detect) mod reader;
pub(in crate::detect) mod resolve;
pub(in crate::detect) mod value;
