//! One person over several contacts.
//!
//! Facts stay with the contact that they came with: messages, words and follow-ups are never moved, and an export
//! gives every one of them back under its own id. A person is a mark on contacts, `contacts.person`, the row of the
//! one who leads; what is known of a person is read from all of their contacts together ([`view`]). So a join
//! loses nothing, a split undoes it, and an import goes on storing by the ids that it is given.
//!
//! Only the leading contact is ever awake: a trigger of the schema passes on what wakes another.

mod alike;
mod view;

use anyhow::Result;
use rusqlite::{OptionalExtension, params};

use super::rows::named;
use super::{ContactKey, Store, micros, time};
use crate::decide::opted_out_at;
use crate::model::{Join, JoinKind, JoinedBy, Timestamp, Word, WordKind, WordSource};
pub(super) use view::{PART, Part, one};

/// One of a person's contacts, and how they came to be the same person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PersonId {
    /// Its id in the exports.
    pub contact_id: String,
    /// By what it was joined; `None` for the one that leads.
    pub by: Option<JoinedBy>,
    /// When it was joined.
    pub at: Option<Timestamp>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
}

/// What is said of two contacts, by whom, when and why.
#[derive(Debug, Clone, Copy)]
struct Saying<'a> {
    by: JoinedBy,
    at: Timestamp,
    reason: Option<&'a str>,
}

