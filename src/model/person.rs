use super::{Timestamp, fold, named};

named! {
    /// What joins two contacts into one person. A name alone never does.
    JoinedBy {
        /// The same phone number, in E.164.
        Phone = "phone",
        /// The same email address.
        Email = "email",
        /// The id that a platform gives them: one's address on a channel is the other's, or the other's id.
        ContactId = "contact_id",
        /// A person said so.
        Operator = "operator",
    }
}

named! {
    /// What is said of two contacts.
    JoinKind {
        /// They are one person.
        Merge = "merge",
        /// They are two.
        Split = "split",
    }
}

/// What was said of a contact and another one; of two sayings about the same two the later counts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Join {
    /// What.
    pub kind: JoinKind,
    /// The other one's id.
    pub with: String,
    /// By whom, or by what.
    pub by: JoinedBy,
    /// When.
    pub at: Timestamp,
    /// Why, in the speaker's words.
    pub reason: Option<String>,
}

/// Whether two names may be one person's: the words of the one are all in the other. `None` when one of them is no
/// name.
///
/// ```
/// use followup::model::names_agree;
///
/// assert_eq!(names_agree("Ana Ruíz", "ruiz, ana"), Some(true));
/// assert_eq!(names_agree("~Ana", "Ana María Ruiz"), Some(true));
/// assert_eq!(names_agree("Ana Ruiz", "Luis Ruiz"), Some(false));
/// assert_eq!(names_agree("Ana", "+52 55 1234 5678"), None);
/// ```
#[must_use]
pub fn names_agree(one: &str, other: &str) -> Option<bool> {
    let words = |name: &str| -> Vec<String> {
        if name.contains('@') {
            return Vec::new();
        }
        let words = fold(name);
        let words = words.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|w| w.chars().any(char::is_alphabetic));
        words.map(str::to_owned).collect()
    };
    let (one, other) = (words(one), words(other));
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let (few, many) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    Some(few.iter().all(|word| many.contains(word)))
}
