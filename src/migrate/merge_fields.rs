//! HighLevel's merge fields, `{{contact.first_name}}`, into the names that a template of ours knows.

/// A template of ours for a message of theirs, or the first field that has no name here.
pub(super) fn template(message: &str) -> Result<String, String> {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find("{{") {
        out.push_str(&literal(&rest[..at]));
        let inner = &rest[at + 2..];
        let Some(end) = inner.find("}}") else {
            out.push_str(&literal(&rest[at..]));
            return Ok(out);
        };
        let field = inner[..end].trim();
        let ours = known(field).ok_or_else(|| field.to_owned())?;
        out.push_str(&format!("{{{{ {ours} }}}}"));
        rest = &inner[end + 2..];
    }
    out.push_str(&literal(rest));
    Ok(out)
}

fn known(field: &str) -> Option<&'static str> {
    Some(match field.to_ascii_lowercase().as_str() {
        "contact.first_name" | "contact.firstname" => "contact.first_name",
        "contact.name" | "contact.full_name" => "contact.name",
        "contact.phone" | "contact.phone_raw" => "contact.phone",
        "contact.email" => "contact.email",
        "contact.id" => "contact.contact_id",
        "location.name" | "location_owner.company_name" => "bot.name",
        _ => return None,
    })
}

/// Text that a template must not take for its own signs.
fn literal(text: &str) -> String {
    const MARK: char = '\u{f8ff}';
    let mut text = text.replace(MARK, "");
    for sign in ["{{", "{%", "{#"] {
        let safe = format!("{MARK}'{sign}'{MARK}");
        text = text.replace(sign, &safe.replace('{', "\u{f8fe}"));
    }
    let mut open = true;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            MARK => {
                out.push_str(if open { "{{ " } else { " }}" });
                open = !open;
            }
            '\u{f8fe}' => out.push('{'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_get_our_names() {
        for (theirs, ours) in [
            ("Hi {{contact.first_name}}!", "Hi {{ contact.first_name }}!"),
            (
                "{{ contact.name }} at {{location.name}}",
                "{{ contact.name }} at {{ bot.name }}",
            ),
            ("50{% off", "50{{ '{%' }} off"),
            ("open {{ only", "open {{ '{{' }} only"),
            ("{#1} and {", "{{ '{#' }}1} and {"),
        ] {
            assert_eq!(template(theirs).as_deref(), Ok(ours));
        }
        assert_eq!(
            template("See you {{appointment.start_time}}"),
            Err("appointment.start_time".to_owned())
        );
    }
}
