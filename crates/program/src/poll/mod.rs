//! The command `poll`: drives the core of polling with a clock, sockets, a file and a sink.

mod check;
mod driver;
mod handover;
mod lagging;
mod progress;
mod replay;
mod run;

pub use replay::{Replayed, replay};
pub use run::{Ended, load_setup, run, run_setup};
