//! Rules X1 to X8, proven by the program itself: it is killed, started twice, lied to, cut off and starved,
//! against a real server that keeps its own books.

mod business;
mod defects;
mod faults;
mod kills;
mod limits;
mod overlaps;
mod starved;
mod stops;
mod storm;

pub(crate) use business::{kill, until};
