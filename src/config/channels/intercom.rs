use super::super::file::Table;
use super::super::findings::Findings;
use super::super::validate::Place;
use super::super::{SecretRef, secret_ref};
use super::{base_url, id};

/// `[channels.CHANNEL.intercom]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntercomSettings {
    /// The access token.
    pub access_token: SecretRef,
    /// The number of the teammate in whose name it is written.
    pub admin_id: String,
    /// Where Intercom is, without a slash at the end; default `https://api.intercom.io`.
    pub base_url: String,
}

/// Where Intercom is, if nothing else is said.
pub(in super::super) const BASE_URL: &str = "https://api.intercom.io";

pub(super) fn read(
    table: &mut Table<'_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<IntercomSettings> {
    let access_token = secret_ref::required(
        table,
        "access_token",
        "INTERCOM_ACCESS_TOKEN",
        place,
        findings,
    );
    let what = "the number of a teammate";
    let admin_id = table
        .required("admin_id", "admin_id = \"1234567\"", findings)
        .and_then(|text| text.parse(findings, id(what, |b| b.is_ascii_digit())));
    let base_url = base_url(table, BASE_URL, findings);
    Some(IntercomSettings {
        access_token: access_token?,
        admin_id: admin_id?,
        base_url,
    })
}
