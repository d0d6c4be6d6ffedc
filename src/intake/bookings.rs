//! Appointments: a file's, or what a URL gives.

use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result};

use super::{Intake, Sight, Taken};
use crate::config::{Format, SourceConfig};
use crate::import::{SourceSettings, read_bookings};
use crate::model::Timestamp;
use crate::store::{BookingIds, BookingSource, SyncCursor};
use crate::sync::Download;

/// Keeps, with the appointments, how far the source has been read: told its row, and how many rows were left out.
type Remember<'r> = dyn Fn(i64, u64) -> Result<()> + 'r;

impl Intake<'_> {
    /// Takes in what a source's URL gave; `place` stands for the URL.
    ///
    /// # Errors
    /// As [`Intake::file`].
    pub fn downloaded(
        &self,
        download: Download,
        source: &SourceConfig,
        place: &str,
        see: &mut dyn FnMut(Sight<'_>),
    ) -> Result<Taken> {
        let as_of = self.as_of.unwrap_or(self.now);
        let Download::Changed { body, cursor } = download else {
            let id = self.store.source(&source.name)?;
            let complete = || self.store.source_complete(id, as_of, None);
            self.store.durably(complete)?;
            return Ok(Taken {
                unchanged: true,
                ..Taken::default()
            });
        };
        let settings = SourceSettings::from(source);
        let format = settings.format.unwrap_or(Format::Icalendar);
        let account = self.download_account(source, place);
        let cursor = SyncCursor {
            account: &account,
            cursor: &cursor,
        };
        let remember = |source, _| {
            self.store.set_cursor(source, cursor)?;
            self.store.source_complete(source, as_of, None)
        };
        let (body, of) = (Cursor::new(body), (source.name.as_str(), place, as_of));
        self.bookings(body, format, &settings, of, &remember, see)
            .with_context(|| format!("failed to import source {}", source.name))
    }

    /// What a URL's cursor belongs to: read in another way, it is read anew.
    #[must_use]
    pub fn download_account(&self, source: &SourceConfig, place: &str) -> String {
        let read_with = self.read_with(&SourceSettings::from(source));
        format!("{place} {read_with:016x}")
    }

    /// Takes in appointments: all of a file at once, or nothing of it.
    pub(super) fn bookings(
        &self,
        input: impl Read + Send + 'static,
        format: Format,
        settings: &SourceSettings,
        (name, file, as_of): (&str, &str, Timestamp),
        remember: &Remember<'_>,
        see: &mut dyn FnMut(Sight<'_>),
    ) -> Result<Taken> {
        let mut settings = settings.clone();
        if format == Format::Icalendar {
            // A calendar's times without a zone are those of whoever keeps it.
            let own = &self.config.bot.zone;
            settings.timezone = settings.timezone.or_else(|| Some(own.clone()));
        }
        let bookings = read_bookings(input, format, &settings).map_err(|e| self.failure(e))?;
        for error in &bookings.rejected {
            see(Sight::Rejected(error));
        }
        let rejected = u64::try_from(bookings.rejected.len()).unwrap_or(u64::MAX);
        let source = self.store.source(name)?;
        let from = BookingSource {
            source,
            file,
            as_of,
            country: self.config.bot.country,
            ids: match format {
                Format::Icalendar if self.config.sources.iter().any(|s| s.name == name) => {
                    BookingIds::Kept
                }
                Format::Icalendar => BookingIds::Lent,
                _ => BookingIds::OfSource,
            },
        };
        let (records, is_whole) = (&bookings.records, bookings.is_whole);
        let taken = self.store.durably(|| {
            let taken = self.store.take_bookings(&from, records, is_whole)?;
            remember(source, rejected)?;
            Ok(taken)
        })?;
        Ok(Taken {
            bookings: taken,
            rejected,
            ..Taken::default()
        })
    }
}

/// The format of a file of appointments; `None` for all others.
pub(super) fn bookings_format(path: &Path, settings: &SourceSettings) -> Option<Format> {
    match settings.format {
        None => Format::of_calendar(path).then_some(Format::Icalendar),
        format => format.filter(|f| Format::BOOKINGS.contains(f)),
    }
}
