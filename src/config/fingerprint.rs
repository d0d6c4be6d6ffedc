use sha2::{Digest, Sha256};

use super::Config;

/// Changes when decisions may change: with the policy, the words of the detector, the zone rules and the
/// version of this program. The stored `wake_at` is rebuilt when it does.
#[must_use]
pub fn fingerprint(config: &Config) -> String {
    let shaping = format!(
        "{}\n{}\n{:?}\n{:?}\n{}",
        env!("CARGO_PKG_VERSION"),
        crate::zone::database_version(),
        config.policy,
        config.stop.opt_out_words,
        config.bot.language_tag,
    );
    let digest = Sha256::digest(shaping.as_bytes());
    digest[..16].iter().map(|b| format!("{b:02x}")).collect()
}
