//! Polling: complete, exact, inside the quota.
//!
//! [`Core`] decides everything and does nothing: it is given what happened and the time, and gives back what is to be
//! done. The program and the campaigns drive the same core, with sockets and a file, or in virtual time.

#![expect(clippy::similar_names, reason = "the unit of a time is the end of its name")]

mod answers;
mod backoff;
mod clock;
mod core;
mod delivery;
mod driver;
mod governor;
mod handover;
mod lane;
mod patience;
mod plan;
mod progress;
mod replay;
mod reread;
mod room;
mod run;
mod signal;
mod work;
#[cfg(test)]
mod tests;

pub use self::core::{Core, Settings, Status};
pub use delivery::{Delivery, Tally};
pub use governor::{DEFAULT_REQUESTS, Governor, WINDOW_MS};
pub use plan::{Order, Rhythm, Tier};
pub use replay::{Replayed, replay};
pub use run::{Ended, load_setup, run, run_setup};
pub use signal::{Answer, Call, Effect, Fault, Input, Outcome, Report, Trouble};
