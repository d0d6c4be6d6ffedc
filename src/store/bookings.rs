//! Appointments as the sources tell them (rule D5). They are kept as they are, with what they say of whom they are
//! with: which contact that is, is found when a contact is looked at. So it makes no difference which came first.

use anyhow::Result;
use rusqlite::{OptionalExtension, params};

use super::erasure::Suppressions;
use super::numbers::{Numbering, number_keys};
use super::rows::named;
use super::schema::comparable_number;
use super::threads::{BY_EMAIL, BY_NUMBER, BY_PHONE};
use super::{ContactKey, Store, micros, time};
use crate::import::BookingRecord;
use crate::model::{Booking, BookingStatus, Channel, Contact, Country, Timestamp, e164};

/// What an import of appointments did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BookingsTaken {
    /// Appointments that were new.
    pub new: u64,
    /// Appointments that were moved, called off, or made again.
    pub changed: u64,
    /// Appointments to come that a calendar has no longer: called off.
    pub gone: u64,
}

/// Where appointments come from.
#[derive(Debug, Clone, Copy)]
pub struct BookingSource<'a> {
    /// The row of the source.
    pub source: i64,
    /// The file of it, as it is remembered.
    pub file: &'a str,
    /// Up to when it is complete.
    pub as_of: Timestamp,
    /// Where phone numbers without a country belong.
    pub country: Option<Country>,
    /// How far their ids reach.
    pub ids: BookingIds,
}

/// How far the ids of a source's appointments reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingIds {
    /// They are the source's own.
    OfSource,
    /// They are those of a calendar, alike wherever it is read: a file that was given by hand tells of the same
    /// appointments as the source that has them.
    Lent,
    /// The same, of a configured source: the appointments are its own from now on.
    Kept,
}

/// What is stored of an appointment.
struct Stored {
    id: i64,
    booked_at: i64,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    cancelled_at: Option<i64>,
    status: BookingStatus,
    seen_at: i64,
}

pub(super) const BOOKINGS: &str = "SELECT b.id, s.name, b.uid, b.status, b.booked_at, b.starts_at, b.ends_at, \
    b.cancelled_at FROM booking_keys k JOIN bookings b ON b.id = k.booking JOIN sources s ON s.id = b.source \
    WHERE k.key = ?1";

/// A row of [`BOOKINGS`].
pub(super) fn booking(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Booking)> {
    let maybe = |n| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(n)?.map(time));
    let booking = Booking {
        source: row.get(1)?,
        id: row.get(2)?,
        status: named(row, 3)?,
        booked_at: time(row.get(4)?),
        starts_at: maybe(5)?,
        ends_at: maybe(6)?,
        cancelled_at: maybe(7)?,
    };
    Ok((row.get(0)?, booking))
}