impl Store {
    /// The row of this id itself, whoever leads it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn row_of(&self, contact_id: &str) -> Result<Option<ContactKey>> {
        let sql = "SELECT id FROM contacts WHERE contact_id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement
            .query_row([contact_id], |row| row.get(0))
            .optional()?)
    }

    /// The contact that leads the person of this one: itself, mostly.
    pub(super) fn lead(&self, key: ContactKey) -> Result<ContactKey> {
        let sql = "SELECT person FROM contacts WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let lead: Option<Option<ContactKey>> =
            statement.query_row([key], |row| row.get(0)).optional()?;
        Ok(lead.flatten().unwrap_or(key))
    }

    /// The contacts of the person that `lead` leads, `lead` first.
    pub(super) fn members(&self, lead: ContactKey) -> Result<Vec<ContactKey>> {
        let sql = "SELECT id FROM contacts WHERE person = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut members = vec![lead];
        for member in statement.query_map([lead], |row| row.get(0))? {
            members.push(member?);
        }
        Ok(members)
    }

    /// Whether any contacts are joined.
    pub(super) fn has_people(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM contacts WHERE person IS NOT NULL LIMIT 1";
        Ok(self.connection.prepare_cached(sql)?.exists([])?)
    }

    /// Whether anybody has an address besides a phone number and an email.
    pub(super) fn has_addresses(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM addresses LIMIT 1";
        Ok(self.connection.prepare_cached(sql)?.exists([])?)
    }

    /// The contacts of a person, the one that leads first, and how each came to be joined.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn person_ids(&self, key: ContactKey) -> Result<Vec<PersonId>> {
        let sql = "SELECT c.contact_id, j.said_by, j.at, j.reason FROM contacts c \
                   LEFT JOIN joins j ON j.id = (SELECT max(id) FROM joins \
                     WHERE kind = 'merge' AND (contact = c.id OR (other = c.id AND c.id <> ?2))) \
                   WHERE c.id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let lead = self.lead(key)?;
        let mut ids = Vec::new();
        for member in self.members(lead)? {
            ids.push(statement.query_row((member, lead), |row| {
                let is_joined = member != lead && row.get_ref(1)?.as_str_or_null()?.is_some();
                Ok(PersonId {
                    contact_id: row.get(0)?,
                    by: is_joined.then(|| named(row, 1)).transpose()?,
                    at: row
                        .get::<_, Option<i64>>(2)?
                        .filter(|_| is_joined)
                        .map(time),
                    reason: row.get::<_, Option<String>>(3)?.filter(|_| is_joined),
                })
            })?);
        }
        Ok(ids)
    }

    /// Makes one person of two contacts and those joined to them, by an operator's word; the first leads. Says
    /// whether they were two.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn merge(
        &self,
        first: ContactKey,
        second: ContactKey,
        at: Timestamp,
        reason: Option<&str>,
    ) -> Result<bool> {
        self.durably(|| {
            let (lead, other) = (self.lead(first)?, self.lead(second)?);
            if lead == other {
                return Ok(false);
            }
            let by = JoinedBy::Operator;
            // What kept any two of them apart is overruled.
            let (mine, theirs) = (self.members(lead)?, self.members(other)?);
            for (a, b) in pairs(&mine, &theirs) {
                if (a, b) != (first, second) && self.said_last(a, b)? == Some(JoinKind::Split) {
                    self.note_join(b, a, JoinKind::Merge, Saying { by, at, reason })?;
                }
            }
            self.note_join(second, first, JoinKind::Merge, Saying { by, at, reason })?;
            self.unite(lead, other)?;
            self.catch_up(lead)?;
            Ok(true)
        })
    }

    /// Takes a contact out of the person that it was joined to; no import joins them again. Both keep what was said
    /// of the person: an opt-out, a pause, a booking. Says from whom; nobody when it was not joined.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn split(
        &self,
        contact: ContactKey,
        at: Timestamp,
        reason: Option<&str>,
    ) -> Result<Vec<String>> {
        self.durably(|| {
            let rest = self.part(contact, at)?;
            let mut ids = Vec::new();
            for other in rest {
                let by = JoinedBy::Operator;
                self.note_join(contact, other, JoinKind::Split, Saying { by, at, reason })?;
                ids.push(self.contact_id(other)?);
            }
            Ok(ids)
        })
    }

    fn contact_id(&self, key: ContactKey) -> Result<String> {
        let sql = "SELECT contact_id FROM contacts WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([key], |row| row.get(0))?)
    }

    /// Inside a transaction: one person of two. `lead` and `other` lead theirs.
    fn unite(&self, lead: ContactKey, other: ContactKey) -> Result<()> {
        let sql = "UPDATE contacts SET person = ?1, wake_at = NULL, hold = NULL WHERE id = ?2 OR person = ?2";
        self.connection
            .prepare_cached(sql)?
            .execute((lead, other))?;
        self.awaken(lead)
    }

    /// Inside a transaction: the contact stands alone again. Gives those that it was joined to.
    fn part(&self, contact: ContactKey, now: Timestamp) -> Result<Vec<ContactKey>> {
        let lead = self.lead(contact)?;
        let mut rest = self.members(lead)?;
        rest.retain(|member| *member != contact);
        let Some(first) = rest.first().copied() else {
            return Ok(rest);
        };
        let before = self.thread(lead)?.unwrap_or_default();
        let opted_out = opted_out_at(&before, now);
        let sql = "UPDATE contacts SET person = ?2, hold = NULL WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute((contact, None::<ContactKey>))?;
        let new_lead = if lead == contact { first } else { lead };
        for member in &rest {
            let person = (*member != new_lead).then_some(new_lead);
            statement.execute((member, person))?;
        }
        for side in [contact, new_lead] {
            self.awaken(side)?;
            let after = self.thread(side)?.unwrap_or_default();
            let standing = before.words.iter().filter(|w| w.kind != WordKind::OptIn);
            for word in standing.filter(|w| !after.words.contains(w)) {
                self.insert_word(side, word)?;
            }
            let after = self.thread(side)?.unwrap_or_default();
            if let Some(at) = opted_out.filter(|_| opted_out_at(&after, now).is_none()) {
                let word = Word {
                    kind: WordKind::OptOut,
                    at,
                    until: None,
                    reason: Some(
                        "said while they were one person with another contact, which a split leaves with both"
                            .to_owned(),
                    ),
                    source: WordSource::Operator,
                };
                self.insert_word(side, &word)?;
            }
        }
        Ok(rest)
    }

    fn note_join(
        &self,
        contact: ContactKey,
        other: ContactKey,
        kind: JoinKind,
        saying: Saying<'_>,
    ) -> Result<()> {
        let sql = "INSERT INTO joins (contact, other, kind, said_by, at, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.connection.prepare_cached(sql)?.execute(params![
            contact,
            other,
            kind.as_str(),
            saying.by.as_str(),
            micros(saying.at),
            saying.reason,
        ])?;
        Ok(())
    }

    /// What was said last of two contacts.
    fn said_last(&self, one: ContactKey, other: ContactKey) -> Result<Option<JoinKind>> {
        let sql = "SELECT kind FROM joins WHERE (contact = ?1 AND other = ?2) OR (contact = ?2 AND other = ?1) \
                   ORDER BY at DESC, id DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let said = statement.query_row((one, other), |row| named(row, 0));
        Ok(said.optional()?)
    }

    /// What was said of a contact and others, for an export.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn joins(&self, key: ContactKey) -> Result<Vec<Join>> {
        let sql = "SELECT j.kind, c.contact_id, j.said_by, j.at, j.reason FROM joins j \
                   JOIN contacts c ON c.id = j.other WHERE j.contact = ?1 ORDER BY j.id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([key], |row| {
            Ok(Join {
                kind: named(row, 0)?,
                with: row.get(1)?,
                by: named(row, 2)?,
                at: time(row.get(3)?),
                reason: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Inside a transaction: says again what an export says of two contacts, unless something was said of them
    /// since.
    pub(super) fn restore_join(
        &self,
        contact: ContactKey,
        other: ContactKey,
        join: &Join,
    ) -> Result<()> {
        let newer = "SELECT 1 FROM joins WHERE ((contact = ?1 AND other = ?2) OR (contact = ?2 AND other = ?1)) \
                     AND at >= ?3";
        let at = micros(join.at);
        let known = self
            .connection
            .prepare_cached(newer)?
            .exists((contact, other, at))?;
        if known || contact == other {
            return Ok(());
        }
        let (by, at, reason) = (join.by, join.at, join.reason.as_deref());
        self.note_join(contact, other, join.kind, Saying { by, at, reason })?;
        let (mine, theirs) = (self.lead(contact)?, self.lead(other)?);
        match join.kind {
            JoinKind::Merge if mine != theirs => {
                self.unite(theirs, mine)?;
                self.catch_up(theirs).map(drop)
            }
            JoinKind::Split if mine == theirs => self.part(contact, at).map(drop),
            _ => Ok(()),
        }
    }

    /// The row and episode under which a person's step is claimed: those of the row that is tried again, else those
    /// of the contact whose message it answers.
    pub(super) fn claimed_under(
        &self,
        lead: ContactKey,
        episode: i64,
        step: u32,
    ) -> Result<(ContactKey, i64)> {
        let members = self.members(lead)?;
        if members.len() < 2 {
            return Ok((lead, episode));
        }
        // Of a message that two sources bring the times differ a little.
        let tried = "SELECT contact, episode FROM follow_ups WHERE contact = ?1 AND step = ?3 \
                     AND state IN ('retry', 'failed') AND abs(episode - ?2) <= ?4 LIMIT 1";
        let answers = "SELECT contact, sent_at FROM messages WHERE contact = ?1 AND sent_at = ?2 \
                       AND author = 'contact' LIMIT 1";
        let mut tried = self.connection.prepare_cached(tried)?;
        let mut answers = self.connection.prepare_cached(answers)?;
        let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        for member in &members {
            let values = (member, episode, step, view::SAME);
            if let Some(found) = tried.query_row(values, pair).optional()? {
                return Ok(found);
            }
        }
        for member in &members {
            if let Some(found) = answers.query_row((member, episode), pair).optional()? {
                return Ok(found);
            }
        }
        Ok((lead, episode))
    }

    /// Inside a transaction, once a person has new facts of several contacts: what one shows of the follow-ups of
    /// another. One of which nobody knew was sent when another's export has it (rule X6); a reply that another
    /// shows may be older than a follow-up (rule X7). Gives the follow-ups that crossed a reply.
    pub(super) fn catch_up(&self, key: ContactKey) -> Result<Vec<String>> {
        let lead = self.lead(key)?;
        let members = self.members(lead)?;
        let mut late = Vec::new();
        if members.len() < 2 {
            return Ok(late);
        }
        let found = "UPDATE follow_ups SET state = 'sent', \
                       provider_id = coalesce(provider_id, m.message_id), sent_at = m.sent_at FROM messages m \
                     WHERE follow_ups.contact = ?1 AND follow_ups.state = 'unknown' AND m.contact = ?2 \
                       AND m.author <> 'contact' AND (m.message_id = follow_ups.provider_id \
                         OR (m.channel = follow_ups.channel AND trim(m.text) = trim(follow_ups.text) \
                           AND abs(m.sent_at - follow_ups.claimed_at) <= 600000000)) \
                     RETURNING follow_ups.id";
        let crossed = "UPDATE follow_ups SET reply_at = m.sent_at FROM messages m \
                       WHERE follow_ups.contact = ?1 AND follow_ups.reply_at IS NULL \
                         AND follow_ups.state IN ('sending', 'sent', 'unknown') \
                         AND m.contact = ?2 AND m.author = 'contact' AND m.automatic = 0 \
                         AND m.sent_at > follow_ups.episode \
                         AND m.sent_at < coalesce(follow_ups.sent_at, follow_ups.claimed_at) \
                         AND NOT EXISTS (SELECT 1 FROM messages same WHERE same.contact = ?1 \
                           AND same.author = 'contact' AND same.channel = m.channel AND same.text = m.text \
                           AND abs(same.sent_at - m.sent_at) <= ?3) \
                       RETURNING follow_ups.id";
        let mut found = self.connection.prepare_cached(found)?;
        let mut crossed = self.connection.prepare_cached(crossed)?;
        for (sent, shown) in pairs(&members, &members).filter(|(a, b)| a != b) {
            for id in found.query_map((sent, shown), |row| row.get(0))? {
                self.note_found_sent(id?)?;
                self.awaken(lead)?;
            }
            for id in crossed.query_map((sent, shown, view::SAME), |row| row.get(0))? {
                late.push(self.public_id(id?)?);
            }
        }
        Ok(late)
    }
}

fn pairs<'a>(
    some: &'a [ContactKey],
    others: &'a [ContactKey],
) -> impl Iterator<Item = (ContactKey, ContactKey)> + 'a {
    some.iter()
        .flat_map(move |a| others.iter().map(move |b| (*a, *b)))
}
