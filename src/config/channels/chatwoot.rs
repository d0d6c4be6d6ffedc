use super::super::file::Table;
use super::super::findings::Findings;
use super::super::validate::Place;
use super::super::{SecretRef, secret_ref};
use super::{base_url, id};

/// `[channels.CHANNEL.chatwoot]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatwootSettings {
    /// The account's number.
    pub account_id: String,
    /// An agent's or an agent bot's token.
    pub api_access_token: SecretRef,
    /// Where Chatwoot is, without a slash at the end; default `https://app.chatwoot.com`.
    pub base_url: String,
}

pub(in super::super) fn read(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<ChatwootSettings> {
    let what = "an account's number, as it stands in Chatwoot's address: /app/accounts/1";
    let account_id = table
        .required("account_id", "account_id = \"1\"", findings)
        .and_then(|text| text.parse(findings, id(what, |b| b.is_ascii_digit())));
    let api_access_token = secret_ref::required(
        table,
        "api_access_token",
        "CHATWOOT_ACCESS_TOKEN",
        place,
        findings,
    );
    let base_url = base_url(table, "https://app.chatwoot.com", findings);
    Some(ChatwootSettings {
        account_id: account_id?,
        api_access_token: api_access_token?,
        base_url,
    })
}
