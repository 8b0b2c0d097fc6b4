//! The command `poll`: drives the core of polling with a clock, sockets, a file and a sink.

mod check;
mod details;
mod driver;
mod folder;
mod handover;
mod lagging;
mod patience;
mod progress;
mod raw;
mod replay;
mod run;

#[cfg(feature = "engine")]
pub(crate) use check::say_checked;
#[cfg(feature = "engine")]
pub(crate) use patience::with_patience;
pub use replay::{Replayed, replay};
#[cfg(feature = "streams")]
pub(crate) use run::watch_signals;
pub use run::{Ended, load_setup, run, run_setup};
