//! What an HTTP answer, or the lack of one, says about a message (rule X4).

use super::SendError;
use crate::http::{Answer, Broken};
use crate::model::Timestamp;

impl From<Broken> for SendError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Forbidden(reason) => Self::Credentials { reason },
            Broken::NotSent(reason) => Self::Retry {
                after: None,
                reason,
            },
            Broken::Unclear(reason) => Self::Unknown { reason },
        }
    }
}

impl Answer {
    /// What a status that is no success says by itself (rule X4), for a provider that says no more. `words` are
    /// the provider's own.
    #[must_use]
    pub fn verdict(&self, words: &str, now: Timestamp) -> SendError {
        let status = self.status;
        let reason = if words.is_empty() {
            format!("HTTP {status}")
        } else {
            format!("HTTP {status}: {words}")
        };
        match status {
            429 => SendError::Retry {
                after: self.retry_after(now),
                reason,
            },
            503 => match self.retry_after(now) {
                Some(wait) => SendError::Retry {
                    after: Some(wait),
                    reason,
                },
                None => SendError::Unknown { reason },
            },
            401 | 403 => SendError::Credentials { reason },
            404 | 405 | 410 => SendError::Credentials {
                reason: format!("{reason}; is the URL right?"),
            },
            301 | 302 | 307 | 308 => SendError::Credentials {
                reason: format!("{reason}; a redirect is never followed, set the final URL"),
            },
            408 | 425 => SendError::Unknown { reason },
            400..=499 => SendError::Refused { reason },
            _ => SendError::Unknown { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x4_each_status_is_of_one_kind() {
        for (status, wait, kind) in [
            (429, None, "retry"),
            (429, Some("5"), "retry"),
            (503, Some("5"), "retry"),
            (503, None, "unknown"),
            (500, None, "unknown"),
            (502, Some("5"), "unknown"),
            (504, None, "unknown"),
            (408, None, "unknown"),
            (303, None, "unknown"),
            (304, None, "unknown"),
            (301, None, "credentials"),
            (308, None, "credentials"),
            (401, None, "credentials"),
            (403, None, "credentials"),
            (404, None, "credentials"),
            (410, None, "credentials"),
            (400, None, "refused"),
            (422, None, "refused"),
        ] {
            let verdict = Answer::sample(status, wait)
                .verdict("words", "2026-03-02T09:00:00Z".parse().unwrap());
            assert_eq!(verdict.kind(), kind, "{status}");
            assert!(verdict.to_string().contains("words"));
        }
    }
}
