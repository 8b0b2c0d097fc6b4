//! What leaves the program, over real sockets: pinned links, the client's limits, signing in, sinks, setups.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod auth;
mod canary;
mod certificates;
mod client;
mod config;
mod settings;
mod files;
mod layers;
mod links;
mod pinning;
mod server;
mod services;
mod signing_in;
mod simulated;
mod sinks;
mod values;
