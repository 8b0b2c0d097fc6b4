//! The analyst's side: what is asked of months of events.
//!
//! `sql/` has one file for each question, in a dialect that several engines read; `schema` says which columns they may
//! use and where each stands in an event; `rows` reads events of the targets `ecs` and `ocsf`, and raw lines through the
//! normalizer. Nothing here maps.

#[cfg(feature = "engine")]
mod engine;
mod lookalike;
mod questions;
mod rows;
mod schema;

#[cfg(feature = "engine")]
pub use engine::{
    ArchiveArguments, Archived, Busy, DetectArguments, Detected, HAS_PAGE, Keeper, Ledger, Notice, Outlets,
    QueryArguments, ReportArguments, Reported, StoreFault, archive, detect, query, report,
};
pub use lookalike::{Arguments as LookalikeArguments, Judged, run as lookalike};
pub use questions::{QUESTIONS, Question};
pub use rows::{Reader, Refused, Row, Value};
pub use schema::{COLUMNS, Column, Kind};
