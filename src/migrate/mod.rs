//! Another tool's configuration into a `followup.toml`: what was carried over stands in it with where it came
//! from, what was not as a comment, and in a list for the person.

mod highlevel;
mod hours;
mod merge_fields;
mod page;

pub use highlevel::highlevel;

/// A configuration that was carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The `followup.toml`.
    pub toml: String,
    /// How many steps are in it.
    pub steps: u64,
    /// What could not be carried over, each with what to do instead.
    pub missed: Vec<String>,
}

/// Why there is nothing to carry over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// It is not JSON.
    #[error("it is not JSON ({0}); save the API's answer, or the exported agent, as it is")]
    NotJson(String),
    /// It has no follow-up configuration.
    #[error(
        "there is no follow-up configuration in it: none of its objects has `scenarioId` and `followupSequence`; \
         take the answer that has the agent's actions"
    )]
    Nothing,
}

/// What a machine knows of itself, for what the file does not say, and what is right there.
#[derive(Debug, Clone, Copy)]
pub struct Local<'a> {
    /// The zone's name.
    pub timezone: &'a str,
    /// The language's tag.
    pub language: &'a str,
    /// Whether a text can go out as a template, and why not.
    pub accepts: fn(&str) -> Result<(), String>,
}
