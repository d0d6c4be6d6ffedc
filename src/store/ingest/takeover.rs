//! A message that two sources bring belongs to the one that goes on bringing its contact's messages: by its age is
//! known whether a reply may be missing (rule D15), and it is asked at the last look.

use anyhow::Result;
use rusqlite::OptionalExtension;

use super::{Ingest, Reading};
use crate::store::{ContactKey, Store};

/// The sources that keep the messages that they brought: the APIs that are configured. A file that was imported by
/// hand, or under another name, does not.
pub(super) fn keepers(store: &Store, reading: &Reading<'_>) -> Result<Vec<i64>> {
    let sql = "SELECT id, name FROM sources JOIN cursors ON source = id";
    let mut statement = store.connection.prepare_cached(sql)?;
    let pulled = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let mut keepers = Vec::new();
    for source in pulled {
        let (id, name) = source?;
        if reading.policy.source_fresh_for.contains_key(&name) {
            keepers.push(id);
        }
    }
    Ok(keepers)
}

impl Ingest<'_> {
    /// Whether a message is stored; from now on it is this source's, unless the one that brought it keeps it.
    pub(super) fn is_known(&mut self, contact: ContactKey, identity: i64) -> Result<bool> {
        let has_message = &mut self.has_message;
        let found = has_message.query_row((contact, identity), |row| row.get::<_, i64>(0));
        let Some(of) = found.optional()? else {
            return Ok(false);
        };
        if of != self.source && !self.keepers.contains(&of) {
            let sql = "UPDATE messages SET source = ?3 WHERE contact = ?1 AND identity = ?2";
            let values = (contact, identity, self.source);
            self.store.connection.prepare_cached(sql)?.execute(values)?;
            self.store.awaken(contact)?;
        }
        Ok(true)
    }
}
