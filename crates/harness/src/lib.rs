//! The program `message-trace`: source → ledger → component → sink.

pub mod auth;
pub mod cli;
pub mod config;
pub mod graph;
pub mod http;
pub mod ledger;
pub mod logging;
pub mod poll;
pub mod remedy;
pub mod sink;
