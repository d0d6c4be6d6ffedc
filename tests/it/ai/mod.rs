//! Texts by a language model: what it is asked, what becomes of its answer, and that a run goes on without it.

mod budget;
mod failures;
mod real_model;
pub(crate) mod shop;
mod writing;
