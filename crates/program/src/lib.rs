//! The program `message-trace`: source → ledger → component → sink.

pub mod cli;
pub mod about;
#[cfg(feature = "engine")]
pub mod alerts;
pub mod config;
pub mod dead_letter;
pub mod ledger;
pub mod logging;
pub mod poll;
#[cfg(feature = "streams")]
pub mod transform;
