//! One thing that is measured.

use std::time::Duration;

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};

/// One thing that is measured.
pub(crate) trait Variant {
    /// What it is called in the figures: unique.
    fn name(&self) -> &str;

    /// How many rows of the corpus one run takes; slow ones take fewer.
    fn rows(&self) -> usize;

    /// How many bytes of the corpus one run reads.
    fn bytes(&self) -> usize;

    /// Goes once over its rows. Gives the processor time this took.
    fn run(&mut self) -> Result<Duration>;

    /// The events of the first rows, one a line; none where it makes no events of target `sekoia`.
    fn events(&mut self, rows: usize) -> Result<Option<Vec<u8>>>;

    /// Whether it runs the project's own code, so that its events must be equal to the byte.
    fn is_ours(&self) -> bool {
        false
    }

    /// The linear memory of its guest, in bytes.
    fn guest_memory_bytes(&self) -> Option<usize> {
        None
    }
}

/// The processor time this thread used so far.
pub(crate) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
