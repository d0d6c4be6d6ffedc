//! PURE. Facts in, decision out: `decide(&Policy, &Thread, now) -> Decision` (rules D1 to D21). No I/O, no
//! clock, nothing that can fail. `plan`, `run` and `show` all call the same function.

pub mod hours;
mod policy;

pub use policy::{Cadence, Cap, Policy, StepRule, SwitchRule};
