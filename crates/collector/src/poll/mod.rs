//! Polling: complete, exact, inside the quota.
//!
//! [`Core`] decides everything and does nothing: it is given what happened and the time, and gives back what is to be
//! done. The program and the campaigns drive the same core, with sockets and a file, or in virtual time.

#![expect(clippy::similar_names, reason = "the unit of a time is the end of its name")]

mod answers;
mod asking;
mod backoff;
mod clock;
mod core;
mod delivery;
mod faults;
mod governor;
mod lane;
mod patience;
mod plan;
mod reread;
mod room;
mod settings;
mod signal;
mod work;

pub use self::core::Core;
pub use asking::{Ask, MAX_DETAILS_BYTES};
pub use backoff::Backoff;
pub use delivery::{Delivery, Tally};
pub use governor::{DEFAULT_REQUESTS, Governor, WINDOW_MS};
pub use plan::{Order, Rhythm, Tier};
pub use settings::{Settings, Status};
pub use signal::{Answer, Call, Effect, Fault, Input, Outcome, Report, Trouble};
