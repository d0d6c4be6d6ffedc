use super::super::file::Table;
use super::super::findings::Findings;
use super::super::validate::Place;
use super::super::{SecretRef, secret_ref};
use super::{base_url, id};
use crate::model::Channel;

/// `[channels.whatsapp.meta]`, `[channels.facebook.meta]` and `[channels.instagram.meta]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaSettings {
    /// Whose messages they are: `phone_number_id` of WhatsApp, `page_id` of the others.
    pub sender_id: String,
    /// The token of the system user, or of the page.
    pub access_token: SecretRef,
    /// The version of the API; default `v23.0`.
    pub api_version: String,
    /// Where Meta is, without a slash at the end; default `https://graph.facebook.com`.
    pub base_url: String,
}

const API_VERSION: &str = "v23.0";

pub(super) fn read(
    table: &mut Table<'_>,
    channel: Channel,
    place: &Place<'_>,
    findings: &mut Findings,
) -> Option<MetaSettings> {
    let (key, example, what) = match channel {
        Channel::Whatsapp => (
            "phone_number_id",
            "phone_number_id = \"106540352242922\"",
            "the id of a phone number, which is digits and not the number itself",
        ),
        _ => (
            "page_id",
            "page_id = \"102030405060708\"",
            "the id of a page, which is digits",
        ),
    };
    let sender_id = table
        .required(key, example, findings)
        .and_then(|text| text.parse(findings, id(what, |b| b.is_ascii_digit())));
    let access_token =
        secret_ref::required(table, "access_token", "META_ACCESS_TOKEN", place, findings);
    let example = format!("api_version = {API_VERSION:?}");
    let api_version = table.parsed("api_version", &example, findings, |text| {
        let numbers = text.strip_prefix('v').and_then(|t| t.split_once('.'));
        let is_number = |t: &str| t.parse::<u16>().is_ok();
        match numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor)) {
            true => Ok(text.to_owned()),
            false => Err(format!("not a version; write {API_VERSION:?}")),
        }
    });
    let base_url = base_url(table, "https://graph.facebook.com", findings);
    Some(MetaSettings {
        sender_id: sender_id?,
        access_token: access_token?,
        api_version: api_version.unwrap_or_else(|| API_VERSION.to_owned()),
        base_url,
    })
}
