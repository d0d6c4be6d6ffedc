//! Who may be the same person.
//!
//! A wrong join writes to a person about another one's conversation; a missing one may write to somebody who has
//! replied elsewhere. So what is shared joins by itself only where nothing speaks against it: a phone or a mailbox
//! that people of different names share (a family's) joins nobody, and of contacts without a name the other's
//! email address or number must not differ. An opt-out follows the number all the same (rule D21).

use anyhow::Result;
use rusqlite::OptionalExtension;

use super::{Saying, pairs};
use crate::decide::Policy;
use crate::model::{Channel, Country, JoinKind, JoinedBy, Timestamp, e164, names_agree};
use crate::store::rows::named;
use crate::store::threads::{BY_ADDRESS, BY_EMAIL, BY_NUMBER, BY_PHONE};
use crate::store::{ContactKey, Store};

/// More contacts than this of one person are joined by an operator only: a number that is a stand-in for none
/// ("0000000") must not make one person of a whole list.
const MOST: usize = 8;

/// How many contacts one thread looks at in one piece.
const PIECE: usize = 256;

/// The channels on which a platform gives contacts an id of its own.
const BY_ID: [Channel; 4] = [
    Channel::LiveChat,
    Channel::Facebook,
    Channel::Instagram,
    Channel::Telegram,
];

/// What tells a contact from others.
struct Known {
    name: Option<String>,
    email: Option<String>,
    numbers: Vec<String>,
}

/// A contact's row, its addresses, and the numbers among them.
struct Row {
    contact_id: String,
    phone: Option<String>,
    known: Known,
    addresses: Vec<(Channel, String)>,
}

/// Looks for contacts by what they share.
struct Search<'s> {
    store: &'s Store,
    policy: &'s Policy,
    /// Whether anybody has an address besides a phone number and an email.
    has_addresses: bool,
}

impl Store {
    fn search<'s>(&'s self, policy: &'s Policy) -> Result<Search<'s>> {
        Ok(Search {
            store: self,
            policy,
            has_addresses: self.has_addresses()?,
        })
    }

    /// Those of some contacts who share what the policy joins by with anybody: for [`Store::join`], which looks at them
    /// more closely.
    pub(in crate::store) fn who_share(
        &self,
        contacts: &[ContactKey],
        policy: &Policy,
    ) -> Result<Vec<ContactKey>> {
        let mut sharing = Vec::new();
        if policy.join_by.is_empty() {
            return Ok(sharing);
        }
        let look = |store: &Self, piece: &&[ContactKey]| -> Result<Vec<ContactKey>> {
            let mut sharing = Vec::new();
            let search = store.search(policy)?;
            for key in *piece {
                if !search.alike(*key)?.is_empty() {
                    sharing.push(*key);
                }
            }
            Ok(sharing)
        };
        let pieces: Vec<&[ContactKey]> = contacts.chunks(PIECE).collect();
        if let [only] = &pieces[..] {
            return look(self, only);
        }
        self.abreast(
            &pieces,
            |store, piece, give| give(look(store, piece)?),
            |some| {
                sharing.extend(some);
                Ok(())
            },
        )?;
        Ok(sharing)
    }

    /// Inside a transaction: joins a contact to those who are the same person by the policy's word. Says whether it
    /// was; what is known of each others' follow-ups then is [`Store::catch_up`]'s concern.
    pub(in crate::store) fn join(
        &self,
        key: ContactKey,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<bool> {
        let mut joined = false;
        if policy.join_by.is_empty() {
            return Ok(joined);
        }
        for (other, by) in self.search(policy)?.alike(key)? {
            let (mine, theirs) = (self.lead(key)?, self.lead(other)?);
            if mine != theirs && self.may_be_one(mine, theirs, by, policy)? {
                let (at, reason) = (now, None);
                self.note_join(key, other, JoinKind::Merge, Saying { by, at, reason })?;
                self.unite(mine.min(theirs), mine.max(theirs))?;
                joined = true;
            }
        }
        Ok(joined)
    }

    /// Those who share what the policy joins by, and are not the same person: for an operator to look at.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn may_be_the_same(
        &self,
        key: ContactKey,
        policy: &Policy,
    ) -> Result<Vec<(String, Option<String>, JoinedBy)>> {
        let lead = self.lead(key)?;
        let search = self.search(policy)?;
        let mut found: Vec<(String, Option<String>, JoinedBy)> = Vec::new();
        for member in self.members(lead)? {
            for (other, by) in search.alike(member)? {
                let is_apart = self.said_last(member, other)? == Some(JoinKind::Split);
                if is_apart || self.lead(other)? == lead {
                    continue;
                }
                let Some(row) = search.row(other)? else {
                    continue;
                };
                if !found.iter().any(|(id, ..)| *id == row.contact_id) {
                    found.push((row.contact_id, row.known.name, by));
                }
            }
        }
        Ok(found)
    }

