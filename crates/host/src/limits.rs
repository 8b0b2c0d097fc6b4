//! What a component may use, in numbers.

use std::time::Duration;

use wasmtime::{Error, ResourceLimiter, Result};

/// How many bytes of lines a batch holds at best: one crossing costs nothing beside that much work.
pub const BATCH_BYTES: usize = 256 * 1024;
/// The longest line that may be asked for, in bytes: its event, twice as long, must fit beside it in the guest.
pub const MAX_LINE_BYTES: u32 = 8 * 1024 * 1024;
/// The most linear memory an instance may have, in bytes.
pub const MAX_MEMORY_BYTES: usize = 64 * 1024 * 1024;
/// An instance whose memory grew beyond this, in bytes, is replaced: linear memory never shrinks.
pub(super) const KEPT_MEMORY_BYTES: usize = 8 * 1024 * 1024;
/// The most elements a table may have.
pub const MAX_TABLE_ELEMENTS: usize = 10_000;
/// The most tables of a component.
pub const MAX_TABLES: usize = 16;
/// The most memories of a component.
pub const MAX_MEMORIES: usize = 4;
/// The most core instances of a component; one compiled for WASI brings several.
pub(super) const MAX_INSTANCES: usize = 32;
/// How much a component may make the program allocate in one call, in bytes.
pub const HOSTCALL_BYTES: usize = 48 * 1024 * 1024;
/// How long a component from a file may work on a batch. Ours takes about a millisecond.
pub const BATCH_DEADLINE: Duration = Duration::from_secs(2);
/// How long a component from a file may work on a single line.
pub const LINE_DEADLINE: Duration = Duration::from_millis(500);
/// How exact the deadlines are.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Counts what one instance uses and stops it at the limits.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// The linear memory of all memories together, in bytes.
    pub(super) memory_bytes: usize,
    /// Whether the instance was stopped for want of memory.
    pub(super) memory_exhausted: bool,
    /// Whether the instance was stopped for want of table elements.
    pub(super) table_exhausted: bool,
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let total = self.memory_bytes.saturating_sub(current).saturating_add(desired);
        if total > MAX_MEMORY_BYTES {
            self.memory_exhausted = true;
            // An error stops the guest at once; `false` would leave it to a guest what to do, for ever if it likes.
            return Err(Error::msg("memory limit"));
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > MAX_TABLE_ELEMENTS {
            self.table_exhausted = true;
            return Err(Error::msg("table limit"));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_INSTANCES
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}
