//! The network: one HTTP client, the rule of where a secret may go, and signing in.

pub mod auth;
pub mod http;
