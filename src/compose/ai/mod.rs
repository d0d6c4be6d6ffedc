//! Texts by a language model: what it is told, how it is asked, and what becomes of its answer.
//!
//! A model is told nothing by which a person can be reached, and chooses nothing but words: neither whom they go
//! to, nor where, nor when. What it writes goes through the guard; what the guard refuses is tried once more, with
//! the reason named, and is then given up. Nothing here touches the store: requests are made on threads of their
//! own, and what came of them is kept by [`crate::run`] before it may be sent.

mod answer;
mod anthropic;
mod author;
mod client;
mod meter;
mod models;
mod ollama;
mod openai;
mod prompt;
pub mod reading;
mod redact;

pub use author::{Author, Lack, Manuscript, Outcome};
pub use client::{ModelError, Question, Reply};
pub use models::{Answered, Models, NoAnswer};
