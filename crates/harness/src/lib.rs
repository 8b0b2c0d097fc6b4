//! The program `message-trace`: source → ledger → component → sink.

pub mod cli;
