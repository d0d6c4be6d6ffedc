//! Taking back what `export contacts` and `export followups` wrote.

use anyhow::Result;
use rusqlite::params;

use super::{ContactKey, Store, micros};
use crate::import::{ContactRecord, FollowUpRecord};
use crate::model::{Contact, Timestamp, WordKind};

impl Store {
    /// The contact of this id, made when it is new.
    fn contact_of(&self, contact_id: &str) -> Result<ContactKey> {
        if let Some(key) = self.row_of(contact_id)? {
            return Ok(key);
        }
        let sql = "INSERT INTO contacts (contact_id, wake_at) VALUES (?1, 0)";
        self.connection.prepare_cached(sql)?.execute([contact_id])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Inside [`Store::durably`]: stores what a contacts file says at `as_of`. What it does not say stays, and
    /// what newer messages say counts more. Says whether the contact was new.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn restore_contact(&self, record: &ContactRecord, as_of: Timestamp) -> Result<bool> {
        let contact = &record.contact;
        let is_new = self.row_of(&contact.contact_id)?.is_none();
        let key = self.contact_of(&contact.contact_id)?;
        let at = micros(as_of);
        let sql = "UPDATE contacts SET \
                     name = iif(?2 IS NOT NULL AND coalesce(name_at, ?8) <= ?8, ?2, name), \
                     phone = iif(?3 IS NOT NULL AND coalesce(phone_at, ?8) <= ?8, ?3, phone), \
                     email = iif(?4 IS NOT NULL AND coalesce(email_at, ?8) <= ?8, ?4, email), \
                     timezone = iif(?5 IS NOT NULL AND coalesce(timezone_at, ?8) <= ?8, ?5, timezone), \
                     language = iif(?6 IS NOT NULL AND coalesce(language_at, ?8) <= ?8, ?6, language), \
                     tags = iif(?7 IS NOT NULL AND coalesce(tags_at, ?8) <= ?8, ?7, tags), \
                     name_at = iif(?2 IS NULL, name_at, max(coalesce(name_at, ?8), ?8)), \
                     phone_at = iif(?3 IS NULL, phone_at, max(coalesce(phone_at, ?8), ?8)), \
                     email_at = iif(?4 IS NULL, email_at, max(coalesce(email_at, ?8), ?8)), \
                     timezone_at = iif(?5 IS NULL, timezone_at, max(coalesce(timezone_at, ?8), ?8)), \
                     language_at = iif(?6 IS NULL, language_at, max(coalesce(language_at, ?8), ?8)), \
                     tags_at = iif(?7 IS NULL, tags_at, max(coalesce(tags_at, ?8), ?8)) \
                   WHERE id = ?1";
        let tags = (!contact.tags.is_empty()).then(|| contact.tags.join(";"));
        self.connection.prepare_cached(sql)?.execute(params![
            key,
            contact.name,
            contact.phone,
            contact.email,
            contact.timezone,
            contact.language,
            tags,
            at,
        ])?;
        for (channel, address) in &contact.addresses {
            let sql = "INSERT INTO addresses (contact, channel, address, at) VALUES (?1, ?2, ?3, ?4) \
                       ON CONFLICT (contact, channel) DO UPDATE SET address = excluded.address, \
                       at = excluded.at WHERE excluded.at >= addresses.at";
            self.connection
                .prepare_cached(sql)?
                .execute((key, channel.as_str(), address, at))?;
        }
        for word in &record.words {
            self.insert_word_once(key, word)?;
        }
        for join in &record.joins {
            let other = self.contact_of(&join.with)?;
            self.restore_join(key, other, join)?;
        }
        if let Some(reason) = &record.opted_out {
            self.insert_opted_out(key, reason, as_of)?;
        } else if record.dnd_off {
            self.lift_opted_out(key, "", as_of)?;
        }
        self.awaken(key)?;
        if record.words.iter().any(|w| w.kind == WordKind::OptIn) {
            self.awaken_sharers(key)?;
        }
        Ok(is_new)
    }

    /// Inside a transaction: what a provider has of a contact `now`, of whom there are messages: another number, a
    /// zone. Not whether they may be written to.
    pub(super) fn update_details(&self, record: &ContactRecord, now: Timestamp) -> Result<()> {
        let contact = &record.contact;
        let Some(key) = self.row_of(&contact.contact_id)? else {
            return Ok(());
        };
        let sql = "SELECT 1 FROM contacts WHERE id = ?1 AND (coalesce(?2, name) IS NOT name \
                     OR coalesce(?3, phone) IS NOT phone OR coalesce(?4, email) IS NOT email \
                     OR coalesce(?5, timezone) IS NOT timezone OR coalesce(?6, tags) IS NOT tags)";
        let tags = (!contact.tags.is_empty()).then(|| contact.tags.join(";"));
        let Contact {
            name,
            phone,
            email,
            timezone,
            ..
        } = contact;
        let values = params![key, name, phone, email, timezone, tags];
        if self.connection.prepare_cached(sql)?.exists(values)? {
            let details = ContactRecord {
                contact: contact.clone(),
                ..ContactRecord::default()
            };
            self.restore_contact(&details, now)?;
        }
        Ok(())
    }

    /// Inside [`Store::durably`]: stores a row of another store's log; one of an episode and step that is
    /// known already stays as it is. Says whether it was new.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn restore_follow_up(&self, record: &FollowUpRecord) -> Result<bool> {
        let key = self.contact_of(&record.contact_id)?;
        let row = &record.follow_up;
        let sql = "INSERT INTO follow_ups (contact, episode, scenario, step, state, channel, refused_on, address, \
                     conversation_id, due_at, claimed_at, sent_at, retry_at, attempts, provider_id, imported_id, \
                     text, text_source, error, because) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) \
                   ON CONFLICT (contact, episode, step) DO NOTHING";
        let refused_on: Vec<String> = row.refused_on.iter().map(ToString::to_string).collect();
        let inserted = self.connection.prepare_cached(sql)?.execute(params![
            key,
            micros(row.episode),
            row.scenario.as_str(),
            row.step,
            row.state.as_str(),
            row.channel.as_str(),
            refused_on.join(" "),
            row.address,
            record.conversation_id,
            micros(row.due_at),
            micros(row.claimed_at),
            row.sent_at.map(micros),
            row.retry_at.map(micros),
            row.attempts,
            row.provider_id,
            row.id,
            row.text,
            row.text_source.as_str(),
            row.error,
            record.because.as_deref().unwrap_or("[]"),
        ])?;
        if let Some(provider_id) = row.provider_id.as_deref().filter(|_| inserted > 0) {
            // A messages file that came first has brought it as a message (rule X6).
            let sql = "DELETE FROM messages WHERE contact = ?1 AND author = 'followup' AND message_id = ?2";
            self.connection
                .prepare_cached(sql)?
                .execute((key, provider_id))?;
        }
        self.awaken(key)?;
        Ok(inserted > 0)
    }
}
