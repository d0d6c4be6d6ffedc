//! What a chat is called: by the name of its file.

use std::path::Path;

use super::is_markdown;

/// The chat's name: that of the text in the archive, of the file, or of the folder in which `_chat.txt` lies, without
/// what the phone put before it.
pub(super) fn chat_name(path: Option<&Path>, entry: Option<&str>) -> Option<String> {
    let stem = |name: &str| Path::new(name).file_stem()?.to_str().map(str::to_owned);
    let folder = || stem(path?.parent()?.file_name()?.to_str()?);
    let file = path.and_then(|path| stem(path.file_name()?.to_str()?));
    let is_signal = path.is_some_and(is_markdown);
    let own = |name: &String| !(name.starts_with("_chat") || is_signal && name == "chat");
    let name = entry
        .and_then(stem)
        .filter(own)
        .or(file.filter(own))
        .or_else(folder)?;
    Some(without_prefix(&name).to_owned()).filter(|name| !name.is_empty())
}

fn without_prefix(name: &str) -> &str {
    const BEFORE: [&str; 24] = [
        "WhatsApp Chat with ",
        "WhatsApp Chat - ",
        "Chat de WhatsApp con ",
        "Conversa do WhatsApp com ",
        "WhatsApp-Chat mit ",
        "WhatsApp Chat mit ",
        "Discussion WhatsApp avec ",
        "Chat WhatsApp con ",
        "WhatsApp-chat met ",
        "Conversa no WhatsApp com ",
        "Conversa do WhatsApp - ",
        "Чат WhatsApp с контактом ",
        "Чат WhatsApp с ",
        "Chat WhatsApp dengan ",
        "Czat WhatsApp z ",
        "WhatsApp-chatt med ",
        "WhatsApp-samtale med ",
        "צ'אט WhatsApp עם ",
        "Chat WhatsApp s uživatelem ",
        "Chat de WhatsApp - ",
        "Chat WhatsApp - ",
        "WhatsApp-Chat - ",
        "Discussion WhatsApp - ",
        "WhatsApp Sohbeti - ",
    ];
    let name = BEFORE
        .iter()
        .find_map(|before| name.strip_prefix(before))
        .unwrap_or(name);
    // A browser's " (1)" on a second download.
    match name.strip_suffix(')').and_then(|n| n.rsplit_once(" (")) {
        Some((name, number)) if number.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => name,
    }
}
