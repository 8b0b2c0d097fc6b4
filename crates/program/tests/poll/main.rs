//! The program `message-trace poll` against the simulated service, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "engine")]
mod archive;
mod collector;
mod delivery;
mod details;
mod lagging;
mod log;
mod refusals;
mod reporting;
mod secrecy;
mod sentences;
mod stand;
