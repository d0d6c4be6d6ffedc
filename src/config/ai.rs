use super::SecretRef;

/// A language model that may write texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ai {
    /// Whose interface the server speaks.
    pub provider: AiProvider,
    /// Where it is, without a slash at the end.
    pub base_url: String,
    /// The model's name.
    pub model: String,
    /// The key, where the server asks for one.
    pub api_key: Option<SecretRef>,
    /// What to write, added to the built-in instructions.
    pub prompt: Option<String>,
    /// Facts of the business that a text may state.
    pub facts: Vec<String>,
}

crate::model::named! {
    /// Whose interface a language model's server speaks.
    AiProvider {
        /// OpenAI's, and any compatible server's.
        Openai = "openai",
        /// Anthropic's.
        Anthropic = "anthropic",
        /// Ollama's.
        Ollama = "ollama",
    }
}
