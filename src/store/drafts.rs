//! Texts written before their step is claimed, and what the language models that wrote them used.

use anyhow::Result;
use rusqlite::{OptionalExtension, Row, params};

use super::rows::named;
use super::{ContactKey, Store, micros, time};
use crate::model::{CallPurpose, Draft, DraftState, ModelCall, Timestamp, Usage};

/// The columns that [`draft`] reads, in its order.
macro_rules! columns {
    () => {
        "SELECT id, episode, scenario, step, channel, state, text, source, reason, language, model, calls, \
         input_tokens, output_tokens, latency_ms, cost, findings, revision, made_at, decided_at, contact FROM drafts"
    };
}

/// The drafts that wait for a person, the oldest first.
pub(super) const WAITING: &str =
    concat!(columns!(), " WHERE state = 'waiting' ORDER BY made_at, id");

/// The drafts of a contact.
pub(super) const DRAFTS: &str = concat!(columns!(), " WHERE contact = ?1 ORDER BY id");

pub(super) fn draft(row: &Row<'_>) -> rusqlite::Result<Draft> {
    let findings: String = row.get(16)?;
    Ok(Draft {
        id: row.get(0)?,
        episode: time(row.get(1)?),
        scenario: named(row, 2)?,
        step: row.get(3)?,
        channel: named(row, 4)?,
        state: named(row, 5)?,
        text: row.get(6)?,
        source: named(row, 7)?,
        reason: row.get(8)?,
        language: row.get(9)?,
        model: row.get(10)?,
        usage: usage(row, 11)?,
        findings: serde_json::from_str(&findings).unwrap_or_default(),
        revision: row.get(17)?,
        made_at: time(row.get(18)?),
        decided_at: row.get::<_, Option<i64>>(19)?.map(time),
    })
}

/// Five columns from `first` on: calls, tokens read, tokens written, latency, cost.
fn usage(row: &Row<'_>, first: usize) -> rusqlite::Result<Usage> {
    let number = |i: usize| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(first + i)?).unwrap_or(0))
    };
    Ok(Usage {
        calls: number(0)?,
        input_tokens: number(1)?,
        output_tokens: number(2)?,
        latency_ms: number(3)?,
        cost: number(4)?,
    })
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Store {
    /// Inside [`Store::durably`]: keeps a step's draft, in place of an older one. [`Draft::id`] is not read. The
    /// contact is looked at again when there is more to it than a text to send.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn keep_draft(&self, contact: ContactKey, draft: &Draft) -> Result<()> {
        let sql = "INSERT INTO drafts (contact, episode, scenario, step, channel, state, text, source, reason, \
                     language, model, calls, input_tokens, output_tokens, latency_ms, cost, findings, revision, \
                     made_at, decided_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) \
                   ON CONFLICT (contact, episode, step) DO UPDATE SET scenario = excluded.scenario, \
                     channel = excluded.channel, state = excluded.state, text = excluded.text, \
                     source = excluded.source, reason = excluded.reason, language = excluded.language, \
                     model = excluded.model, calls = excluded.calls, input_tokens = excluded.input_tokens, \
                     output_tokens = excluded.output_tokens, latency_ms = excluded.latency_ms, \
                     cost = excluded.cost, findings = excluded.findings, revision = excluded.revision, \
                     made_at = excluded.made_at, decided_at = excluded.decided_at";
        let usage = &draft.usage;
        self.connection.prepare_cached(sql)?.execute(params![
            contact,
            micros(draft.episode),
            draft.scenario.as_str(),
            draft.step,
            draft.channel.as_str(),
            draft.state.as_str(),
            draft.text,
            draft.source.as_str(),
            draft.reason,
            draft.language,
            draft.model,
            stored(usage.calls),
            stored(usage.input_tokens),
            stored(usage.output_tokens),
            stored(usage.latency_ms),
            stored(usage.cost),
            serde_json::to_string(&draft.findings)?,
            draft.revision,
            micros(draft.made_at),
            draft.decided_at.map(micros),
        ])?;
        if draft.state != DraftState::Ready {
            self.awaken(contact)?;
        }
        Ok(())
    }

    /// The draft of a step, by its columns.
    pub(super) fn draft_of(
        &self,
        contact: ContactKey,
        episode: i64,
        step: u32,
    ) -> Result<Option<Draft>> {
        const SQL: &str = concat!(
            columns!(),
            " WHERE contact = ?1 AND episode = ?2 AND step = ?3"
        );
        let mut statement = self.connection.prepare_cached(SQL)?;
        Ok(statement
            .query_row((contact, episode, step), draft)
            .optional()?)
    }

    /// Inside [`Store::durably`]: notes a request to a language model, made for a contact.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn note_call(&self, contact: Option<ContactKey>, call: &ModelCall) -> Result<()> {
        let sql = "INSERT INTO model_calls (contact, purpose, model, at, calls, input_tokens, output_tokens, \
                     latency_ms, cost, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let usage = &call.usage;
        self.connection.prepare_cached(sql)?.execute(params![
            contact,
            call.purpose.as_str(),
            call.model,
            micros(call.at),
            stored(usage.calls),
            stored(usage.input_tokens),
            stored(usage.output_tokens),
            stored(usage.latency_ms),
            stored(usage.cost),
            call.error,
        ])?;
        Ok(())
    }

    /// What language models used from `since` on, for one purpose or for all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn used_since(&self, since: Timestamp, purpose: Option<CallPurpose>) -> Result<Usage> {
        let sql = "SELECT coalesce(sum(calls), 0), coalesce(sum(input_tokens), 0), \
                     coalesce(sum(output_tokens), 0), coalesce(sum(latency_ms), 0), coalesce(sum(cost), 0) \
                   FROM model_calls WHERE at >= ?1 AND (?2 IS NULL OR purpose = ?2)";
        let mut statement = self.connection.prepare_cached(sql)?;
        let purpose = purpose.map(CallPurpose::as_str);
        Ok(statement.query_row(params![micros(since), purpose], |row| usage(row, 0))?)
    }
}
