use super::file::{Table, Value};
use super::findings::Findings;
use super::words;
use crate::decide::SwitchRule;
use crate::model::{Channel, Delay};

const RULES: &str = "rules = [{ from = [\"live_chat\"], to = [\"sms\"], after = \"0m\" }]";

/// `[switching]` (rule D16). Without rules of its own: the two of the original feature, for as far as their
/// channels have senders.
pub(super) fn read(
    mut table: Table<'_>,
    senders: &[Channel],
    findings: &mut Findings,
) -> Vec<SwitchRule> {
    let enabled = table.flag("enabled", findings).unwrap_or(true);
    let rules = match table.take("rules") {
        Some(value) => {
            let rules = value.items("a list of tables", RULES, findings);
            rules
                .into_iter()
                .filter_map(|value| rule(value, senders, findings))
                .collect()
        }
        None => defaults(senders),
    };
    table.done(findings);
    if enabled { rules } else { Vec::new() }
}

fn rule(value: Value<'_>, senders: &[Channel], findings: &mut Findings) -> Option<SwitchRule> {
    let example = "{ from = [\"live_chat\"], to = [\"sms\"], after = \"0m\" }";
    let mut table = value.inline_table(example, findings)?;
    let spot = table.spot.clone();
    let [from, to] = ["from", "to"].map(|key| {
        let example = format!("{key} = [\"sms\"]");
        let is_given = table.entries().iter().any(|(k, _)| *k == key);
        let texts = table.texts(key, &example, findings);
        if !is_given {
            table.missing(key, &example, findings);
        } else if texts.is_empty() {
            findings.fault(
                &spot,
                format!("`{key}` is empty; write, for example: {example}"),
            );
        }
        (words::channels(&texts, findings), texts)
    });
    let after = table
        .required("after", "after = \"24h\"", findings)
        .and_then(|text| text.parse(findings, words::delay));
    table.done(findings);
    for (channel, text) in to.0.iter().zip(&to.1) {
        if from.0.contains(channel) {
            findings.fault(
                &text.spot,
                "a channel does not switch to itself; leave it out",
            );
        } else if !senders.contains(channel) {
            findings.warn(
                &text.spot,
                format!(
                    "{channel} has no sender: this rule does nothing; add [channels.{channel}.…]"
                ),
            );
        }
    }
    Some(SwitchRule {
        from: from.0,
        to: to.0,
        after: after?,
    })
}

fn defaults(senders: &[Channel]) -> Vec<SwitchRule> {
    use Channel::{Facebook, Instagram, LiveChat, Sms, Whatsapp};
    if !senders.contains(&Sms) {
        return Vec::new();
    }
    let to_sms = |from: &[Channel], after| SwitchRule {
        from: from.to_vec(),
        to: vec![Sms],
        after,
    };
    vec![
        to_sms(&[LiveChat], Delay::seconds(0)),
        to_sms(&[Facebook, Instagram, Whatsapp], Delay::seconds(24 * 3600)),
    ]
}
