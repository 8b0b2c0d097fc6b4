//! A made-up tenant with planted incidents, and the score of what finds them.
//!
//! [`Tenant`] writes the mail of one day after another as raw rows of Graph, and knows the truth: each [`Incident`] that
//! is planted among newsletters, quarter ends, a migration, an audit and people who are away. [`measure()`] gives the rows to
//! the program as an analyst would, asks `detect`, and holds its alerts against the truth ([`Score`]); the threshold of the
//! article, as the question `baseline-article` has it, is asked beside it.
//!
//! What is planted was written without a look at the rules, and the rules never see the truth.

mod calendar;
mod chance;
mod incidents;
mod mail;
mod measure;
mod oddities;
mod people;
mod score;
mod tenant;
mod traffic;

pub use incidents::{Incident, Kind};
pub use measure::{Measure, measure};
pub use score::{Raised, Score};
pub use tenant::{Plan, Tenant};

/// The tenant's own domain.
pub const DOMAIN: &str = "contoso.com";

/// Days at the beginning on which nothing is planted and no alert counts: what is usual must be seen first.
pub const HISTORY: i32 = 42;
