//! The core of polling: what to ask for and when, what was delivered, and what is missing.
//!
//! Nothing here has a socket or a thread, and [`poll`] has no clock: it is given answers and the time.

pub mod ledger;
pub mod poll;
