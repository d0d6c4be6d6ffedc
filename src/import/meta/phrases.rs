//! What Meta writes into chats by itself.

/// The words by which Meta says that somebody reacted to a message (rule S8).
pub(super) fn is_reaction(text: &str) -> bool {
    const WORDS: [(&str, &str); 14] = [
        ("reacted ", " to your message"),
        ("reacted ", " to a message"),
        ("liked a message", ""),
        ("liked your message", ""),
        ("reaccionó con ", "mensaje"),
        ("ha reaccionado con ", "mensaje"),
        ("le gustó un mensaje", ""),
        ("indicó que le gusta un mensaje", ""),
        ("reagiu com ", "mensagem"),
        ("curtiu uma mensagem", ""),
        ("a réagi ", "message"),
        ("a aimé un message", ""),
        ("hat mit ", "reagiert"),
        ("ha messo mi piace a un messaggio", ""),
    ];
    if text.len() > 120 {
        return false;
    }
    let folded = text.trim().to_lowercase();
    let folded = folded.trim_end_matches('.');
    WORDS.iter().any(|(begin, end)| {
        let rest = folded.strip_prefix(begin);
        rest.is_some_and(|rest| {
            if end.is_empty() {
                rest.is_empty()
            } else {
                rest.ends_with(end)
            }
        })
    })
}

/// The words by which Meta says that something was shared.
pub(super) fn is_attachment(text: &str) -> bool {
    const ENDS: [&str; 7] = [
        " sent an attachment.",
        " envió un archivo adjunto.",
        " enviou um anexo.",
        " a envoyé une pièce jointe.",
        " hat einen Anhang gesendet.",
        " ha inviato un allegato.",
        " heeft een bijlage gestuurd.",
    ];
    ENDS.iter().any(|end| text.ends_with(end))
}

/// The words by which Meta says that somebody changed how a chat looks, or that it has begun (rule S8).
pub(super) fn is_service(text: &str) -> bool {
    const PARTS: [&str; 37] = [
        " set the nickname for ",
        " set your nickname to ",
        " set their own nickname to ",
        " set his own nickname to ",
        " set her own nickname to ",
        " cleared the nickname for ",
        " changed the chat theme",
        " changed the theme to ",
        " set the quick reaction to ",
        " set the emoji to ",
        " named the group ",
        " changed the group photo",
        " turned on vanish mode",
        " turned off vanish mode",
        " turned on disappearing messages",
        " turned off disappearing messages",
        "you are now connected on messenger",
        "say hi to your new facebook friend",
        "you can now message and call each other",
        "say hello to your new facebook friend",
        "messages and calls are secured with end-to-end encryption",
        "new messages and calls are secured with end-to-end encryption",
        " ha cambiado el tema del chat",
        " cambió el tema del chat",
        " poll has multiple updates",
        "this poll is no longer available",
        " changed their vote to ",
        " removed their vote for ",
        " created a poll: ",
        " created the group",
        " pinned a message",
        " unpinned a message",
        " changed the group name",
        " joined the video chat",
        "the video chat ended",
        "the video call ended",
        "you can now see your messages on ",
    ];
    if text.len() > 200 || text.len() < 20 {
        return false;
    }
    let text = text.to_lowercase();
    let (begun, inner): (Vec<&str>, Vec<&str>) = PARTS.iter().partition(|p| !p.starts_with(' '));
    begun.iter().any(|part| text.starts_with(part))
        || text.ends_with('.') && inner.iter().any(|part| text.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s8_lines_about_the_chat_are_known_by_their_words() {
        for text in [
            "Ana set the nickname for Desk to The Desk.",
            "Ana changed the theme to Ocean.",
            "You named the group Friday.",
            "You are now connected on Messenger.",
            "Ana's poll has multiple updates.",
            "Say hi to your new Facebook friend, Ana.",
        ] {
            assert!(is_service(text), "{text}");
        }
        for text in [
            "you can set the emoji to whatever you like, I need an appointment",
            "Who named the group that?",
            "I added Ana to the group.",
            "Ana missed your call.",
            "Ana sent an attachment.",
            "hi",
        ] {
            assert!(!is_service(text), "{text}");
        }
    }

    #[test]
    fn s8_reactions_are_known_by_their_words() {
        for text in [
            "Reacted ❤️ to your message ",
            "Liked a message",
            "Reaccionó con 👍 a tu mensaje",
            "Hat mit 😀 auf deine Nachricht reagiert",
        ] {
            assert!(is_reaction(text), "{text}");
        }
        for text in [
            "I reacted badly to your message",
            "Liked a message of yours, call me",
            "reacted to your message by calling",
        ] {
            assert!(!is_reaction(text), "{text}");
        }
    }
}
