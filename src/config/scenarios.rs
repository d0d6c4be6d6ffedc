/// What a step says, and what follows it. When and where is in [`crate::decide::StepRule`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Where its text comes from.
    pub text: StepText,
    /// The text to send when the AI gives none (rule X5), as a template's source.
    pub fallback: Option<String>,
    /// The workflow to run once it is sent (rule X8): a key of [`super::Config::workflows`].
    pub workflow: Option<String>,
}

/// Where a step's text comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StepText {
    /// Written by the AI, or built in when none is configured.
    #[default]
    Default,
    /// The source of a template of its own.
    Custom(String),
    /// A key of [`super::Config::templates`].
    Template(String),
}
