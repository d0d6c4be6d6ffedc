//! PURE. Facts in, decision out (rules D1 to D21). No I/O, no clock, nothing that can fail. `plan`, `run`
//! and `show` all call [`decide`], so they cannot disagree.

mod address;
mod approval;
mod because;
mod bookings;
mod cadence;
mod decision;
pub mod hours;
mod outcome;
mod outline;
mod policy;
mod routing;
mod standing;
mod step;
mod timeline;
mod trigger;

use std::ops::ControlFlow;

pub use address::{Nowhere, address, conversation_on};
pub use approval::passed;
pub use because::{Anchor, Because, Choice, because_json};
pub use decision::{Action, Decision, Reason};
pub use policy::{
    Approval, ApprovalExpired, Cadence, Cancelled, Cap, Policy, Reach, StepRule, SwitchRule,
};
pub use standing::opted_out_at;

use crate::model::{Thread, Timestamp};
use outline::{End, Outline};
use timeline::Timeline;

/// What to do about this contact at `now`. The rules apply from top to bottom; the first that applies decides.
#[must_use]
pub fn decide(policy: &Policy, thread: &Thread, now: Timestamp) -> Decision {
    let timeline = Timeline::new(thread, now);
    let mut outline = Outline::new(timeline.next_fact);
    let case = Case {
        policy,
        thread,
        timeline: &timeline,
        now,
    };
    let (ControlFlow::Break(end) | ControlFlow::Continue(end)) = weigh(case, &mut outline);
    outline.decides(end)
}

/// The rules in their order: whether the contact is left alone and else what is followed up (D1 to D7), which step
/// comes next and when (D8 to D14), and whether it can go out (D15 to D18, X9).
fn weigh(case: Case<'_>, outline: &mut Outline) -> ControlFlow<End, End> {
    let trigger = trigger::of(case, outline)?;
    let step = step::of(case, &trigger, outline)?;
    outcome::of(case, &trigger, &step, outline)
}

/// What every rule looks at.
#[derive(Clone, Copy)]
struct Case<'a> {
    policy: &'a Policy,
    thread: &'a Thread,
    timeline: &'a Timeline<'a>,
    now: Timestamp,
}
