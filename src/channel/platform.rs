//! What the platforms that keep contacts do for a workflow, besides sending: tags, assignment, notes, tasks, and
//! their own workflows. Nothing here writes to a contact, and no bot is ever started.

use serde_json::Value;

use super::{SendError, Sender};
use crate::model::{Channel, Timestamp};

/// Where a contact is on a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The contact's id on the platform.
    pub contact_id: &'a str,
    /// The channel whose sender is the platform.
    pub channel: Channel,
    /// The platform's id of the conversation on that channel, where known.
    pub conversation: Option<&'a str>,
}

/// One thing that a platform is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed<'a> {
    /// Give the contact tags and take tags away; the others stay.
    Tags {
        /// To give.
        add: &'a [String],
        /// To take away.
        remove: &'a [String],
    },
    /// Hand the contact over: to a person's email address or id, or to `team:` and a team's name or id.
    Assign(&'a str),
    /// Write a note that only staff can see.
    Note(&'a str),
    /// Make a task of it.
    Task {
        /// In a few words.
        title: &'a str,
        /// In more.
        body: &'a str,
        /// Whose it is, as in [`Deed::Assign`].
        assignee: Option<&'a str>,
    },
    /// Start one of the platform's own workflows by its id.
    Workflow(&'a str),
}

impl Deed<'_> {
    /// Whether doing it twice is the same as doing it once, so that it may be repeated when nobody knows.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        matches!(self, Self::Tags { .. } | Self::Assign(_))
    }
}

/// A platform that keeps contacts.
pub trait Platform: Sender {
    /// Does `deed`, and says in words what was done or gives the platform's id of it. `id` names the attempt for
    /// whoever looks at both ends.
    ///
    /// # Errors
    /// What is certain when it was not plainly done; nothing that was only read is [`SendError::Unknown`].
    fn act(
        &self,
        place: &Place<'_>,
        deed: &Deed<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<String>, SendError>;
}

/// A contact's tags once some are given and some taken away: in the order in which they were given, each
/// once.
#[must_use]
pub fn tags_after(own: &[String], add: &[String], remove: &[String]) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in own.iter().chain(add) {
        if !tags.contains(tag) && (!remove.contains(tag) || add.contains(tag)) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// Reading changes nothing: what is unclear about it can be asked again.
pub(super) fn only_read(error: SendError) -> SendError {
    match error {
        SendError::Unknown { reason } => SendError::Retry {
            after: None,
            reason,
        },
        error => error,
    }
}

/// What a platform cannot do.
pub(super) fn cannot(words: &str) -> SendError {
    SendError::Refused {
        reason: words.to_owned(),
    }
}

/// Whom a workflow hands a contact over to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assignee<'a> {
    Person(&'a str),
    Team(&'a str),
}

impl<'a> Assignee<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        match text.split_once(':') {
            Some((kind, team)) if kind.trim() == "team" => Self::Team(team.trim()),
            _ => Self::Person(text.trim()),
        }
    }

    const fn name(self) -> &'a str {
        match self {
            Self::Person(name) | Self::Team(name) => name,
        }
    }

    /// The id of whom the name means among those listed: by id, email address or name, in this order.
    pub(super) fn among(self, list: &[Value]) -> Result<Value, SendError> {
        let wanted = self.name();
        let is_id = |v: &Value| match &v["id"] {
            Value::String(id) => id == wanted,
            Value::Number(id) => id.to_string() == wanted,
            _ => false,
        };
        let is_called = |v: &Value, field: &str| {
            let name = v[field].as_str();
            name.is_some_and(|name| name.trim().to_lowercase() == wanted.to_lowercase())
        };
        let found = list
            .iter()
            .find(|v| is_id(v))
            .or_else(|| list.iter().find(|v| is_called(v, "email")))
            .or_else(|| list.iter().find(|v| is_called(v, "name")));
        match found {
            Some(found) => Ok(found["id"].clone()),
            None => Err(cannot(&format!("nobody there is called {wanted}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whom_a_name_means_is_found_by_id_address_or_name() {
        let list = [
            json!({ "id": 7, "email": "ana@example.com", "name": "Ana" }),
            json!({ "id": "u8", "email": "bea@example.com", "name": "7" }),
        ];
        for (text, id) in [
            ("7", Some(json!(7))),
            ("u8", Some(json!("u8"))),
            ("BEA@example.com ", Some(json!("u8"))),
            ("ana", Some(json!(7))),
            ("team: Ana", Some(json!(7))),
            ("null", None),
            ("", None),
            ("eva@example.com", None),
        ] {
            assert_eq!(Assignee::of(text).among(&list).ok(), id, "{text}");
        }
        assert_eq!(Assignee::of("team:sales"), Assignee::Team("sales"));
        assert_eq!(Assignee::of("ana"), Assignee::Person("ana"));
    }
}
