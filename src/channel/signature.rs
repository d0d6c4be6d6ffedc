//! Signed requests by the Standard Webhooks scheme: who receives one can tell that it is ours, fresh, and
//! unchanged, and by its id that it came before.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::Secret;
use crate::model::Timestamp;

/// The keys of one receiver: one, or two while they are being changed.
pub struct SigningKey {
    keys: Vec<Hmac<Sha256>>,
}

/// The secret is no signing secret; it is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a signing secret; it is whsec_ and at least 16 bytes in base64, as from: \
     echo whsec_$(head -c 32 /dev/urandom | base64)"
)]
pub struct SigningKeyError;

const SHORTEST: usize = 16;

impl SigningKey {
    /// Reads `whsec_` and base64; several are separated by spaces, and each signs.
    ///
    /// # Errors
    /// When it is anything else, or a key is shorter than 16 bytes.
    pub fn new(secret: &Secret) -> Result<Self, SigningKeyError> {
        let keys: Vec<_> = secret
            .expose()
            .split_whitespace()
            .map(key)
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(SigningKeyError);
        }
        Ok(Self { keys })
    }

    /// The three headers of a request with this id and body. The id is the same on every attempt.
    #[must_use]
    pub fn headers(&self, id: &str, now: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
        let timestamp = now.timestamp().to_string();
        let signatures: Vec<String> = self
            .keys
            .iter()
            .map(|key| {
                let mut mac = key.clone();
                for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
                    mac.update(part);
                }
                format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
            })
            .collect();
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signatures.join(" ")),
        ]
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

fn key(text: &str) -> Result<Hmac<Sha256>, SigningKeyError> {
    let text = text.strip_prefix("whsec_").unwrap_or(text);
    let bytes = STANDARD.decode(text).map_err(|_| SigningKeyError)?;
    if bytes.len() < SHORTEST {
        return Err(SigningKeyError);
    }
    Hmac::new_from_slice(&bytes).map_err(|_| SigningKeyError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(bytes: &[u8]) -> String {
        format!("whsec_{}", STANDARD.encode(bytes))
    }

    /// The value was computed with another program:
    /// `printf 'msg_1.1772442000.{"a":"ñ"}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef -binary | base64`
    #[test]
    fn s11_the_signature_is_the_one_that_another_program_makes() {
        let one = secret(b"0123456789abcdef0123456789abcdef");
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let sign = |text: &str| {
            let key = SigningKey::new(&Secret::new(text)).unwrap();
            key.headers("msg_1", now, "{\"a\":\"ñ\"}".as_bytes())
        };
        let [id, timestamp, signature] = sign(&one);
        assert_eq!(id, ("webhook-id", "msg_1".to_owned()));
        assert_eq!(timestamp, ("webhook-timestamp", "1772442000".to_owned()));
        assert_eq!(
            signature.1,
            "v1,uVbaf3zJi5ApSDa0iSi2JjG/ttOGK5Uj1MVVbkV66qs="
        );

        let two = format!("{one} {}", secret(b"another key, as long"));
        let [_, _, both] = sign(&two);
        assert!(both.1.starts_with(&format!("{} v1,", signature.1)));
    }

    #[test]
    fn s11_what_is_no_key_is_refused_without_being_shown() {
        for text in [
            "hunter2",
            "whsec_",
            "whsec_hunter2!",
            "whsec_aHVudGVyMg==",
            " ",
        ] {
            let error = SigningKey::new(&Secret::new(text)).unwrap_err();
            assert!(!format!("{error}{error:?}").contains("hunter2"));
        }
    }
}
