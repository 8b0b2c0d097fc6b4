//! The one place that knows Graph's query syntax and the shape of its answers.
//!
//! Nothing here does I/O: a [`Query`] becomes a path and query to ask for, a body becomes a [`Page`], any other answer
//! a [`Verdict`].

mod answer;
mod query;

pub use answer::{SERVICE_PRINCIPAL_APP_ID, Verdict, is_refusal_of_service, judge};
pub use message_trace_rows::{Page, Row, parse_time_us, write_time};
pub use query::{MAX_WINDOW_S, PAGE_ROWS, Query, RETENTION_S};
