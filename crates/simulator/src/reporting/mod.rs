//! The Reporting Web Service: the older way to the same rows.

mod filter;
mod report;
mod row;

pub(crate) use report::{forbidden, report, unauthorized};
pub(crate) use row::{Echo, push_row};
