//! A folder of saved traces that grows: which files are to be read, how far each was read, and which rows are new.
//!
//! Nothing here delivers anything or writes a ledger: rows are cut into batches, and a batch is held against what the
//! ledger knows. What is done with it, and when it counts as delivered, is for the program to say.

mod look;
mod read;
mod sort;

pub use look::{Folder, Found, Look};
pub use message_trace_normalize::Dates;
pub use read::{FileError, Outcome, Plan, Told, plan, read};
pub use sort::{Lookup, Sorted, sort};
