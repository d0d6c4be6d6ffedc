//! What messages tell of a contact: the newest counts, whatever the order of the imports.

use anyhow::Result;
use rusqlite::{CachedStatement, OptionalExtension, params};

use super::batch::{Batch, Row};
use crate::store::schema::comparable_number;
use crate::store::{ContactKey, Derived, Store};

/// A contact's row, and what a batch adds to it. Each value with the time of the message that told it: the
/// newest counts, whatever the order of the imports.
#[derive(Default)]
pub(super) struct StoredContact {
    pub(super) key: ContactKey,
    pub(super) name: Told,
    pub(super) phone: Told,
    pub(super) email: Told,
    pub(super) timezone: Told,
    pub(super) language: Told,
    pub(super) tags: Told,
    pub(super) wake_at: Option<i64>,
    pub(super) changed: bool,
    /// Phone numbers and emails that were told, and others later: what was told, and when the other was.
    pub(super) former: Vec<(String, i64)>,
    /// The name by which they were known before this batch, where it has another.
    pub(super) was: Option<String>,
}

pub(super) type Told = (Option<String>, Option<i64>);

impl StoredContact {
    pub(super) fn learn(&mut self, batch: &Batch, row: &Row) {
        if self.was.is_none()
            && let (Some(known), Some(name)) = (&self.name.0, batch.get(row.name))
            && known != name
        {
            self.was = Some(known.clone());
        }
        for (told, given, reaches) in [
            (&mut self.name, row.name, false),
            (&mut self.phone, row.phone, true),
            (&mut self.email, row.email, true),
            (&mut self.timezone, row.timezone, false),
            (&mut self.language, row.language, false),
            (&mut self.tags, row.tags, false),
        ] {
            let Some(value) = batch.get(given) else {
                continue;
            };
            let is_news = told.0.as_deref() != Some(value);
            let is_newer = (Some(row.sent_at), Some(value)) > (told.1, told.0.as_deref());
            if reaches
                && is_news
                && let (Some(known), Some(at)) = told
            {
                let (old, until) = match is_newer {
                    true => (known.as_str(), row.sent_at),
                    false => (value, *at),
                };
                match self.former.last_mut() {
                    Some((last, known)) if last == old => *known = until.max(*known),
                    _ => self.former.push((old.to_owned(), until)),
                }
            }
            if is_news && is_newer {
                *told = (Some(value.to_owned()), Some(row.sent_at));
                self.changed = true;
            }
        }
    }
}

pub(super) const FIND: &str = "SELECT id, name, name_at, phone, phone_at, email, email_at, timezone, \
    timezone_at, language, language_at, tags, tags_at, wake_at FROM contacts WHERE contact_id = ?1";
pub(super) const INSERT: &str = "INSERT INTO contacts (contact_id, name, name_at, phone, phone_at, email, \
    email_at, timezone, timezone_at, language, language_at, tags, tags_at, wake_at, hold) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

impl StoredContact {
    pub(super) fn find(
        statement: &mut CachedStatement<'_>,
        contact_id: &str,
    ) -> Result<Option<Self>> {
        let found = statement.query_row([contact_id], |row| {
            let told = |i: usize| Ok::<Told, rusqlite::Error>((row.get(i)?, row.get(i + 1)?));
            Ok(Self {
                key: row.get(0)?,
                name: told(1)?,
                phone: told(3)?,
                email: told(5)?,
                timezone: told(7)?,
                language: told(9)?,
                tags: told(11)?,
                wake_at: row.get(13)?,
                changed: false,
                former: Vec::new(),
                was: None,
            })
        });
        Ok(found.optional()?)
    }

    /// Stores a new contact; it has a key from now on.
    pub(super) fn insert(
        &mut self,
        store: &Store,
        statement: &mut CachedStatement<'_>,
        contact_id: &str,
        derived: Derived,
    ) -> Result<()> {
        let c = &*self;
        let values = params![
            contact_id,
            c.name.0,
            c.name.1,
            c.phone.0,
            c.phone.1,
            c.email.0,
            c.email.1,
            c.timezone.0,
            c.timezone.1,
            c.language.0,
            c.language.1,
            c.tags.0,
            c.tags.1,
            derived.wake_at,
            derived.hold,
        ];
        statement.execute(values)?;
        self.key = store.connection.last_insert_rowid();
        Ok(())
    }
}

impl Store {
    /// Keeps what a contact was reached at before (rule D21).
    pub(super) fn note_former(&self, contact: &StoredContact) -> Result<()> {
        let sql = "INSERT INTO former_addresses (key, contact, until) VALUES (?1, ?2, ?3) \
                   ON CONFLICT DO UPDATE SET until = max(until, excluded.until)";
        for (address, until) in &contact.former {
            let key = match address.contains('@') {
                true => address.to_ascii_lowercase(),
                false => comparable_number(address),
            };
            let values = (key, contact.key, until);
            self.connection.prepare_cached(sql)?.execute(values)?;
        }
        Ok(())
    }

    pub(super) fn update_contact(&self, contact: &StoredContact) -> Result<()> {
        if !contact.changed {
            return self.awaken(contact.key);
        }
        let sql = "UPDATE contacts SET name = ?2, name_at = ?3, phone = ?4, phone_at = ?5, email = ?6, \
                   email_at = ?7, timezone = ?8, timezone_at = ?9, language = ?10, language_at = ?11, \
                   tags = ?12, tags_at = ?13, wake_at = 0 WHERE id = ?1";
        let c = contact;
        let values = params![
            c.key,
            c.name.0,
            c.name.1,
            c.phone.0,
            c.phone.1,
            c.email.0,
            c.email.1,
            c.timezone.0,
            c.timezone.1,
            c.language.0,
            c.language.1,
            c.tags.0,
            c.tags.1,
        ];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}
