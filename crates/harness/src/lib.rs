//! The program `message-trace`: source → ledger → component → sink.

pub mod auth;
pub mod cli;
pub mod config;
pub mod http;
pub mod logging;
pub mod remedy;
pub mod sink;
