//! Steps that were due and not claimed, with why: so that a plan can say it.

use std::collections::HashMap;

use anyhow::Result;
use rusqlite::{OptionalExtension, Row, params};

use super::rows::named;
use super::{ContactKey, Store, micros, time};
use crate::model::HeldBack;

const COLUMNS: &str = "SELECT contact, episode, step, reason, at, error FROM held_back";

impl Store {
    /// Keeps why steps were not claimed; of each contact the last one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn keep_held_back(&self, steps: &[(ContactKey, HeldBack)]) -> Result<()> {
        let sql = "INSERT INTO held_back (contact, episode, step, reason, at, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                   ON CONFLICT (contact) DO UPDATE SET episode = excluded.episode, step = excluded.step, \
                     reason = excluded.reason, at = excluded.at, error = excluded.error";
        self.durably(|| {
            for (contact, step) in steps {
                self.connection.prepare_cached(sql)?.execute(params![
                    contact,
                    micros(step.episode),
                    step.step,
                    step.reason.as_str(),
                    micros(step.at),
                    step.error,
                ])?;
            }
            Ok(())
        })
    }

    /// What held a contact's step back last. It may have been claimed since: it counts only for the step that is due.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn held_back(&self, contact: ContactKey) -> Result<Option<HeldBack>> {
        let sql = format!("{COLUMNS} WHERE contact = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row([contact], held_back);
        Ok(found.optional()?.map(|(_, step)| step))
    }

    /// The same of everybody.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn held_back_by_contact(&self) -> Result<HashMap<ContactKey, HeldBack>> {
        let mut statement = self.connection.prepare_cached(COLUMNS)?;
        let rows = statement.query_map([], held_back)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn held_back(row: &Row<'_>) -> rusqlite::Result<(ContactKey, HeldBack)> {
    let step = HeldBack {
        episode: time(row.get(1)?),
        step: row.get(2)?,
        reason: named(row, 3)?,
        at: time(row.get(4)?),
        error: row.get(5)?,
    };
    Ok((row.get(0)?, step))
}
