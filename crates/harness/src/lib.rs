//! The program `message-trace`: source → ledger → component → sink.

pub mod cli;
pub mod exit;
pub mod remedy;
pub mod host;
pub mod about;
pub mod normalize;
pub mod auth;
pub mod config;
pub mod dead_letter;
pub mod graph;
pub mod http;
pub mod ledger;
pub mod logging;
pub mod poll;
pub mod sink;
