//! Who we are among those who write: the names or addresses under which the business writes.

use std::collections::HashMap;

use super::words::shown;
use super::{ReadError, SourceSettings};
use crate::model::Author;

const NAMES_LIMIT: usize = 10_000;

/// The names in `us` and `humans` of a source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Us(Vec<(String, Author)>);

impl Us {
    /// The names that `settings` give, as `written` compares them.
    pub(crate) fn new(settings: &SourceSettings, written: fn(&str) -> String) -> Self {
        let humans = settings.humans.iter().map(|n| (written(n), Author::Human));
        let bots = settings.us.iter().map(|n| (written(n), Author::Bot));
        Self(humans.chain(bots).collect())
    }

    /// Whether none is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which of us writes under `name`; `None` when it is somebody else.
    pub(crate) fn author(&self, name: &str) -> Option<Author> {
        let found = self.0.iter().find(|(ours, _)| ours == name);
        found.map(|(_, author)| *author)
    }

    /// The same for an address: `@example.com` in `us` is every address there.
    pub(crate) fn author_of_address(&self, address: &str) -> Option<Author> {
        let domain = address.rfind('@').map(|at| &address[at..]);
        self.author(address).or_else(|| self.author(domain?))
    }
}

/// How often each name wrote.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    counts: HashMap<String, u64>,
    more: bool,
}

impl Seen {
    /// Counts one message.
    pub(crate) fn count(&mut self, name: &str) {
        if let Some(count) = self.counts.get_mut(name) {
            *count += 1;
        } else if self.counts.len() < NAMES_LIMIT {
            self.counts.insert(name.to_owned(), 1);
        } else {
            self.more = true;
        }
    }

    /// The names, most messages first, for a message to a person.
    pub(crate) fn list(&self) -> String {
        let mut sorted: Vec<_> = self.counts.iter().collect();
        sorted.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let listed = sorted.iter().take(10);
        let listed: Vec<_> = listed
            .map(|(name, n)| format!("{} ({n})", shown(name)))
            .collect();
        let more = sorted.len().saturating_sub(10);
        match (more, self.more) {
            (0, _) => listed.join(", "),
            (more, false) => format!("{} and {more} more", listed.join(", ")),
            (more, true) => format!("{} and over {more} more", listed.join(", ")),
        }
    }

    /// Why the file cannot be used without `us`.
    pub(crate) fn asks_for_us(&self, what: &str) -> ReadError {
        ReadError::File(format!(
            "set `us` on the source (or --us) to {what}; its senders are {}",
            self.list()
        ))
    }
}
