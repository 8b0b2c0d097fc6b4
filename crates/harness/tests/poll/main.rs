//! The program `message-trace poll` against the simulated service, over real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod delivery;
mod secrecy;
mod sentences;
mod stand;
