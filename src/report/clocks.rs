use chrono::{Datelike, NaiveDateTime, TimeDelta};

use crate::model::{Contact, Timestamp};
use crate::zone::Zone;

/// The clocks by which times are shown: the contact's, and the bot's where it differs.
#[derive(Debug, Clone)]
pub struct Clocks {
    now: Timestamp,
    is_known: bool,
    contact: Zone,
    bot: Zone,
}

impl Clocks {
    /// The clocks for `contact`; the bot's alone where the contact's zone is not known (rule D13).
    #[must_use]
    pub fn new(contact: &Contact, bot: &Zone, now: Timestamp) -> Self {
        let known = contact.timezone.as_deref().and_then(Zone::named);
        Self {
            now,
            is_known: known.is_some(),
            contact: known.unwrap_or_else(|| bot.clone()),
            bot: bot.clone(),
        }
    }

    /// The bot's clock alone.
    #[must_use]
    pub fn of_bot(bot: &Zone, now: Timestamp) -> Self {
        Self::new(&Contact::default(), bot, now)
    }

    /// Whose clock it is: `Europe/Madrid`, or `America/Mexico_City (the bot's)`.
    #[must_use]
    pub fn words(&self) -> String {
        if self.is_known {
            self.contact.name().to_owned()
        } else {
            format!("{} (the bot's)", self.contact.name())
        }
    }

    /// The time for which all is shown.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// What the contact's clock shows at `at`.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> NaiveDateTime {
        self.contact.local(at)
    }

    /// `18:20`, `yesterday 18:20`, `Mon 18:20`, `2 Mar 18:20`, `2 Mar 2027 18:20`: as short as is clear, on
    /// the contact's clock.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        moment(self.contact.local(at), self.contact.local(self.now))
    }

    /// As [`Clocks::moment`] on the bot's clock, where that shows another time than the contact's.
    #[must_use]
    pub fn on_bot_clock(&self, at: Timestamp) -> Option<String> {
        let differs = self.bot.offset_seconds(at) != self.contact.offset_seconds(at);
        differs.then(|| moment(self.bot.local(at), self.bot.local(self.now)))
    }

    /// The day of `at` on the contact's clock, as a heading: `Today, Monday 2 March`.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        let (day, today) = (
            self.contact.local(at).date(),
            self.contact.local(self.now).date(),
        );
        let name = match (day - today).num_days() {
            0 => "Today, ",
            -1 => "Yesterday, ",
            1 => "Tomorrow, ",
            _ => "",
        };
        let year = if day.year() == today.year() {
            ""
        } else {
            " %Y"
        };
        format!("{name}{}", day.format(&format!("%A %-d %B{year}")))
    }

    /// `in 2 h`, `5 min ago`, `now`.
    #[must_use]
    pub fn relative(&self, at: Timestamp) -> String {
        let distance = at - self.now;
        if distance.abs() < TimeDelta::minutes(1) {
            return "now".to_owned();
        }
        let amount = span(distance.abs());
        if distance > TimeDelta::zero() {
            format!("in {amount}")
        } else {
            format!("{amount} ago")
        }
    }
}

fn moment(at: NaiveDateTime, now: NaiveDateTime) -> String {
    let days = (at.date() - now.date()).num_days();
    let format = match days {
        0 => "%H:%M",
        -1 => "yesterday %H:%M",
        1 => "tomorrow %H:%M",
        -6..=6 => "%a %H:%M",
        _ if at.year() == now.year() => "%-d %b %H:%M",
        _ => "%-d %b %Y %H:%M",
    };
    at.format(format).to_string()
}

/// `40 s`, `5 min`, `2 h`, `3 days`.
pub(super) fn span(length: TimeDelta) -> String {
    let minutes = length.num_minutes();
    match minutes {
        ..=0 => format!("{} s", length.num_seconds()),
        1..=89 => format!("{minutes} min"),
        90..=2159 => format!("{} h", (minutes + 30) / 60),
        _ => format!("{} days", (minutes + 720) / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_as_short_as_is_clear() {
        let contact = Contact {
            timezone: Some("Europe/Madrid".into()),
            ..Contact::default()
        };
        let bot = Zone::named("America/Mexico_City").unwrap();
        let clocks = Clocks::new(&contact, &bot, at("2026-03-02T17:00:00Z")); // Mon 18:00 there, 11:00 here
        for (instant, shown, here, relative) in [
            ("2026-03-02T17:00:30Z", "18:00", "11:00", "now"),
            ("2026-03-02T17:05:00Z", "18:05", "11:05", "in 5 min"),
            ("2026-03-02T19:00:00Z", "20:00", "13:00", "in 2 h"),
            ("2026-03-03T00:00:00Z", "tomorrow 01:00", "18:00", "in 7 h"),
            (
                "2026-03-01T16:00:00Z",
                "yesterday 17:00",
                "yesterday 10:00",
                "25 h ago",
            ),
            (
                "2026-03-06T08:00:00Z",
                "Fri 09:00",
                "Fri 02:00",
                "in 4 days",
            ),
            (
                "2026-12-24T08:00:00Z",
                "24 Dec 09:00",
                "24 Dec 02:00",
                "in 297 days",
            ),
            (
                "2027-01-24T08:00:00Z",
                "24 Jan 2027 09:00",
                "24 Jan 2027 02:00",
                "in 328 days",
            ),
        ] {
            assert_eq!(clocks.moment(at(instant)), shown);
            assert_eq!(
                clocks.on_bot_clock(at(instant)).as_deref(),
                Some(here),
                "{instant}"
            );
            assert_eq!(clocks.relative(at(instant)), relative);
        }
        assert_eq!(
            clocks.day(at("2026-03-02T23:30:00Z")),
            "Tomorrow, Tuesday 3 March"
        );
        assert_eq!(
            Clocks::of_bot(&bot, at("2026-03-02T17:00:00Z"))
                .on_bot_clock(at("2026-03-02T17:00:00Z")),
            None
        );
    }
}
