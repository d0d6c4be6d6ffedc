use super::SecretRef;
use crate::model::Channel;

/// `[workflows.NAME]`: what happens after a step is sent (rule X8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workflow {
    /// Tags that the contact gets.
    pub add_tags: Vec<String>,
    /// Tags that the contact loses.
    pub remove_tags: Vec<String>,
    /// Who takes the contact over.
    pub assign: Option<String>,
    /// Who is told; each channel has a sender.
    pub notify: Vec<Notify>,
    /// Which server is told.
    pub webhook: Option<Hook>,
    /// The command to run in the directory of the configuration: the program and its arguments, no shell.
    pub command: Option<Vec<String>>,
}

/// Someone to tell: `"email:desk@example.com"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// The channel.
    pub channel: Channel,
    /// The address on it.
    pub address: String,
}

/// A server to tell by a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Where the request goes.
    pub url: String,
    /// What it is signed with (Standard Webhooks).
    pub secret: SecretRef,
}
