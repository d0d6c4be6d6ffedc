//! One message, in the three ways in which Meta has written them.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::mended;
use super::phrases::{is_attachment, is_reaction, is_service};
use crate::import::loose::{Text, filled, milliseconds, row};
use crate::import::time::instant;
use crate::model::Timestamp;

/// A message. The second names are those of encrypted chats, the third those of Instagram before 2020.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, alias = "senderName", alias = "sender")]
    pub(super) sender_name: Option<Text<'a>>,
    #[serde(borrow, alias = "timestamp")]
    timestamp_ms: Option<Text<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow, alias = "text")]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    share: Option<&'a RawValue>,
    #[serde(default, alias = "isUnsent")]
    pub(super) is_unsent: bool,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    /// Who was added to a group or left it.
    users: Option<IgnoredAny>,
    #[serde(borrow)]
    heart: Option<Text<'a>>,
    #[serde(borrow)]
    media_share_url: Option<Text<'a>>,
    #[serde(borrow)]
    video_call_title: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Share<'a> {
    #[serde(borrow)]
    link: Option<Text<'a>>,
    #[serde(borrow)]
    share_text: Option<Text<'a>>,
}

impl<'a> Message<'a> {
    /// Who wrote it.
    pub(super) fn sender(&self) -> Option<Cow<'a, str>> {
        filled(self.sender_name.clone()).map(mended)
    }

    /// When.
    pub(super) fn at(&self) -> Result<Timestamp, String> {
        match (&self.timestamp_ms, &self.created_at) {
            (Some(at), _) => milliseconds(at.as_str()).map_err(|e| format!("timestamp_ms: {e}")),
            (None, Some(at)) => {
                instant(at.as_str(), None, None).map_err(|e| format!("created_at: {e}"))
            }
            (None, None) => Err("timestamp_ms: there is none".to_owned()),
        }
    }

    /// What was written; `None` where Meta wrote by itself (rule S8).
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        let kind = self.kind.unwrap_or_default();
        let text = filled(self.content).map_or(Cow::Borrowed(""), mended);
        if self.users.is_some()
            || is_reaction(&text)
            || is_service(&text)
            || matches!(kind.as_str(), "Subscribe" | "Unsubscribe")
        {
            return None;
        }
        Some(match self.share {
            Some(share) if text.is_empty() => shared(share),
            // What was shared has words of its own, which the sender did not write.
            Some(share) if is_attachment(&text) => with_link(text, share),
            None if text.is_empty() => filled(self.heart)
                .or_else(|| filled(self.media_share_url))
                .or_else(|| filled(self.video_call_title))
                .map_or(text, mended),
            _ => text,
        })
    }
}

/// What a shared link says.
fn shared(share: &RawValue) -> Cow<'_, str> {
    let Ok(share) = row::<Share<'_>>(share.get()) else {
        return Cow::Borrowed("");
    };
    let (link, text) = (filled(share.link), filled(share.share_text).map(mended));
    match (text, link) {
        (Some(text), Some(link)) => Cow::Owned(format!("{text}\n{link}")),
        (text, link) => text.or(link).unwrap_or_default(),
    }
}

/// The text with the link that was shared behind it.
fn with_link<'a>(text: Cow<'a, str>, share: &'a RawValue) -> Cow<'a, str> {
    let link = row::<Share<'_>>(share.get()).ok();
    match link.and_then(|share| filled(share.link)) {
        Some(link) => Cow::Owned(format!("{text}\n{link}")),
        None => text,
    }
}
