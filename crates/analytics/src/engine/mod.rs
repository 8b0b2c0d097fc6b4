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

mod archive;
mod batches;
mod detect;
mod files;
mod keep;
mod print;
mod query;
mod report;
mod view;

pub use archive::{Archived, Arguments as ArchiveArguments, run as archive};
pub use detect::{Arguments as DetectArguments, Busy, Detected, Notice, Outlets, run as detect};
pub use keep::Keeper;
pub use query::{Arguments as QueryArguments, run as query};
pub use report::{Arguments as ReportArguments, HAS_PAGE, Ledger, Reported, run as report};

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

/// What `DataFusion` may hold in memory, in bytes; sorting and grouping go to temporary files above it.
const MEMORY: usize = 1 << 30;

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread()
        .build()
        .context("no thread can be started; free memory or processes")
}