    /// The rows that these statements find by `value`, but for `key`.
    pub(in crate::store) fn keys<const N: usize>(
        &self,
        statements: [&str; N],
        value: &str,
        key: ContactKey,
    ) -> Result<Vec<ContactKey>> {
        let mut found = Vec::new();
        for sql in statements {
            let mut statement = self.connection.prepare_cached(sql)?;
            for other in statement.query_map((value, key), |row| row.get(0))? {
                found.push(other?);
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn address_on(&self, key: ContactKey, channel: Channel) -> Result<Option<String>> {
        let sql = "SELECT address FROM addresses WHERE contact = ?1 AND channel = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row((key, channel.as_str()), |row| row.get(0));
        Ok(found.optional()?)
    }

    /// Whether a contact's id is their address on a channel: they write on it, and no other address is known.
    fn writes_as(&self, key: ContactKey, channel: Channel) -> Result<bool> {
        let sql = "SELECT 1 FROM messages WHERE contact = ?1 AND channel = ?2";
        let writes = self
            .connection
            .prepare_cached(sql)?
            .exists((key, channel.as_str()))?;
        Ok(writes && self.address_on(key, channel)?.is_none())
    }

    /// Whether nothing speaks against two people being one.
    fn may_be_one(
        &self,
        lead: ContactKey,
        other: ContactKey,
        by: JoinedBy,
        policy: &Policy,
    ) -> Result<bool> {
        let (mine, theirs) = (self.members(lead)?, self.members(other)?);
        if mine.len() + theirs.len() > MOST {
            return Ok(false);
        }
        for (a, b) in pairs(&mine, &theirs) {
            if self.said_last(a, b)? == Some(JoinKind::Split) {
                return Ok(false);
            }
        }
        if by == JoinedBy::ContactId {
            return Ok(true); // a platform's id is one person's, whatever they call themselves
        }
        let search = self.search(policy)?;
        let all = |keys: &[ContactKey]| -> Result<Vec<Known>> {
            let rows = keys.iter().map(|key| search.row(*key));
            let rows: Vec<Option<Row>> = rows.collect::<Result<_>>()?;
            Ok(rows.into_iter().flatten().map(|row| row.known).collect())
        };
        Ok(agree(&all(&mine)?, &all(&theirs)?, by))
    }
}

impl Search<'_> {
    fn alike(&self, key: ContactKey) -> Result<Vec<(ContactKey, JoinedBy)>> {
        let Some(mine) = self.row(key)? else {
            return Ok(Vec::new());
        };
        let mut alike = Vec::new();
        for by in &self.policy.join_by {
            let found = match by {
                JoinedBy::Phone => self.by_number(key, &mine)?,
                JoinedBy::Email => self.by_email(key, &mine)?,
                JoinedBy::ContactId => self.by_id(key, &mine)?,
                JoinedBy::Operator => Vec::new(),
            };
            alike.extend(found.into_iter().map(|other| (other, *by)));
        }
        Ok(alike)
    }

    fn by_number(&self, key: ContactKey, mine: &Row) -> Result<Vec<ContactKey>> {
        let mut found = Vec::new();
        for number in &mine.known.numbers {
            for known_by in self.store.number_keys(number)? {
                let mut others = self.store.keys([BY_PHONE], &known_by, key)?;
                if self.has_addresses {
                    others.extend(self.store.keys([BY_NUMBER], &known_by, key)?);
                }
                for other in others {
                    let theirs = self.row(other)?;
                    if theirs.is_some_and(|row| row.known.numbers.contains(number)) {
                        found.push(other);
                    }
                }
            }
        }
        Ok(found)
    }

    fn by_email(&self, key: ContactKey, mine: &Row) -> Result<Vec<ContactKey>> {
        match &mine.known.email {
            Some(email) if email.contains('@') => self.store.keys([BY_EMAIL], email, key),
            _ => Ok(Vec::new()),
        }
    }

    /// One's address on a channel is the other's, or the other's id, by which they write on that channel.
    fn by_id(&self, key: ContactKey, mine: &Row) -> Result<Vec<ContactKey>> {
        let mut found = Vec::new();
        if !self.has_addresses {
            return Ok(found);
        }
        for (channel, address) in mine.addresses.iter().filter(|(c, _)| BY_ID.contains(c)) {
            for other in self.store.keys([BY_ADDRESS], address, key)? {
                if self.store.address_on(other, *channel)?.as_ref() == Some(address) {
                    found.push(other);
                }
            }
            if let Some(other) = self.store.row_of(address)?.filter(|other| *other != key)
                && self.store.writes_as(other, *channel)?
            {
                found.push(other);
            }
        }
        for other in self.store.keys([BY_ADDRESS], &mine.contact_id, key)? {
            for channel in BY_ID {
                if self.store.address_on(other, channel)?.as_ref() == Some(&mine.contact_id)
                    && self.store.writes_as(key, channel)?
                {
                    found.push(other);
                }
            }
        }
        Ok(found)
    }

    fn row(&self, key: ContactKey) -> Result<Option<Row>> {
        let sql = "SELECT contact_id, name, phone, email FROM contacts WHERE id = ?1";
        let mut statement = self.store.connection.prepare_cached(sql)?;
        let found = statement.query_row([key], |row| {
            let email: Option<String> = row.get(3)?;
            Ok(Row {
                contact_id: row.get(0)?,
                phone: row.get(2)?,
                known: Known {
                    name: row.get(1)?,
                    email: email
                        .map(|e| e.trim().to_lowercase())
                        .filter(|e| !e.is_empty()),
                    numbers: Vec::new(),
                },
                addresses: Vec::new(),
            })
        });
        let Some(mut row) = found.optional()? else {
            return Ok(None);
        };
        if self.has_addresses {
            let sql = "SELECT channel, address FROM addresses WHERE contact = ?1";
            let mut statement = self.store.connection.prepare_cached(sql)?;
            for address in statement.query_map([key], |row| Ok((named(row, 0)?, row.get(1)?)))? {
                row.addresses.push(address?);
            }
        }
        let is_number = |channel: Channel| matches!(channel, Channel::Sms | Channel::Whatsapp);
        let addresses = row.addresses.iter().filter(|(c, _)| is_number(*c));
        let given = row.phone.iter().chain(addresses.map(|(_, a)| a));
        let mut numbers: Vec<String> = given
            .filter_map(|n| number(n, self.policy.country))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        row.known.numbers = numbers;
        Ok(Some(row))
    }
}

/// Names must not differ; where one has none, neither must what else tells people apart.
fn agree(mine: &[Known], theirs: &[Known], by: JoinedBy) -> bool {
    let mut named = false;
    for (a, b) in mine.iter().flat_map(|a| theirs.iter().map(move |b| (a, b))) {
        let (Some(one), Some(other)) = (&a.name, &b.name) else {
            continue;
        };
        match names_agree(one, other) {
            Some(false) => return false,
            Some(true) => named = true,
            None => {}
        }
    }
    if named {
        return true;
    }
    fn of(known: &[Known], by: JoinedBy) -> Vec<&String> {
        match by {
            JoinedBy::Phone => known.iter().filter_map(|k| k.email.as_ref()).collect(),
            _ => known.iter().flat_map(|k| &k.numbers).collect(),
        }
    }
    let (mine, theirs) = (of(mine, by), of(theirs, by));
    mine.is_empty() || theirs.is_empty() || mine.iter().any(|value| theirs.contains(value))
}

/// A number in E.164. Mexico's mobile numbers have a 1 behind the country on WhatsApp, and none elsewhere.
fn number(given: &str, country: Option<Country>) -> Option<String> {
    let number = e164(given, country)?;
    Some(match number.strip_prefix("+521") {
        Some(rest) if rest.len() == 10 => format!("+52{rest}"),
        _ => number,
    })
}
