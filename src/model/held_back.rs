use serde::Serialize;

use super::{Timestamp, named};

named! {
    /// What kept a step from being claimed that was due.
    Obstacle {
        /// Its source gave no answer to the question whether they have replied.
        LastLook = "last_look",
        /// It has no text (rule X5).
        Compose = "compose",
    }
}

/// A step that was due and was not claimed: it is tried again by the next run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldBack {
    /// The episode.
    #[serde(skip)]
    pub episode: Timestamp,
    /// The step, from 1.
    #[serde(skip)]
    pub step: u32,
    /// By what.
    pub reason: Obstacle,
    /// When it was tried last.
    pub at: Timestamp,
    /// What went wrong, in words.
    pub error: String,
}
