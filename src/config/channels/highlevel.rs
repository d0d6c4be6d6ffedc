use super::super::file::Table;
use super::super::findings::Findings;
use super::super::validate::Place;
use super::super::{SecretRef, secret_ref};
use super::{base_url, id};
use crate::model::Channel;

/// `[channels.CHANNEL.highlevel]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HighlevelSettings {
    /// The location (sub-account).
    pub location_id: String,
    /// A private integration's token, or an OAuth access token.
    pub token: SecretRef,
    /// For SMS: the number it is from, in E.164; by default the location's own.
    pub from_number: Option<String>,
    /// For email: the subject; by default the bot's name.
    pub subject: Option<String>,
    /// Where HighLevel is, without a slash at the end; default `https://services.leadconnectorhq.com`.
    pub base_url: String,
}

pub(in super::super) fn read(
    table: &mut Table<'_>,
    channel: Channel,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<HighlevelSettings> {
    let what = "a location's id, which is letters and digits, such as ve9EPM428h8vShlRW1KT";
    let location_id = table
        .required(
            "location_id",
            "location_id = \"ve9EPM428h8vShlRW1KT\"",
            findings,
        )
        .and_then(|text| text.parse(findings, id(what, |b| b.is_ascii_alphanumeric())));
    let token = secret_ref::required(table, "token", "HIGHLEVEL_TOKEN", place, findings);
    let from_number = match channel {
        Channel::Sms => table.parsed(
            "from_number",
            "from_number = \"+14155550100\"",
            findings,
            super::twilio::e164,
        ),
        _ => None,
    };
    let subject = match channel {
        Channel::Email => super::email::subject(table, findings),
        _ => None,
    };
    let base_url = base_url(table, "https://services.leadconnectorhq.com", findings);
    Some(HighlevelSettings {
        location_id: location_id?,
        token: token?,
        from_number,
        subject,
        base_url,
    })
}
