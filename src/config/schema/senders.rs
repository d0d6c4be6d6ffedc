//! `[channels]`: one sender for each channel, of those that can serve it.

use schemars::JsonSchema;

use super::shapes::{Rate, Secret};

/// One sender for each channel.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Channels {
    live_chat: Option<LiveChatSender>,
    sms: Option<SmsSender>,
    whatsapp: Option<WhatsappSender>,
    facebook: Option<PageSender>,
    instagram: Option<PageSender>,
    telegram: Option<TelegramSender>,
    email: Option<EmailSender>,
}

/// The sender of a channel: exactly one of these.
macro_rules! senders {
    ($($name:ident { $($provider:ident: $settings:ident,)+ })+) => {
        $(#[derive(JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
        struct $name {
            $($provider: Option<$settings>,)+
        })+
    };
}

senders! {
    LiveChatSender {
        outbox: Outbox,
        highlevel: Highlevel,
        chatwoot: Chatwoot,
        intercom: Intercom,
        webhook: WebhookSender,
    }
    SmsSender {
        outbox: Outbox,
        twilio: Twilio,
        highlevel: HighlevelSms,
        chatwoot: Chatwoot,
        intercom: Intercom,
        webhook: WebhookSender,
    }
    WhatsappSender {
        outbox: Outbox,
        twilio: Twilio,
        meta: MetaWhatsapp,
        highlevel: Highlevel,
        chatwoot: Chatwoot,
        intercom: Intercom,
        webhook: WebhookSender,
    }
    PageSender {
        outbox: Outbox,
        meta: MetaPage,
        highlevel: Highlevel,
        chatwoot: Chatwoot,
        intercom: Intercom,
        webhook: WebhookSender,
    }
    TelegramSender {
        outbox: Outbox,
        telegram: Telegram,
        chatwoot: Chatwoot,
        webhook: WebhookSender,
    }
    EmailSender {
        outbox: Outbox,
        smtp: Smtp,
        sendmail: Sendmail,
        highlevel: HighlevelEmail,
        chatwoot: Chatwoot,
        intercom: Intercom,
        webhook: WebhookSender,
    }
}

/// A file that one JSON object is added to for each message.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Outbox {
    /// Default "outbox.jsonl".
    path: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Twilio {
    account_sid: String,
    /// An API key's SID, "SK…", to log in with instead of the account.
    api_key: Option<String>,
    /// The account's token, or the key's secret.
    auth_token: Secret,
    /// A number, such as "+525512345678"; or name a messaging service.
    from: Option<String>,
    messaging_service_sid: Option<String>,
    /// Default "https://api.twilio.com".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

/// WhatsApp Cloud.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct MetaWhatsapp {
    /// The id of the phone number, which is not the number itself.
    phone_number_id: String,
    access_token: Secret,
    /// Default "v23.0".
    api_version: Option<String>,
    /// Default "https://graph.facebook.com".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

/// Messenger and Instagram.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct MetaPage {
    page_id: String,
    /// The page's token.
    access_token: Secret,
    /// Default "v23.0".
    api_version: Option<String>,
    /// Default "https://graph.facebook.com".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Highlevel {
    location_id: String,
    /// A private integration's token.
    token: Secret,
    /// Default "https://services.leadconnectorhq.com".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct HighlevelSms {
    location_id: String,
    /// A private integration's token.
    token: Secret,
    /// The number it is from; by default the location's own.
    from_number: Option<String>,
    /// Default "https://services.leadconnectorhq.com".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct HighlevelEmail {
    location_id: String,
    /// A private integration's token.
    token: Secret,
    /// By default the bot's name.
    subject: Option<String>,
    /// Default "https://services.leadconnectorhq.com".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Telegram {
    /// As @BotFather gives it.
    bot_token: Secret,
    /// Default "https://api.telegram.org".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

/// A reply in the contact's conversation, on the channel that it is on.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Chatwoot {
    /// The account's number, in quotes.
    account_id: String,
    api_access_token: Secret,
    /// Default "https://app.chatwoot.com".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

/// A reply in the contact's conversation, on the channel that it is on.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Intercom {
    access_token: Secret,
    /// In whose name, a teammate's number in quotes.
    admin_id: String,
    /// Default "https://api.intercom.io".
    base_url: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

/// A mail server.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Smtp {
    /// Such as "smtp.example.com".
    host: String,
    /// Default 465, with starttls 587, with none 25.
    #[schemars(range(min = 1, max = 65535))]
    port: Option<u32>,
    /// Default "tls"; "none" is only for this machine.
    security: Option<Security>,
    username: Option<String>,
    password: Option<Secret>,
    /// Such as "Sol <hola@example.com>".
    from: String,
    reply_to: Option<String>,
    /// By default the bot's name.
    subject: Option<String>,
    /// Where one click ends it; {contact_id} and {id} are filled in.
    unsubscribe_url: Option<String>,
    unsubscribe_email: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Security {
    Tls,
    Starttls,
    None,
}

/// The machine's own mail program.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sendmail {
    /// Default ["/usr/sbin/sendmail"].
    command: Option<Vec<String>>,
    /// Such as "Sol <hola@example.com>".
    from: String,
    reply_to: Option<String>,
    /// By default the bot's name.
    subject: Option<String>,
    /// Where one click ends it; {contact_id} and {id} are filled in.
    unsubscribe_url: Option<String>,
    unsubscribe_email: Option<String>,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}

/// A server of one's own.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
struct WebhookSender {
    url: String,
    /// Where a message whose answer was lost is asked for, with {id} in it: found or 404.
    lookup_url: Option<String>,
    /// What the request is signed with (Standard Webhooks).
    secret: Secret,
    rate: Option<Rate>,
    /// To the same contact; default what the provider asks for.
    contact_rate: Option<Rate>,
}
