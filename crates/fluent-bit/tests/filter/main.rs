//! The filter in an interpreter, by Fluent Bit's rules.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it measured"
)]

mod guest;
mod fixtures;
mod hostile;
mod cost;
mod real;
