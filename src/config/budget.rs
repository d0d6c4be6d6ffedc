//! What language models may use, in one run and in one day.

use std::time::Duration;

use super::ai::{AiModel, decimal};
use super::file::Table;
use super::findings::{Findings, Spot, Spotted};

/// What may be used; the day is a calendar day of the bot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests to a model.
    pub calls: Allowance,
    /// Tokens read and written.
    pub tokens: Allowance,
    /// Money, in millionths of the unit in which the prices are given.
    pub cost: Allowance,
    /// How long one run may be writing; default 5 minutes.
    pub time: Duration,
}

/// How much of one thing; `None` is any amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowance {
    /// In one run.
    pub per_run: Option<u64>,
    /// In one day.
    pub per_day: Option<u64>,
}

/// The price of a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Of those that the model reads.
    pub input: f64,
    /// Of those that it writes.
    pub output: f64,
}

impl Price {
    /// What so many tokens cost, in millionths of the price's unit.
    #[must_use]
    pub fn of(&self, input: u64, output: u64) -> u64 {
        // A price per million tokens is a price in millionths for each; `as` saturates.
        (self.input * input as f64 + self.output * output as f64).ceil() as u64
    }
}

const MILLION: f64 = 1_000_000.0;

pub(super) fn read(
    table: &mut Table<'_>,
    time: Option<Duration>,
    findings: &mut Findings,
) -> Budget {
    Budget {
        calls: allowance(table, "max_calls", ["50/run", "200/day"], whole, findings),
        tokens: allowance(table, "max_tokens", ["100k/run", "1M/day"], whole, findings),
        cost: allowance(table, "max_cost", ["0.50/run", "2.50/day"], money, findings),
        time: time.unwrap_or(Duration::from_secs(300)),
    }
}

/// A limit on money without a price would limit nothing.
pub(super) fn needs_prices(
    budget: &Budget,
    models: &[AiModel],
    spot: &Spot,
    findings: &mut Findings,
) {
    if budget.cost == Allowance::default() {
        return;
    }
    if let Some(model) = models.iter().find(|m| m.price.is_none()) {
        findings.fault(
            spot,
            format!(
                "max_cost needs the price of {}; write, for example: [ai.{}] price = {{ input = 0.15, output = 0.60 }}",
                model.name, model.provider
            ),
        );
    }
}

/// `price = { input = …, output = … }`.
pub(super) fn price(mut table: Table<'_>, findings: &mut Findings) -> Option<Price> {
    const EXAMPLE: &str = "price = { input = 0.15, output = 0.60 }";
    let is_present = table.is_present();
    let mut one = |key: &'static str| {
        let value = table.take(key);
        if is_present && value.is_none() {
            table.missing(key, EXAMPLE, findings);
        }
        value.and_then(|value| decimal(value, 0.0..=MILLION, EXAMPLE, findings))
    };
    let (input, output) = (one("input"), one("output"));
    table.done(findings);
    Some(Price {
        input: input?,
        output: output?,
    })
}

/// `"200/day"`, `"50/run"`, or a list of both.
fn allowance(
    table: &mut Table<'_>,
    key: &'static str,
    examples: [&str; 2],
    amount: fn(&str) -> Option<u64>,
    findings: &mut Findings,
) -> Allowance {
    let [run, day] = examples;
    let example = format!("{key} = [\"{run}\", \"{day}\"]");
    let Some(value) = table.take(key) else {
        return Allowance::default();
    };
    let items = match value.is_text() {
        true => vec![value],
        false => value.items("a text or a list of texts", &example, findings),
    };
    let texts: Vec<Spotted<&str>> = items
        .into_iter()
        .filter_map(|item| item.text(&example, findings))
        .collect();
    let mut allowance = Allowance::default();
    for text in &texts {
        let read = text.parse(findings, |text| {
            let shape = || format!("not an amount in a run or a day; write \"{run}\" or \"{day}\"");
            let (number, per) = text.split_once('/').ok_or_else(shape)?;
            let number = amount(number.trim()).ok_or_else(shape)?;
            match per.trim() {
                "run" => Ok((number, true)),
                "day" => Ok((number, false)),
                _ => Err(shape()),
            }
        });
        let Some((number, is_run)) = read else {
            continue;
        };
        let place = match is_run {
            true => &mut allowance.per_run,
            false => &mut allowance.per_day,
        };
        if place.replace(number).is_some() {
            findings.fault(
                &text.spot,
                "there is one of this already; leave one of them out",
            );
        }
    }
    allowance
}

/// `200`, `100k`, `1M`.
fn whole(text: &str) -> Option<u64> {
    let (digits, times) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1000),
        None => match text.strip_suffix('M') {
            Some(digits) => (digits, 1_000_000),
            None => (text, 1),
        },
    };
    let digits = digits.replace('_', "");
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits
        .parse::<u64>()
        .ok()
        .filter(|_| is_number)?
        .checked_mul(times)
}

/// `2.50`, in millionths.
fn money(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let amount = text.parse::<f64>().ok().filter(|_| is_number)?;
    // `as` saturates.
    Some((amount * MILLION).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read() {
        for (text, number) in [
            ("0", 0),
            ("200", 200),
            ("100k", 100_000),
            ("1_000", 1000),
            ("2M", 2_000_000),
        ] {
            assert_eq!(whole(text), Some(number), "{text}");
        }
        for bad in [
            "",
            "k",
            "-1",
            "1.5",
            "+1",
            "99999999999999999999",
            "18446744073709551615k",
        ] {
            assert_eq!(whole(bad), None, "{bad}");
        }
        for (text, micros) in [
            ("2.50", 2_500_000),
            ("0", 0),
            ("1", 1_000_000),
            ("0.000001", 1),
        ] {
            assert_eq!(money(text), Some(micros), "{text}");
        }
        for bad in ["", "-1", "1e9", "inf", "nan", "1.2.3", "$2"] {
            assert_eq!(money(bad), None, "{bad}");
        }
    }

    #[test]
    fn tokens_have_a_price() {
        let price = Price {
            input: 0.15,
            output: 0.60,
        };
        assert_eq!(price.of(1_000_000, 1_000_000), 750_000);
        assert_eq!(price.of(1, 0), 1);
        assert_eq!(price.of(0, 0), 0);
    }
}
