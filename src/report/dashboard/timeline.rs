//! The next two days: a line for each contact, a dot for each step, closed hours shaded.

use chrono::{TimeDelta, Timelike};
use serde::Serialize;

use crate::decide::hours::{Hours, HoursZone};
use crate::model::Timestamp;
use crate::report::panel::Coming;
use crate::report::text::cut;
use crate::zone::Zone;

/// How far it looks.
const SPAN: TimeDelta = TimeDelta::hours(48);
/// How exactly closed hours are drawn.
const GRAIN: TimeDelta = TimeDelta::minutes(15);
/// How many contacts have a line.
const MOST: usize = 40;

/// Where the drawing begins, how wide it is, how high a line is: in the page's own units.
const LEFT: f64 = 170.0;
const WIDTH: f64 = 780.0;
const END: f64 = LEFT + WIDTH;
/// Between an hour's name and "now", or the edge.
const ROOM: u32 = 34;
/// As many columns of a name fit before the drawing.
const LABEL: usize = 22;
const LINE: usize = 20;
const TOP: usize = 26;

#[derive(Debug)]
pub(super) struct Timeline<'a> {
    hours: Option<&'a Hours>,
    zone: &'a Zone,
    now: Timestamp,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    anchor: String,
    who: String,
    label: String,
    y: usize,
    dots: Vec<Dot>,
}

#[derive(Debug, Serialize)]
struct Dot {
    x: u32,
    /// Whether it is the next step, whose time is exact.
    next: bool,
    title: String,
}

/// What is drawn.
#[derive(Debug, Serialize)]
pub(super) struct Figure<'t> {
    rows: &'t [Row],
    /// From, and how wide.
    closed: Vec<(u32, u32)>,
    /// Where, and the hour.
    ticks: Vec<(u32, String)>,
    left: u32,
    width: u32,
    top: usize,
    height: usize,
    zone: &'t str,
}

impl<'a> Timeline<'a> {
    pub(super) const fn new(hours: Option<&'a Hours>, zone: &'a Zone, now: Timestamp) -> Self {
        Self {
            hours,
            zone,
            now,
            rows: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, anchor: &str, who: &str, coming: &[Coming]) {
        let shown = coming
            .iter()
            .enumerate()
            .filter(|(_, c)| c.at <= self.now + SPAN);
        let dots: Vec<Dot> = shown
            .map(|(n, step)| Dot {
                x: self.x(step.at),
                next: n == 0,
                title: format!(
                    "step {}, {}",
                    step.step,
                    self.zone.local(step.at).format("%a %H:%M")
                ),
            })
            .collect();
        if dots.is_empty() || self.rows.len() >= MOST {
            return;
        }
        self.rows.push(Row {
            anchor: anchor.to_owned(),
            who: who.to_owned(),
            label: cut(who, LABEL).into_owned(),
            y: TOP + self.rows.len() * LINE + LINE / 2,
            dots,
        });
    }

    pub(super) fn figure(&self) -> Figure<'_> {
        Figure {
            rows: &self.rows,
            closed: self.closed(),
            ticks: self.ticks(),
            left: LEFT as u32,
            width: END as u32,
            top: TOP,
            height: TOP + self.rows.len() * LINE + 6,
            zone: self.zone.name(),
        }
    }

    /// Whole microseconds are far more exact than a pixel.
    fn x(&self, at: Timestamp) -> u32 {
        let share = (at.max(self.now) - self.now).num_seconds() as f64 / SPAN.num_seconds() as f64;
        (LEFT + share * WIDTH).round() as u32
    }

    /// Shut by the bot's clock, or by the one that is configured.
    fn closed(&self) -> Vec<(u32, u32)> {
        let Some(hours) = self.hours else {
            return Vec::new();
        };
        let zone = match &hours.zone {
            HoursZone::Named(zone) => zone,
            HoursZone::Contact | HoursZone::Bot => self.zone,
        };
        let end = self.now + SPAN;
        let (mut closed, mut at) = (Vec::new(), self.now);
        while at < end {
            let opens = hours.next_open(at, zone).unwrap_or(end).min(end);
            if opens > at {
                let from = self.x(at);
                closed.push((from, self.x(opens) - from));
                at = opens;
            } else {
                at += GRAIN;
            }
        }
        closed
    }

    /// Every six hours on the bot's clock.
    fn ticks(&self) -> Vec<(u32, String)> {
        let start = self.zone.local(self.now);
        let into = TimeDelta::minutes(i64::from(start.minute()))
            + TimeDelta::seconds(i64::from(start.second()));
        let mut at = self.now - into + TimeDelta::hours(1);
        let mut ticks = Vec::new();
        while at < self.now + SPAN {
            let local = self.zone.local(at);
            let x = self.x(at);
            if local.hour().is_multiple_of(6) && x > LEFT as u32 + ROOM && x < END as u32 - ROOM {
                let format = if local.hour() == 0 { "%a" } else { "%H:00" };
                ticks.push((x, local.format(format).to_string()));
            }
            at += TimeDelta::hours(1);
        }
        ticks
    }
}
