//! Whether a new contact's number or address is somebody's already (rule D21).

use anyhow::Result;
use rusqlite::CachedStatement;

use super::batch::Batch;
use super::contact::StoredContact;
use super::look_up::Pending;
use crate::store::Store;
use crate::store::numbers::{Numbering, number_keys};
use crate::store::schema::number_key;

const BY_PHONE: &str = concat!(
    "SELECT 1 FROM contacts WHERE phone IS NOT NULL AND ",
    number_key!("phone"),
    " = ?1"
);
const BY_EMAIL: &str = "SELECT 1 FROM contacts WHERE email = ?1 COLLATE NOCASE";
const BY_ADDRESS: &str = "SELECT 1 FROM addresses WHERE address = ?1";
const BY_NUMBER: &str = concat!(
    "SELECT 1 FROM addresses WHERE channel IN ('sms', 'whatsapp') AND ",
    number_key!("address"),
    " = ?1"
);

const ANY_FORMER: &str = "SELECT 1 FROM former_addresses LIMIT 1";
const BY_FORMER: &str = "SELECT 1 FROM former_addresses WHERE key = ?1";

/// What is asked for every new contact.
pub(super) struct Sharing<'a> {
    by_phone: CachedStatement<'a>,
    by_email: CachedStatement<'a>,
    by_address: CachedStatement<'a>,
    by_number: CachedStatement<'a>,
    /// Where any contact was reached elsewhere before.
    by_former: Option<CachedStatement<'a>>,
    numbering: Option<&'a Numbering>,
}

impl<'a> Sharing<'a> {
    pub(super) fn new(store: &'a Store) -> Result<Self> {
        let connection = &store.connection;
        Ok(Self {
            by_phone: connection.prepare_cached(BY_PHONE)?,
            by_email: connection.prepare_cached(BY_EMAIL)?,
            by_address: connection.prepare_cached(BY_ADDRESS)?,
            by_number: connection.prepare_cached(BY_NUMBER)?,
            by_former: match connection.prepare_cached(ANY_FORMER)?.exists([])? {
                true => Some(connection.prepare_cached(BY_FORMER)?),
                false => None,
            },
            numbering: store.numbering()?,
        })
    }

    /// D21: whether a known contact has, or had, the phone number or an address of this new one.
    pub(super) fn shares_a_number(
        &mut self,
        find_contact: &mut CachedStatement<'_>,
        (batch, contact_id): (&Batch, &str),
        contact: &StoredContact,
        rows: &[Pending<'_>],
        has_addresses: bool,
    ) -> Result<bool> {
        let mut given: Vec<&str> = rows
            .iter()
            .filter_map(|p| batch.get(p.row.address))
            .collect();
        given.dedup();
        if rows.iter().any(|p| p.row.channel.has_own_ids()) {
            for address in &given {
                if StoredContact::find(find_contact, address)?.is_some() {
                    return Ok(true);
                }
            }
            given.push(contact_id);
        }
        if let Some(phone) = contact.phone.0.as_deref() {
            given.push(phone);
        }
        if let Some(email) = contact.email.0.as_deref()
            && (self.by_email.exists([email])? || self.had_before(email)?)
        {
            return Ok(true);
        }
        for given in given {
            if has_addresses && self.by_address.exists([given])? || self.had_before(given)? {
                return Ok(true);
            }
            for number in number_keys(given, self.numbering) {
                if self.had_before(&number)? {
                    return Ok(true);
                }
                if self.by_phone.exists([&number])?
                    || has_addresses && self.by_number.exists([&number])?
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a known contact was reached there before.
    fn had_before(&mut self, address: &str) -> Result<bool> {
        match &mut self.by_former {
            Some(by_former) => Ok(by_former.exists([address.to_ascii_lowercase()])?),
            None => Ok(false),
        }
    }
}
