//! Who is who in a chat.

use std::collections::HashMap;

use super::sender::name;
use crate::import::words::{phone, shown};
use crate::import::{ReadError, SourceSettings};
use crate::model::Author;

const SENDERS_LIMIT: usize = 10_000;

/// The places of senders by their names.
#[derive(Debug, Clone, Default)]
struct Places {
    by_name: HashMap<String, usize>,
    /// The two who were asked for last, as they are written: in a chat of two, all there are.
    recent: [Option<(String, usize)>; 2],
}

impl Places {
    fn find(&mut self, written: &str) -> Option<usize> {
        let is = |recent: &Option<(String, usize)>| {
            let found = recent.as_ref().filter(|(name, _)| name == written);
            found.map(|(_, place)| *place)
        };
        if let Some(place) = is(&self.recent[0]).or_else(|| is(&self.recent[1])) {
            return Some(place);
        }
        let place = *self.by_name.get(&*name(written))?;
        self.recent.swap(0, 1);
        self.recent[0] = Some((written.to_owned(), place));
        Some(place)
    }
}

/// How often each sender wrote, in the order of their first messages.
#[derive(Debug, Default)]
pub(super) struct Senders {
    places: Places,
    counts: Vec<(String, u64)>,
}

/// A sender or, when nobody but us wrote, the person to whom we wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    /// `Some` for us: the bot or a member of staff.
    pub(super) us: Option<Author>,
    /// The identity.
    pub(super) contact_id: String,
    /// The name, unless it is a number only.
    pub(super) name: Option<String>,
    /// The number, when the sender is one.
    pub(super) phone: Option<String>,
}

/// The people of a chat.
#[derive(Debug)]
pub(super) struct People {
    places: Places,
    people: Vec<Person>,
    /// The contact before anyone wrote.
    first: usize,
}

impl Senders {
    /// Counts one message of `written`.
    ///
    /// # Errors
    /// There are too many senders for a chat.
    pub(super) fn count(&mut self, written: &str) -> Result<(), ReadError> {
        match self.places.find(written) {
            Some(place) => self.counts[place].1 += 1,
            None => {
                let name = name(written).into_owned();
                let place = self.counts.len();
                self.places.by_name.insert(name.clone(), place);
                self.counts.push((name, 1));
            }
        }
        if self.counts.len() > SENDERS_LIMIT {
            return Err(ReadError::File(format!(
                "over {SENDERS_LIMIT} senders; this is no chat export"
            )));
        }
        Ok(())
    }

    /// Whether `written` is a sender.
    pub(super) fn has(&self, written: &str) -> bool {
        self.places.by_name.contains_key(&*name(written))
    }

    /// The senders, most messages first, for a message to a person.
    fn list(&self) -> String {
        let mut sorted: Vec<_> = self.counts.iter().collect();
        sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let shown: Vec<_> = sorted
            .iter()
            .take(10)
            .map(|(name, count)| format!("{} ({count})", shown(name)))
            .collect();
        let more = sorted.len().saturating_sub(10);
        if more > 0 {
            format!("{} and {more} more", shown.join(", "))
        } else {
            shown.join(", ")
        }
    }
}

impl People {
    /// Who is who by the source's settings; `chat` is the chat's name, where known.
    ///
    /// # Errors
    /// It cannot be told who we are, or who the contact is; in words that say what to do.
    pub(super) fn new(
        senders: &Senders,
        settings: &SourceSettings,
        chat: Option<&str>,
    ) -> Result<Self, String> {
        if settings.us.is_empty() && settings.humans.is_empty() {
            return Err(format!(
                "set `us` on the source (or --us) to the name under which you write in this chat; its senders are {}",
                senders.list()
            ));
        }
        let mut people: Vec<Person> = senders
            .counts
            .iter()
            .map(|(name, _)| Person::new(name, ours(name, settings)))
            .collect();
        let places = senders.places.clone();
        let others: Vec<usize> = (0..people.len())
            .filter(|n| people[*n].us.is_none())
            .collect();
        if others.len() == people.len() && others.len() > 1 {
            return Err(format!(
                "none of the names in `us` (or --us) wrote in this chat; its senders are {}",
                senders.list()
            ));
        }
        match (others.as_slice(), &settings.contact_id) {
            ([], given) => {
                let id = given.as_deref().or(chat).ok_or(
                    "nobody but us wrote in this chat, so its contact is not known; set `contact_id` on the source",
                )?;
                people.push(Person::new(id, None));
            }
            ([one], Some(id)) => people[*one].contact_id.clone_from(id),
            (several, Some(_)) if several.len() > 1 => {
                return Err(format!(
                    "`contact_id` on the source is for a chat with one contact, but this has several: {}",
                    senders.list()
                ));
            }
            _ => {}
        }
        Ok(Self {
            places,
            first: others.first().copied().unwrap_or(people.len() - 1),
            people,
        })
    }

    /// The place of the sender `written`.
    pub(super) fn place(&mut self, written: &str) -> Option<usize> {
        self.places.find(written)
    }

    /// The contact, where there is one only.
    pub(super) fn only_contact(&self) -> Option<usize> {
        let mut contacts = (0..self.people.len()).filter(|n| self.people[*n].us.is_none());
        contacts.next().filter(|_| contacts.next().is_none())
    }

    /// The contact to whom we write before anyone wrote.
    pub(super) const fn first(&self) -> usize {
        self.first
    }

    /// The person at `place`.
    pub(super) fn get(&self, place: usize) -> &Person {
        &self.people[place]
    }
}

impl Person {
    fn new(written: &str, us: Option<Author>) -> Self {
        let phone = phone(written);
        Self {
            us,
            contact_id: phone.clone().unwrap_or_else(|| written.to_owned()),
            name: phone.is_none().then(|| written.to_owned()),
            phone,
        }
    }
}

/// Whether a sender is one of us, and which.
fn ours(sender: &str, settings: &SourceSettings) -> Option<Author> {
    let is_in = |names: &[String]| {
        names.iter().any(|ours| {
            let ours = name(ours);
            ours == sender || phone(&ours).is_some_and(|ours| phone(sender) == Some(ours))
        })
    };
    if is_in(&settings.humans) {
        Some(Author::Human)
    } else {
        is_in(&settings.us).then_some(Author::Bot)
    }
}
