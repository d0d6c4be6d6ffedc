//! The commands that read a mailbox, and what is made of their answers. Folders are opened to be read (EXAMINE), and
//! emails are fetched without being marked as seen (BODY.PEEK).

use std::num::NonZeroU32;

use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::core::{AString, Charset, Vec1};
use imap_next::imap_types::datetime::NaiveDate;
use imap_next::imap_types::fetch::{
    MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName,
};
use imap_next::imap_types::flag::FlagNameAttribute;
use imap_next::imap_types::mailbox::{ListMailbox, Mailbox};
use imap_next::imap_types::response::{Code, Data, StatusKind};
use imap_next::imap_types::search::SearchKey;
use imap_next::imap_types::sequence::{Sequence, SequenceSet};

use super::folders::{Listed, decoded, encoded};
use super::session::{LONGEST_ANSWER, Session, Told, unwritable};
use crate::model::Timestamp;
use crate::sync::SyncError;

/// More folders are not looked at.
const MOST_LISTED: usize = 10_000;

/// A folder that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opened {
    /// Its numbers of emails hold as long as this stays the same.
    pub(super) validity: u32,
    /// The number that the next email will have, where the server tells.
    pub(super) next: Option<u32>,
}

/// An email, or its beginning.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Its number in the folder.
    pub(super) uid: u32,
    /// As it is written; `None` when the server does not give it.
    pub(super) raw: Option<Vec<u8>>,
    /// How long all of it is, where the server tells.
    pub(super) size: Option<u32>,
    /// When the server got it.
    pub(super) arrived_at: Option<Timestamp>,
}

/// What is wanted of a search.
pub(super) struct Wanted<'w> {
    /// Emails with this number and above.
    pub(super) from_uid: u32,
    /// Those that came on this day or later.
    pub(super) since: Option<chrono::NaiveDate>,
    /// Those from or to one of these addresses; empty for all.
    pub(super) with: &'w [&'w str],
}

