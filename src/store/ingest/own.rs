//! Our own messages, when they come back in an export (rules X6, X7).

use anyhow::Result;

use super::batch::{Batch, Row};
use super::look_up::Pending;
use crate::store::{ContactKey, Store};

/// A follow-up of ours that may come back in an export (rule X6).
pub(super) struct OwnMessage {
    id: i64,
    public_id: String,
    contact: ContactKey,
    channel: String,
    text: String,
    state: String,
    episode: i64,
    went_out_at: i64,
    provider_id: Option<String>,
    message_identity: Option<i64>,
    is_news: bool,
}

const TEN_MINUTES: i64 = 600_000_000;

impl OwnMessage {
    /// X6: whether this is our message: by provider id, by our own id in a Message-ID, else by channel, text and
    /// time within 10 minutes. Each is found once.
    pub(super) fn claims(&mut self, batch: &Batch, row: &Row, identity: i64) -> bool {
        if let Some(found) = self.message_identity {
            return found == identity;
        }
        let by_id = batch.get(row.message_id).is_some_and(|id| {
            self.provider_id.as_deref() == Some(id) || is_named_after(id, &self.public_id)
        });
        let by_words = row.channel.as_str() == self.channel
            && (row.sent_at - self.went_out_at).abs() <= TEN_MINUTES
            && batch.text(row.text).trim() == self.text.trim();
        if by_id || by_words {
            self.message_identity = Some(identity);
            self.is_news = true;
        }
        by_id || by_words
    }
}

/// Whether a message's id is a follow-up's own, or the Message-ID that was made of it.
fn is_named_after(message_id: &str, follow_up_id: &str) -> bool {
    let local = message_id.trim_start_matches('<');
    let rest = local.strip_prefix(follow_up_id);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

impl Store {
    pub(super) fn own_messages(&self, key: ContactKey) -> Result<Vec<OwnMessage>> {
        let sql = "SELECT id, channel, text, state, episode, coalesce(sent_at, claimed_at), provider_id, \
                   message_identity, imported_id FROM follow_ups WHERE contact = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([key], |row| {
            let id = row.get(0)?;
            let imported_id: Option<String> = row.get(8)?;
            Ok(OwnMessage {
                id,
                public_id: imported_id.unwrap_or_else(|| self.follow_up_id(id)),
                contact: key,
                channel: row.get(1)?,
                text: row.get(2)?,
                state: row.get(3)?,
                episode: row.get(4)?,
                went_out_at: row.get(5)?,
                provider_id: row.get(6)?,
                message_identity: row.get(7)?,
                is_news: false,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// X6: an export shows one of our follow-ups. One that was not known to be sent was sent, whatever the
    /// provider answered; says whether that is so.
    pub(super) fn absorb(
        &self,
        own: &mut OwnMessage,
        batch: &Batch,
        pending: &Pending<'_>,
    ) -> Result<bool> {
        if !std::mem::take(&mut own.is_news) {
            return Ok(false);
        }
        let sql = "UPDATE follow_ups SET message_identity = ?2, \
                     provider_id = coalesce(provider_id, ?3), \
                     sent_at = CASE WHEN state <> 'sent' THEN ?4 ELSE sent_at END, state = 'sent' \
                   WHERE id = ?1";
        let message_id = batch.get(pending.row.message_id);
        let values = (own.id, pending.identity, message_id, pending.row.sent_at);
        self.connection.prepare_cached(sql)?.execute(values)?;
        let settles = own.state != "sent";
        if settles {
            self.note_found_sent(own.id)?;
            self.awaken(own.contact)?;
        }
        Ok(settles)
    }

    /// X7: the follow-ups that went out after this reply, which only now comes to light.
    pub(super) fn note_late_reply(&self, own: &[OwnMessage], reply: &Row) -> Result<Vec<String>> {
        let mut late = Vec::new();
        for follow_up in own {
            if follow_up.episode < reply.sent_at && reply.sent_at < follow_up.went_out_at {
                let sql = "UPDATE follow_ups SET reply_at = ?2 WHERE id = ?1 AND reply_at IS NULL";
                let values = (follow_up.id, reply.sent_at);
                if self.connection.prepare_cached(sql)?.execute(values)? > 0 {
                    late.push(follow_up.public_id.clone());
                }
            }
        }
        Ok(late)
    }
}