/// What a contact's appointments are found by.
pub(super) fn keys_of(contact: &Contact, numbering: Option<&Numbering>) -> Vec<String> {
    let mut keys = vec![id_key(&contact.contact_id)];
    let numbers = contact.addresses.iter();
    let numbers = numbers.filter(|(c, _)| matches!(c, Channel::Sms | Channel::Whatsapp));
    keys.extend(
        contact
            .phone
            .iter()
            .chain(numbers.map(|(_, a)| a))
            .flat_map(|n| number_keys(n, numbering))
            .filter_map(|n| number_key(&n)),
    );
    let emails = contact
        .addresses
        .iter()
        .filter(|(c, _)| *c == Channel::Email);
    keys.extend(
        contact
            .email
            .iter()
            .chain(emails.map(|(_, a)| a))
            .map(|e| email_key(e)),
    );
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn id_key(id: &str) -> String {
    format!("id:{id}")
}

fn number_key(number: &str) -> Option<String> {
    let number = comparable_number(number);
    (number.len() >= 7).then(|| format!("tel:{number}"))
}

fn email_key(email: &str) -> String {
    format!("mail:{}", email.trim().to_lowercase())
}

impl Store {
    /// Whether any appointments are known.
    pub(super) fn has_bookings(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM bookings LIMIT 1";
        Ok(self.connection.prepare_cached(sql)?.exists([])?)
    }

    /// Inside [`Store::durably`]: stores what a file says of appointments. Of a whole calendar, those to come that are
    /// in it no longer are called off.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn take_bookings(
        &self,
        from: &BookingSource<'_>,
        records: &[BookingRecord],
        is_whole: bool,
    ) -> Result<BookingsTaken> {
        let suppressions = Suppressions::load(self)?;
        let mut taken = BookingsTaken::default();
        for record in records {
            let made_at = record.created_at.unwrap_or(from.as_of);
            let identifiers = record
                .phones
                .iter()
                .chain(&record.emails)
                .chain(&record.contact_ids);
            let forgotten = suppressions.find("", identifiers.map(String::as_str));
            if forgotten.is_none_or(|f| f.forgotten_at < micros(made_at)) {
                self.take_booking(from, record, &mut taken)?;
            }
        }
        if is_whole {
            let sql = "SELECT id FROM bookings WHERE source = ?1 AND file = ?2 AND seen_at < ?3 \
                       AND cancelled_at IS NULL AND (ends_at IS NULL OR ends_at > ?3)";
            let mut statement = self.connection.prepare_cached(sql)?;
            let as_of = micros(from.as_of);
            let gone = statement.query_map((from.source, from.file, as_of), |row| row.get(0))?;
            let gone: Vec<i64> = gone.collect::<rusqlite::Result<_>>()?;
            for id in gone {
                let sql = "UPDATE bookings SET cancelled_at = ?2, status = 'cancelled', seen_at = ?2 WHERE id = ?1";
                self.connection.prepare_cached(sql)?.execute((id, as_of))?;
                self.awaken_booked(id)?;
                taken.gone += 1;
            }
        }
        Ok(taken)
    }

    fn take_booking(
        &self,
        from: &BookingSource<'_>,
        record: &BookingRecord,
        taken: &mut BookingsTaken,
    ) -> Result<()> {
        let as_of = micros(from.as_of);
        let (starts_at, ends_at) = (record.starts_at.map(micros), record.ends_at.map(micros));
        let is_cancelled = record.status == BookingStatus::Cancelled;
        let changed_at = record.updated_at.map_or(as_of, micros);
        let known = match self.stored_booking(from.source, &record.id)? {
            None => self.booking_elsewhere(from, &record.id)?,
            found => found,
        };
        let Some(known) = known else {
            let sql = "INSERT INTO bookings (source, uid, file, status, booked_at, starts_at, ends_at, cancelled_at, \
                       seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            let booked_at = record.created_at.map_or(as_of, micros);
            self.connection.prepare_cached(sql)?.execute(params![
                from.source,
                record.id,
                from.file,
                record.status.as_str(),
                booked_at.min(as_of),
                starts_at,
                ends_at,
                is_cancelled.then_some(changed_at),
                as_of,
            ])?;
            let id = self.connection.last_insert_rowid();
            self.set_booking_keys(id, from, record)?;
            taken.new += 1;
            return self.awaken_booked(id);
        };
        if known.seen_at > as_of {
            return Ok(()); // an older export
        }
        let was_cancelled = known.cancelled_at.is_some();
        let is_moved = known.starts_at != starts_at;
        // Moved to another time, or made again, it counts from then.
        let booked_at = if is_moved || (was_cancelled && !is_cancelled) {
            changed_at.max(known.booked_at)
        } else {
            known.booked_at
        };
        let cancelled_at = match (is_cancelled, known.cancelled_at) {
            (false, _) => None,
            (true, Some(at)) => Some(at),
            (true, None) => Some(changed_at.max(known.booked_at)),
        };
        let sql = "UPDATE bookings SET file = iif(source = ?9, ?2, file), status = ?3, booked_at = ?4, starts_at = ?5, ends_at = ?6, \
                   cancelled_at = ?7, seen_at = ?8 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![
            known.id,
            from.file,
            record.status.as_str(),
            booked_at,
            starts_at,
            ends_at,
            cancelled_at,
            as_of,
            from.source,
        ])?;
        let is_news = is_moved
            || known.ends_at != ends_at
            || known.cancelled_at != cancelled_at
            || known.status != record.status;
        if is_news {
            self.awaken_booked(known.id)?; // also those that it is with no longer
        }
        if self.set_booking_keys(known.id, from, record)? || is_news {
            self.awaken_booked(known.id)?;
        }
        taken.changed += u64::from(is_news);
        Ok(())
    }

    /// An appointment of a calendar that another source has.
    fn booking_elsewhere(&self, from: &BookingSource<'_>, uid: &str) -> Result<Option<Stored>> {
        // A number such as `7` is no calendar's idea of an id for the whole world.
        let is_worldwide = uid.len() >= 16 || uid.contains('@');
        if from.ids == BookingIds::OfSource || !is_worldwide {
            return Ok(None);
        }
        let sql = "SELECT source FROM bookings WHERE uid = ?1 ORDER BY seen_at DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([uid], |row| row.get(0)).optional()?;
        let Some(source) = found else {
            return Ok(None);
        };
        if from.ids == BookingIds::Lent {
            return self.stored_booking(source, uid);
        }
        let sql = "UPDATE bookings SET source = ?1, file = ?2 WHERE source = ?3 AND uid = ?4";
        self.connection
            .prepare_cached(sql)?
            .execute((from.source, from.file, source, uid))?;
        self.stored_booking(from.source, uid)
    }

    fn stored_booking(&self, source: i64, uid: &str) -> Result<Option<Stored>> {
        let sql = "SELECT id, booked_at, starts_at, ends_at, cancelled_at, status, seen_at FROM bookings \
                   WHERE source = ?1 AND uid = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row((source, uid), |row| {
            Ok(Stored {
                id: row.get(0)?,
                booked_at: row.get(1)?,
                starts_at: row.get(2)?,
                ends_at: row.get(3)?,
                cancelled_at: row.get(4)?,
                status: named(row, 5)?,
                seen_at: row.get(6)?,
            })
        });
        Ok(found.optional()?)
    }

    /// Sets what an appointment is found by; says whether that is news.
    fn set_booking_keys(
        &self,
        id: i64,
        from: &BookingSource<'_>,
        record: &BookingRecord,
    ) -> Result<bool> {
        let mut keys: Vec<String> = record.contact_ids.iter().map(|c| id_key(c)).collect();
        for phone in &record.phones {
            let spelt_out = e164(phone, from.country);
            keys.extend(spelt_out.as_deref().and_then(number_key));
            keys.extend(number_key(phone));
        }
        keys.extend(record.emails.iter().map(|e| email_key(e)));
        keys.sort_unstable();
        keys.dedup();
        let known = self.booking_keys(id)?;
        if known == keys {
            return Ok(false);
        }
        for key in known.iter().filter(|key| !keys.contains(key)) {
            let sql = "DELETE FROM booking_keys WHERE key = ?1 AND booking = ?2";
            self.connection.prepare_cached(sql)?.execute((key, id))?;
            self.awaken_by_key(key)?;
        }
        for key in &keys {
            let sql = "INSERT OR IGNORE INTO booking_keys (key, booking) VALUES (?1, ?2)";
            self.connection.prepare_cached(sql)?.execute((key, id))?;
        }
        Ok(true)
    }

    fn booking_keys(&self, id: i64) -> Result<Vec<String>> {
        let sql = "SELECT key FROM booking_keys WHERE booking = ?1 ORDER BY key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([id], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn awaken_booked(&self, id: i64) -> Result<()> {
        for key in self.booking_keys(id)? {
            self.awaken_by_key(&key)?;
        }
        Ok(())
    }

    fn awaken_by_key(&self, key: &str) -> Result<()> {
        let nobody: ContactKey = 0;
        let contacts = match key.split_once(':') {
            Some(("id", id)) => self.row_of(id)?.into_iter().collect(),
            Some(("tel", number)) => {
                let mut found = Vec::new();
                for key in self.number_keys(number)? {
                    found.extend(self.keys([BY_PHONE, BY_NUMBER], &key, nobody)?);
                }
                found
            }
            Some(("mail", email)) => self.keys([BY_EMAIL], email, nobody)?,
            _ => Vec::new(),
        };
        for contact in contacts {
            self.awaken(contact)?;
        }
        Ok(())
    }

    /// Inside a transaction: forgets a contact's appointments.
    pub(super) fn erase_bookings(&self, contact: &Contact) -> Result<()> {
        for key in keys_of(contact, self.numbering()?) {
            let sql = "DELETE FROM bookings WHERE id IN (SELECT booking FROM booking_keys WHERE key = ?1)";
            self.connection.prepare_cached(sql)?.execute([key])?;
        }
        let sql = "DELETE FROM booking_keys WHERE booking NOT IN (SELECT id FROM bookings)";
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}
