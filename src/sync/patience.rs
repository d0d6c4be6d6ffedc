//! How long a source is waited for, and how the waiting ends.

use std::sync::mpsc::channel;
use std::time::Duration;

use chrono::TimeDelta;

use super::SyncError;
use crate::model::Timestamp;

/// How long a source may take to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often one request is made at most.
    pub attempts: u32,
    /// How long one wait may be, whatever the provider asks for.
    pub longest_wait: Duration,
    /// When the whole must be over.
    pub until: Option<Timestamp>,
}

impl Patience {
    /// For pulling what is new.
    #[must_use]
    pub const fn to_sync(until: Option<Timestamp>) -> Self {
        Self {
            attempts: 5,
            longest_wait: Duration::from_secs(60),
            until,
        }
    }

    /// For a question on which a message waits.
    #[must_use]
    pub const fn to_look() -> Self {
        Self {
            attempts: 2,
            longest_wait: Duration::from_secs(15),
            until: None,
        }
    }
}

/// What a client knows of the world around it.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Tells the time.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Whether somebody wants an end: then nothing more is asked, and no wait goes on.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// How often a wait looks whether it is to end.
pub(super) const GLANCE: Duration = Duration::from_millis(100);

/// The first pause after a failure; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Waits for one provider.
#[derive(Clone, Copy)]
pub(super) struct Waiter<'a> {
    pub(super) provider: &'static str,
    pub(super) around: Around<'a>,
    pub(super) patience: Patience,
}

impl Waiter<'_> {
    /// The present.
    pub(super) fn now(&self) -> Timestamp {
        (self.around.clock)()
    }

    /// How long to pause before the next attempt.
    pub(super) fn backoff(&self, attempt: u32) -> Duration {
        let most = FIRST_PAUSE * 2u32.saturating_pow(attempt.saturating_sub(1).min(10));
        // Between half of it and all of it, so that many who fail together do not come back together.
        let chance = xxhash_rust::xxh3::xxh3_64(&self.now().timestamp_micros().to_le_bytes());
        most / 2 + (most / 2).mul_f64((chance % 1000) as f64 / 1000.0)
    }

    /// Waits, if that is not too long.
    pub(super) fn pause(&self, wait: Duration, reason: &str) -> Result<(), SyncError> {
        if wait > self.patience.longest_wait {
            return Err(SyncError::Later(format!(
                "{}: {reason}; it asks us to wait {} s",
                self.provider,
                wait.as_secs()
            )));
        }
        self.in_time(wait, reason)?;
        let (_keep, never) = channel::<()>();
        let mut left = wait;
        while !left.is_zero() {
            self.in_time(Duration::ZERO, reason)?;
            let glance = left.min(GLANCE);
            // Nobody ever sends: this is a wait.
            let _ = never.recv_timeout(glance);
            left -= glance;
        }
        Ok(())
    }

    /// Whether so long a wait would still be in time.
    pub(super) fn in_time(&self, wait: Duration, reason: &str) -> Result<(), SyncError> {
        if (self.around.stop)() {
            return Err(SyncError::Later("stopped before its end".to_owned()));
        }
        let then = self.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        match self.patience.until {
            Some(until) if then > until => {
                Err(SyncError::Later(format!("{}: {reason}", self.provider)))
            }
            _ => Ok(()),
        }
    }
}
