//! The mapping a second time: simple, slow and written apart from the normalizer, so that the two find each other's
//! bugs. Beside it the rows that tests feed to both: the fixtures and a seeded generator.
//!
//! For tests only. Nothing here is fast, and nothing of the normalizer is used but the names of its interface.

mod json;
mod time;
mod ip;
mod record;
mod details;
mod target;
mod line;
mod fixtures;
mod generator;
mod agreement;

pub use agreement::{
    assert_same, check_batch, check_batch_after, check_line, check_line_after, run, some_options,
};
pub use fixtures::{Batch, Case, Delivered, Expected, batches, bless, cases, folder, rejection_json};
pub use generator::{Generator, Style};
pub use json::{Fault, Json, MAX_DEPTH};
pub use line::{expand, normalize, normalize_batch, normalize_revised_batch, normalize_row};
