//! Sources that are fetched from a URL: calendars and tables of bookings.

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::Context;
use super::import::{Asked, outcome_of};
use crate::config::{SourceConfig, SourceUrl};
use crate::error::Outcome;
use crate::intake::{Intake, Sight, Taken};
use crate::model::Timestamp;
use crate::sync::{Around, Patience, SyncError, download};

/// What became of one.
#[derive(Debug, Default)]
pub(super) struct Downloaded {
    pub(super) taken: Taken,
    /// Why nothing was taken; what is known stays, and grows old.
    pub(super) error: Option<(String, Outcome)>,
}

impl Downloaded {
    pub(super) fn outcome(&self) -> Outcome {
        match &self.error {
            Some((_, outcome)) => *outcome,
            None => outcome_of(&self.taken),
        }
    }
}

impl Context<'_> {
    /// Fetches one source. What fails is said.
    pub(super) fn download_one(
        &mut self,
        intake: &Intake<'_>,
        (source, url): (&SourceConfig, &SourceUrl),
        clock: &(dyn Fn() -> Timestamp + Sync),
        patience: Patience,
        asked: Asked,
    ) -> Result<Downloaded> {
        let name = &source.name;
        let failed = |context: &mut Self, words: String, outcome| {
            let whole = format!("source {name} could not be fetched: {words}");
            context.complain(&anyhow::anyhow!(whole));
            Downloaded {
                error: Some((words, outcome)),
                ..Downloaded::default()
            }
        };
        let url = match url.resolve(self.environment) {
            Ok(url) => url,
            Err(words) => return Ok(failed(self, words, Outcome::Config)),
        };
        let place = place(&url);
        let account = intake.download_account(source, &place);
        let cursor = intake.store.cursor_of(name, &account)?;
        let stop = intake.stop;
        let around = Around { clock, stop };
        let got = match download(&url, cursor.as_deref(), intake.config, around, patience) {
            Ok(got) => got,
            Err(error) => {
                let outcome = match error {
                    // It may have been moved, or be back soon: what is known grows old meanwhile.
                    SyncError::Refused { .. } => Outcome::TryLater,
                    _ => error.outcome(),
                };
                return Ok(failed(self, error.to_string(), outcome));
            }
        };
        let taken = self.take(name, asked, |see: &mut dyn FnMut(Sight<'_>)| {
            intake.downloaded(got, source, &place, see)
        });
        match taken {
            Ok(taken) => Ok(Downloaded { taken, error: None }),
            Err(error) => {
                let outcome = crate::error::outcome_of(&error);
                self.complain(&error);
                Ok(Downloaded {
                    error: Some((format!("{error:#}"), outcome)),
                    ..Downloaded::default()
                })
            }
        }
    }
}

/// What stands for a URL where it is remembered: it may be a secret.
fn place(url: &str) -> String {
    let digest = Sha256::digest(url.as_bytes());
    let digest = digest.iter().take(8).map(|b| format!("{b:02x}"));
    format!("url:{}", digest.collect::<String>())
}
