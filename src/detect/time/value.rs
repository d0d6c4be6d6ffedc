//! What the words of a time mean, before it is known which time is meant.

use chrono::{NaiveDate, NaiveDateTime};

use crate::detect::Grain;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::detect) enum Unit {
    Second,
    Minute,
    Hour,
    Workday,
    Day,
    Week,
    Month,
    Year,
}

/// A length of time: calendar months, calendar days, exact seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::detect) struct Span {
    pub(in crate::detect) months: i64,
    pub(in crate::detect) days: i64,
    pub(in crate::detect) workdays: i64,
    pub(in crate::detect) seconds: i64,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) struct Clock {
    /// Minutes since midnight; 24:00 is 1440.
    pub(in crate::detect) minutes: i32,
    /// Seconds.
    pub(in crate::detect) seconds: i32,
    /// Twelve hours later may be meant too.
    pub(in crate::detect) either: bool,
    /// Its form alone shows that it is a time of day ("3 pm", "3:30"), without any word before it.
    pub(in crate::detect) marked: bool,
    /// To the hour, minute or second.
    pub(in crate::detect) grain: Grain,
}

/// A part of a day, in minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) struct Part {
    pub(in crate::detect) from: i32,
    /// More than 1440 when it crosses midnight.
    pub(in crate::detect) to: i32,
    /// When to write.
    pub(in crate::detect) at: i32,
    /// When to write if it is early in it.
    pub(in crate::detect) early: i32,
    /// When to write if it is late in it.
    pub(in crate::detect) late: i32,
}

/// Which of the coming weekdays of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) enum Which {
    /// The next one, never today.
    Coming,
    /// The next one, or today.
    This,
    /// The one of the next calendar week.
    Next,
    /// The next one, but not tomorrow's: that would be "tomorrow".
    Near,
    /// A week after the next one, today's counting.
    Week,
    /// Two weeks after it.
    Fortnight,
}

/// What is known of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::detect) enum Day {
    #[default]
    None,
    Date(NaiveDate),
    Weekday(u8, Which),
    Dom(u8),
    Yearly(u8, u8),
    /// Days from the first to before the second.
    Range(NaiveDate, NaiveDate, Grain),
}

/// On which side of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::detect) enum Bound {
    #[default]
    At,
    After,
    Before,
    /// The end of a state: "until Friday".
    Until,
    Within,
}

/// A time as said, possibly in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::detect) struct Piece {
    pub(in crate::detect) day: Day,
    pub(in crate::detect) clock: Option<Clock>,
    pub(in crate::detect) part: Option<Part>,
    /// The end of a range.
    pub(in crate::detect) until_day: Day,
    pub(in crate::detect) until_clock: Option<Clock>,
    pub(in crate::detect) bound: Bound,
    /// Counted from the message's moment: exact already.
    pub(in crate::detect) moment: Option<(NaiveDateTime, Grain)>,
    /// Two readings of a date are plausible (rule S4).
    pub(in crate::detect) doubtful: bool,
    /// No calendar has it: "31 February".
    pub(in crate::detect) impossible: bool,
    /// Over already.
    pub(in crate::detect) past: bool,
    /// The hour that suits where only a day is known, in minutes since midnight.
    pub(in crate::detect) hint: Option<i32>,
}

impl Piece {
    /// Only a time of day.
    pub(in crate::detect) fn is_tod(&self) -> bool {
        self.day == Day::None
            && self.moment.is_none()
            && (self.clock.is_some() || self.part.is_some())
    }

    /// Only a day.
    pub(in crate::detect) fn is_day(&self) -> bool {
        self.day != Day::None
            && self.moment.is_none()
            && self.clock.is_none()
            && self.part.is_none()
    }
}

/// A feast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::detect) enum Holiday {
    /// The same date every year: month, day.
    Fixed(u8, u8),
    /// So many days after Easter.
    Easter(i32),
    /// The nth such weekday of a month; month, n (negative from the end), weekday.
    Nth(u8, i8, u8),
}

/// What a slot's words mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::detect) enum Value {
    Flag,
    Int(i32),
    /// In thousandths.
    Amount(i64),
    Unit(Unit, i64),
    Part(Part),
    /// After noon?
    Meridiem(bool),
    Span(Span),
    Holiday(Holiday),
    /// The name of a time zone.
    Zone(&'static str),
    Piece(Piece),
}

/// What a rule makes of its slots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::detect) enum Act {
    Value(Value),
    /// Puts the slots together.
    Join,
    /// The part's early or late share.
    Early,
    Mid,
    Late,
    /// This many minutes more or less than the hour.
    Plus(i32),
    /// This time of day, in minutes since midnight.
    At(i32),
    /// As many minutes more or less as `<n>` says.
    PlusN(i32),
    /// This many days from today.
    Days(i32),
    Weekday(Which),
    /// A span from now, or from `<day>`; backwards when negative.
    Shift(i32),
    /// A sum of spans.
    Sum,
    /// Half a unit more.
    AndHalf,
    /// A quarter of a unit more.
    AndQuarter,
    /// The calendar week, month, year, weekend, quarter so many after this one.
    Week(i32),
    Month(i32),
    Year(i32),
    Weekend(i32),
    Workweek(i32),
    Quarter(i32),
    /// The quarter of a year by its number.
    QuarterNumber,
    /// Spring, summer, autumn, winter: 1 to 4.
    Season(i32),
    /// So many minutes from now.
    Minutes(i32),
    /// As many minutes from now as `<n>` says.
    MinutesN,
    /// A share of a period.
    Start,
    Middle,
    End,
    /// A share of this week, month or year.
    StartOf(Unit),
    MiddleOf(Unit),
    EndOf(Unit),
    FirstHalf,
    SecondHalf,
    Rest,
    /// "the first week of October", "the last Friday of the month".
    Nth,
    Last,
    /// Day, month and year in digits.
    Numeric,
    NthWeekend,
    LastWeekend,
    /// "the week of 16 September".
    WeekOf,
    MonthOf,
    WeekNumber,
    /// "the next three days".
    Coming,
    Past,
}