impl Session<'_> {
    /// The folders that there are.
    ///
    /// # Errors
    /// When the server does not say.
    pub(super) fn list(&mut self) -> Result<Vec<Listed>, SyncError> {
        let body = CommandBody::List {
            reference: mailbox("")?,
            mailbox_wildcard: ListMailbox::try_from("*").map_err(|_| unwritable())?,
        };
        let mut listed = Vec::new();
        self.well(body, &mut |told| {
            if let Told::Data(Data::List { items, mailbox, .. }) = told
                && listed.len() < MOST_LISTED
                && !items.contains(&FlagNameAttribute::Noselect)
            {
                let name = match &mailbox {
                    Mailbox::Inbox => "INBOX".to_owned(),
                    Mailbox::Other(other) => decoded(&String::from_utf8_lossy(other.as_ref())),
                };
                let is_sent =
                    |item: &FlagNameAttribute<'_>| item.to_string().eq_ignore_ascii_case("\\Sent");
                let is_sent = items.iter().any(is_sent);
                listed.push(Listed { name, is_sent });
            }
            false
        })?;
        Ok(listed)
    }

    /// Opens a folder to read it; `None` when the server does not.
    ///
    /// # Errors
    /// When there is no clear answer.
    pub(super) fn examine(&mut self, folder: &str) -> Result<Result<Opened, String>, SyncError> {
        let (mut validity, mut next) = (None, None);
        let body = CommandBody::Examine {
            mailbox: mailbox(&encoded(folder))?,
        };
        let answer = self.command(body, "", &mut |told| {
            match told {
                Told::Code(Code::UidValidity(number)) => validity = Some(number.get()),
                Told::Code(Code::UidNext(number)) => next = Some(number.get()),
                _ => {}
            }
            false
        })?;
        if answer.kind != StatusKind::Ok {
            return Ok(Err(self.words(&answer.text)));
        }
        match validity {
            Some(validity) => Ok(Ok(Opened { validity, next })),
            None => Err(SyncError::Later(format!(
                "the mail server gives the emails in {folder} no lasting numbers (UIDVALIDITY)"
            ))),
        }
    }

    /// The numbers of emails in the open folder, ascending.
    ///
    /// # Errors
    /// When there is no clear answer.
    pub(super) fn search(&mut self, wanted: &Wanted<'_>) -> Result<Vec<u32>, SyncError> {
        let from = NonZeroU32::new(wanted.from_uid).unwrap_or(NonZeroU32::MIN);
        let mut criteria = Vec1::from(SearchKey::Uid(SequenceSet::from(from..)));
        if let Some(since) = wanted.since {
            let since = NaiveDate::try_from(since).map_err(|_| unwritable())?;
            criteria = joined(criteria, SearchKey::Since(since));
        }
        let mut charset = None;
        let mut with = None;
        for address in wanted.with {
            let text = || AString::try_from((*address).to_owned()).map_err(|_| unwritable());
            let of = SearchKey::Or(
                Box::new(SearchKey::From(text()?)),
                Box::new(SearchKey::To(text()?)),
            );
            with = Some(match with {
                None => of,
                Some(others) => SearchKey::Or(Box::new(others), Box::new(of)),
            });
            if !address.is_ascii() {
                charset = Some(Charset::try_from("UTF-8").map_err(|_| unwritable())?);
            }
        }
        if let Some(with) = with {
            criteria = joined(criteria, with);
        }
        let body = CommandBody::Search {
            charset,
            criteria,
            uid: true,
        };
        let mut found: Vec<u32> = Vec::new();
        self.well(body, &mut |told| {
            if let Told::Data(Data::Search(numbers)) = told {
                let numbers = numbers.into_iter().map(NonZeroU32::get);
                // `*` is the newest email, also when its number is lower.
                found.extend(numbers.filter(|uid| *uid >= wanted.from_uid));
                found.truncate(LONGEST_ANSWER as usize);
            }
            false
        })?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Fetches the first `length` bytes of emails of the open folder, each into `take`.
    ///
    /// # Errors
    /// When there is no clear answer.
    pub(super) fn fetch(
        &mut self,
        uids: &[u32],
        length: u32,
        take: &mut dyn FnMut(Fetched),
    ) -> Result<(), SyncError> {
        let numbers: Vec<NonZeroU32> = uids.iter().copied().filter_map(NonZeroU32::new).collect();
        let numbers = numbers.into_iter().map(Sequence::from).collect::<Vec<_>>();
        let Ok(sequence_set) = SequenceSet::try_from(numbers) else {
            return Ok(());
        };
        let length = NonZeroU32::new(length).unwrap_or(NonZeroU32::MIN);
        let names = vec![
            MessageDataItemName::Uid,
            MessageDataItemName::InternalDate,
            MessageDataItemName::Rfc822Size,
            MessageDataItemName::BodyExt {
                section: None,
                partial: Some((0, length)),
                peek: true,
            },
        ];
        let body = CommandBody::Fetch {
            sequence_set,
            macro_or_item_names: MacroOrMessageDataItemNames::MessageDataItemNames(names),
            uid: true,
        };
        let mut awaited: Vec<u32> = uids.to_vec();
        self.well(body, &mut |told| {
            let Told::Data(Data::Fetch { items, .. }) = told else {
                return false;
            };
            let Some(fetched) = fetched(items) else {
                return false;
            };
            let Some(place) = awaited.iter().position(|uid| *uid == fetched.uid) else {
                return false; // news of another email, or the same one again
            };
            // The server may also tell of its flags before it gives it.
            let is_whole = fetched.raw.is_some();
            if is_whole {
                awaited.swap_remove(place);
                take(fetched);
            }
            is_whole
        })
    }
}

fn fetched(items: Vec1<MessageDataItem<'static>>) -> Option<Fetched> {
    let (mut uid, mut raw, mut size, mut arrived_at) = (None, None, None, None);
    for item in items.into_iter() {
        match item {
            MessageDataItem::Uid(number) => uid = Some(number.get()),
            MessageDataItem::Rfc822Size(number) => size = Some(number),
            MessageDataItem::InternalDate(at) => arrived_at = Some(at.as_ref().to_utc()),
            MessageDataItem::BodyExt {
                section: None,
                data,
                ..
            } => raw = data.into_option().map(std::borrow::Cow::into_owned),
            _ => {}
        }
    }
    Some(Fetched {
        uid: uid?,
        raw,
        size,
        arrived_at,
    })
}

fn joined<'k>(keys: Vec1<SearchKey<'k>>, key: SearchKey<'k>) -> Vec1<SearchKey<'k>> {
    let mut keys = keys.into_inner();
    keys.push(key.clone());
    Vec1::try_from(keys).unwrap_or_else(|_| Vec1::from(key))
}

fn mailbox(name: &str) -> Result<Mailbox<'static>, SyncError> {
    Mailbox::try_from(name.to_owned()).map_err(|_| unwritable())
}
