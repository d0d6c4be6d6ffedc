//! The map of `followup`; see the README for what it does.
pub mod detect;
pub mod model;
pub mod zone;
