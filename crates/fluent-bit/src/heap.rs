//! The memory that Fluent Bit copies tag and record into.
//!
//! A module that exports `malloc` and `free` gets records of any length; without them Fluent Bit's own heap for a
//! module loses those longer than 8 KiB. It asks for two buffers before each call and gives them back behind it, so
//! two are kept, and asking costs an interpreter a few instructions. More than two at once, in any order, work too.

/// How many calls in a row must leave their buffers behind before the buffers are taken back.
///
/// Fluent Bit 4.1 keeps an instance for ever and gives nothing back.
const LEAKING_CALLS: u32 = 16;

/// Buffers by address.
#[derive(Debug, Default)]
pub struct Heap {
    kept: [Buffer; 2],
    /// More than the kept ones, while they are in use.
    others: Vec<Vec<u64>>,
    taken_since_call: u32,
    returned_since_call: u32,
    leaking_calls: u32,
}

#[derive(Debug, Default)]
struct Buffer {
    /// Words, so that a buffer is aligned for whatever a host puts there.
    words: Vec<u64>,
    in_use: bool,
}

impl Heap {
    /// A heap that holds nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        const NONE: Buffer = Buffer {
            words: Vec::new(),
            in_use: false,
        };
        Self {
            kept: [NONE; 2],
            others: Vec::new(),
            taken_since_call: 0,
            returned_since_call: 0,
            leaking_calls: 0,
        }
    }

    /// A buffer of `len` bytes or more; `None` where there is not enough memory.
    pub fn take(&mut self, len: usize) -> Option<*mut u8> {
        self.taken_since_call += 1;
        let words = len.div_ceil(8).max(1);
        for buffer in &mut self.kept {
            if !buffer.in_use {
                if buffer.words.len() < words {
                    buffer.words = zeroed(words.next_power_of_two())?;
                }
                buffer.in_use = true;
                return Some(buffer.words.as_mut_ptr().cast());
            }
        }
        let mut words = zeroed(words)?;
        let address = words.as_mut_ptr().cast();
        self.others.push(words);
        Some(address)
    }

    /// Takes a buffer back. An address that is none is passed over.
    pub fn give_back(&mut self, address: *const u8) {
        self.returned_since_call += 1;
        self.leaking_calls = 0;
        self.release(address);
    }

    /// Notes that a call ended that was handed these buffers.
    pub fn end_call(&mut self, tag: *const u8, record: *const u8) {
        if self.taken_since_call == 2 && self.returned_since_call == 0 {
            self.leaking_calls = self.leaking_calls.saturating_add(1);
            if self.leaking_calls > LEAKING_CALLS {
                self.release(tag);
                self.release(record);
            }
        } else {
            self.leaking_calls = 0;
        }
        self.taken_since_call = 0;
        self.returned_since_call = 0;
    }

    fn release(&mut self, address: *const u8) {
        for buffer in &mut self.kept {
            if core::ptr::eq(buffer.words.as_ptr().cast(), address) {
                buffer.in_use = false;
                return;
            }
        }
        self.others
            .retain(|words| !core::ptr::eq(words.as_ptr().cast(), address));
    }
}

fn zeroed(words: usize) -> Option<Vec<u64>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(words).ok()?;
    buffer.resize(words, 0);
    Some(buffer)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::{Heap, LEAKING_CALLS};

    #[test]
    fn buffers_are_used_again() {
        let mut heap = Heap::new();
        let (tag, record) = (heap.take(4).unwrap(), heap.take(2_000_000).unwrap());
        heap.end_call(tag, record);
        heap.give_back(tag);
        heap.give_back(record);
        for _ in 0..1000 {
            assert_eq!(heap.take(4).unwrap(), tag);
            assert_eq!(heap.take(500).unwrap(), record);
            heap.end_call(tag, record);
            heap.give_back(record);
            heap.give_back(tag);
        }
        assert!(heap.others.is_empty());
    }

    #[test]
    fn more_buffers_than_two_in_any_order() {
        let mut heap = Heap::new();
        let taken: Vec<_> = (1..50).map(|len| (heap.take(len).unwrap(), len)).collect();
        for &(address, len) in &taken {
            for &(other, _) in taken.iter().filter(|(other, _)| *other != address) {
                assert!(other.addr() >= address.addr() + len || other.addr() < address.addr());
            }
        }
        for step in [2, 1] {
            for (address, _) in taken.iter().step_by(step) {
                heap.give_back(*address);
                heap.give_back(*address);
            }
        }
        assert!(heap.others.is_empty());
        heap.give_back(core::ptr::null());
    }

    #[test]
    fn a_host_that_gives_nothing_back_does_not_grow_the_heap() {
        let mut heap = Heap::new();
        for _ in 0..10_000 {
            let (tag, record) = (heap.take(4).unwrap(), heap.take(500).unwrap());
            heap.end_call(tag, record);
        }
        assert!(heap.others.len() <= 2 * LEAKING_CALLS as usize);
    }

    #[test]
    fn a_host_that_keeps_its_buffers_keeps_them() {
        let mut heap = Heap::new();
        let (tag, record) = (heap.take(4).unwrap(), heap.take(500).unwrap());
        for _ in 0..100 {
            heap.end_call(tag, record);
        }
        let third = heap.take(4).unwrap();
        assert!(third != tag && third != record);
    }

    #[test]
    fn no_memory_is_no_buffer() {
        assert_eq!(Heap::new().take(usize::MAX - 8), None);
    }
}
