//! What operators and providers say about a contact (rules D3, D6b, X4).

use anyhow::Result;

use super::schema::number_key;
use super::{ContactKey, Store, micros};
use crate::model::{Timestamp, Word, WordKind, WordSource};

impl Store {
    /// Records a word; the contact is looked at again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn say(&self, key: ContactKey, word: &Word) -> Result<()> {
        let transaction = self.immediate()?;
        self.insert_word(key, word)?;
        transaction.commit()?;
        Ok(())
    }

    /// Inside a transaction: records a word.
    pub(super) fn insert_word(&self, key: ContactKey, word: &Word) -> Result<()> {
        let sql = "INSERT INTO words (contact, kind, at, until, reason, source) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (kind, source) = (word.kind.as_str(), word.source.as_str());
        let until = word.until.map(micros);
        self.connection.prepare_cached(sql)?.execute((
            key,
            kind,
            micros(word.at),
            until,
            word.reason.as_deref(),
            source,
        ))?;
        self.awaken(key)?;
        if word.kind == WordKind::OptIn {
            for member in self.members(self.lead(key)?)? {
                self.awaken_sharers(member)?;
            }
        }
        Ok(())
    }

    /// Inside a transaction: records a word of an import, unless it is known.
    pub(super) fn insert_word_once(&self, key: ContactKey, word: &Word) -> Result<()> {
        let sql = "SELECT 1 FROM words WHERE contact = ?1 AND kind = ?2 AND at = ?3";
        let said = (key, word.kind.as_str(), micros(word.at));
        if !self.connection.prepare_cached(sql)?.exists(said)? {
            self.insert_word(key, word)?;
        }
        Ok(())
    }

    /// Inside a transaction: a file that was complete at `as_of` has the contact as opted out, without a time. That is
    /// a word of then, unless the contact is known to be opted out already.
    pub(super) fn insert_opted_out(
        &self,
        key: ContactKey,
        reason: &str,
        as_of: Timestamp,
    ) -> Result<()> {
        let sql = "SELECT 1 FROM (SELECT max(at) AS at FROM words WHERE contact = ?1 AND kind = 'opt_out' \
                     AND at <= ?2 AND (until IS NULL OR until > ?2)) AS said \
                   WHERE said.at IS NOT NULL \
                     AND NOT EXISTS (SELECT 1 FROM words WHERE contact = ?1 AND kind = 'opt_in' AND at >= said.at) \
                     AND NOT EXISTS (SELECT 1 FROM messages WHERE contact = ?1 AND signal = 'opt_in' \
                       AND sent_at >= said.at)";
        let at = (key, micros(as_of));
        if self.connection.prepare_cached(sql)?.exists(at)? {
            return Ok(());
        }
        let word = Word {
            kind: WordKind::OptOut,
            at: as_of,
            until: None,
            reason: Some(reason.to_owned()),
            source: WordSource::Data,
        };
        self.insert_word(key, &word)
    }

    /// Inside a transaction: what was complete at `as_of` has "do not disturb" off. That ends what data told of it
    /// before for a reason that begins with `said`; what the contact said, an operator or a provider, stands.
    pub(super) fn lift_opted_out(
        &self,
        key: ContactKey,
        said: &str,
        as_of: Timestamp,
    ) -> Result<()> {
        let sql = "UPDATE words SET until = ?2 WHERE contact = ?1 AND kind = 'opt_out' AND source = 'data' \
                   AND at < ?2 AND until IS NULL AND substr(coalesce(reason, ''), 1, length(?3)) = ?3";
        let lifted = (key, micros(as_of), said);
        if self.connection.prepare_cached(sql)?.execute(lifted)? > 0 {
            self.awaken(key)?;
            self.awaken_sharers(key)?;
        }
        Ok(())
    }

    /// Inside a transaction: the contact has a new fact.
    pub(super) fn awaken(&self, key: ContactKey) -> Result<()> {
        let sql = "UPDATE contacts SET wake_at = 0 WHERE id = ?1 AND wake_at IS NOT 0";
        self.connection.prepare_cached(sql)?.execute([key])?;
        Ok(())
    }

    /// Inside a transaction: an opt-in also lifts the opt-out of those who share a number (rule D21).
    pub(super) fn awaken_sharers(&self, key: ContactKey) -> Result<()> {
        const BY_NUMBER: &str = concat!(
            "UPDATE contacts SET wake_at = 0 WHERE id IN ( \
               SELECT id FROM contacts WHERE phone IS NOT NULL AND ",
            number_key!("phone"),
            " = ?1 UNION SELECT contact FROM addresses WHERE channel IN ('sms', 'whatsapp') AND ",
            number_key!("address"),
            " = ?1)"
        );
        const NUMBERS: &str = "SELECT phone FROM contacts WHERE id = ?1 AND phone IS NOT NULL \
            UNION SELECT address FROM addresses WHERE contact = ?1 AND channel IN ('sms', 'whatsapp')";
        const BY_ADDRESS: &str = "UPDATE contacts SET wake_at = 0 WHERE id IN ( \
               SELECT b.id FROM contacts a JOIN contacts b ON b.email = a.email COLLATE NOCASE WHERE a.id = ?1 \
               UNION SELECT y.contact FROM addresses x JOIN addresses y ON y.address = x.address \
                 WHERE x.contact = ?1)";
        let mut numbers = self.connection.prepare_cached(NUMBERS)?;
        let mut by_number = self.connection.prepare_cached(BY_NUMBER)?;
        for number in numbers.query_map([key], |row| row.get::<_, String>(0))? {
            for number in self.number_keys(&number?)? {
                by_number.execute([number])?;
            }
        }
        self.connection.prepare_cached(BY_ADDRESS)?.execute([key])?;
        Ok(())
    }
}
