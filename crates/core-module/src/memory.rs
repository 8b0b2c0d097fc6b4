//! The room that a host writes into.

use std::collections::BTreeMap;

/// The buffers that a host asked for, by address. A call may name these and nothing else, so that a wrong number from
/// a host is refused rather than read.
#[derive(Debug, Default)]
pub struct Memory {
    buffers: BTreeMap<usize, Vec<u8>>,
}

impl Memory {
    /// Makes room for `len` bytes, at least one. Returns its address, or 0 where there is none left.
    pub fn alloc(&mut self, len: usize) -> usize {
        let len = len.max(1);
        let mut buffer = Vec::new();
        if buffer.try_reserve_exact(len).is_err() {
            return 0;
        }
        buffer.resize(len, 0);
        // The host writes behind the compiler's back: the address is declared to be known outside.
        let at = buffer.as_mut_ptr().expose_provenance();
        self.buffers.insert(at, buffer);
        at
    }

    /// Gives a buffer back. False where there is none of that address and length.
    pub fn free(&mut self, at: usize, len: usize) -> bool {
        let is_known = self
            .buffers
            .get(&at)
            .is_some_and(|buffer| buffer.len() == len.max(1));
        is_known && self.buffers.remove(&at).is_some()
    }

    /// The first `len` bytes of the buffer at `at`. `None` where there is none, or it is shorter.
    #[must_use]
    pub fn read(&self, at: usize, len: usize) -> Option<&[u8]> {
        if len == 0 {
            return Some(&[]);
        }
        self.buffers.get(&at)?.get(..len)
    }
}
