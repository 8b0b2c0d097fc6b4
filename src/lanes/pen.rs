//! A pen: writes into room that was made before, so that a piece costs one comparison and one copy.

use super::Out;
use super::copy::copy_short;

/// Appends to a buffer, up to a number of bytes. What it wrote counts once it is put down.
#[derive(Debug)]
pub(crate) struct Pen<'a> {
    out: &'a mut Out,
    to: *mut u8,
    room: usize,
}

impl<'a> Pen<'a> {
    /// A pen that can write `room` bytes behind what `out` holds.
    #[inline]
    pub(super) fn new(out: &'a mut Out, room: usize) -> Self {
        out.make_room(room);
        // SAFETY: a buffer's end lies within it or right behind it.
        let to = unsafe { out.buffer.as_mut_ptr().add(out.buffer.len()) };
        Self { out, to, room }
    }

    /// Appends `bytes`; `None` where there is no room for them.
    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let len = bytes.len();
        self.room = self.room.checked_sub(len)?;
        // SAFETY: `room` bytes could be written at `to`, and `len` are no more; `to` and `room` go on together.
        unsafe {
            copy_short(bytes.as_ptr(), self.to, len);
            self.to = self.to.add(len);
        }
        Some(())
    }

    /// Appends `bytes` between two escaped quotes; `None` where there is no room for them.
    #[inline]
    pub(crate) fn put_in_quotes(&mut self, bytes: &[u8]) -> Option<()> {
        let len = bytes.len();
        // A slice is shorter than half of the memory: the sum is one.
        self.room = self.room.checked_sub(len + 4)?;
        // SAFETY: as above; two, `len` and two bytes are written.
        unsafe {
            self.to.cast::<[u8; 2]>().write(*b"\\\"");
            copy_short(bytes.as_ptr(), self.to.add(2), len);
            self.to.add(len + 2).cast::<[u8; 2]>().write(*b"\\\"");
            self.to = self.to.add(len + 4);
        }
        Some(())
    }

    /// Lets the buffer hold what was written.
    #[inline]
    pub(crate) fn put_down(self) {
        let len = self.to.addr() - self.out.buffer.as_ptr().addr();
        // SAFETY: all bytes up to `to` were written, within the capacity.
        unsafe { self.out.buffer.set_len(len) };
    }
}
