use super::super::file::Table;
use super::super::findings::Findings;
use super::super::validate::Place;
use super::super::{SecretRef, secret_ref};
use super::base_url;

/// `[channels.telegram.telegram]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelegramSettings {
    /// The bot's token, as BotFather gives it.
    pub bot_token: SecretRef,
    /// Where Telegram is, without a slash at the end; default `https://api.telegram.org`.
    pub base_url: String,
}

pub(in super::super) fn read(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<TelegramSettings> {
    let bot_token = secret_ref::required(table, "bot_token", "TELEGRAM_BOT_TOKEN", place, findings);
    let base_url = base_url(table, "https://api.telegram.org", findings);
    Some(TelegramSettings {
        bot_token: bot_token?,
        base_url,
    })
}
