//! Rules of [Sigma](https://sigmahq.io) about message traces: read out of files, those of this project, and the events that
//! they ask.
//!
//! Nothing here evaluates a rule, reads an archive, or raises an alert.

mod builtin;
mod documents;
mod read;

pub use documents::{document, fields};
pub use read::{About, Pack};
