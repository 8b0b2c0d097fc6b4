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

#[cfg(test)]
impl Memory {
    /// What a host does from outside.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> usize {
        let at = self.alloc(bytes.len());
        if let Some(buffer) = self.buffers.get_mut(&at) {
            buffer[..bytes.len()].copy_from_slice(bytes);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn only_room_that_was_given_can_be_named() {
        let mut memory = Memory::default();
        let at = memory.alloc(8);
        assert_ne!(at, 0);
        assert_eq!(memory.read(at, 8), Some(&[0; 8][..]));
        assert_eq!(memory.read(at, 9), None, "longer than it is");
        assert_eq!(memory.read(at + 1, 1), None, "not where it starts");
        assert!(!memory.free(at, 7), "another length");
        assert!(memory.free(at, 8));
        assert!(!memory.free(at, 8), "twice");
        assert_eq!(memory.read(at, 1), None, "after it was given back");
    }

    #[test]
    fn room_that_there_is_none_of_is_refused() {
        assert_eq!(Memory::default().alloc(usize::MAX / 2 + 1), 0);
    }

    #[test]
    fn nothing_is_read_from_anywhere() {
        assert_eq!(Memory::default().read(0, 0), Some(&[][..]));
        let mut memory = Memory::default();
        let (one, other) = (memory.alloc(0), memory.alloc(0));
        assert_ne!(one, other, "an empty buffer has an address of its own");
    }
}
