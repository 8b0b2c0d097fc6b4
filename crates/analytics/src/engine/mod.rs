//! Months of events as Parquet, and questions to them in SQL.
//!
//! An archive is a folder with one folder for each day:
//!
//! | file | what it is |
//! |---|---|
//! | `day=2026-11-26/part-*.parquet` | rows as they came; an event may be there twice |
//! | `day=2026-11-26/events-*.parquet` | a compacted day: each event once |
//! | `.*.tmp` | a file that is being written, or that a crash left: never read |
//!
//! A file is written under a temporary name, synced, and renamed. It is deleted only after all that it holds is in another
//! one. So a reader beside a writer sees each event at least once, and the view `events` shows it once: of the rows with
//! one id, the one with the highest sequence. A reader that loses a file to a compaction starts again.
//!
//! In a store of objects the same names stand below a prefix, and nothing has a temporary name: [`store`] says why.

mod archive;
mod batches;
mod cluster;
mod detect;
mod files;
mod keep;
mod place;
mod print;
mod query;
mod report;
mod steps;
mod store;
mod view;

pub use archive::{Archived, Arguments as ArchiveArguments, run as archive};
pub use detect::{Arguments as DetectArguments, Busy, Detected, Notice, Outlets, run as detect};
pub use keep::Keeper;
pub use query::{Arguments as QueryArguments, run as query};
pub use report::{Arguments as ReportArguments, HAS_PAGE, Ledger, Reported, run as report};
pub use store::StoreFault;

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::runtime::{Builder, Runtime};

/// What `DataFusion` may hold in memory, in bytes; sorting and grouping go to temporary files above it.
const MEMORY: usize = 1 << 30;

/// How often to begin anew when a compaction takes files away.
const TRIES: usize = 5;
/// The same in a store, whose listings may still have what was taken away, and how long between.
const TRIES_OF_STORE: usize = 20;
const BEFORE_A_TRY: Duration = Duration::from_millis(500);

fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no thread can be started; free memory or processes")
}

/// Of an error behind which a store is, what the store's fault says: the rest are words of libraries.
fn told<T>(done: Result<T>) -> Result<T> {
    done.map_err(|error| match StoreFault::behind(&error) {
        Some(fault) => fault.clone().into(),
        None => error,
    })
}
