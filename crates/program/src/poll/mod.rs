//! The command `poll`: drives the core of polling with a clock, sockets, a file and a sink.

mod driver;
mod handover;
mod progress;
mod run;

pub use run::{Ended, run, run_setup};
