//! The buffer that events are written to.

use super::copy::{copy_blocks, copy_fragment, copy_short, copy_span, copy_wide};
use super::scan::is_plain;
use super::{
    AT_ONCE, BLOCK, Block, Fragment, INTERPRETED, Literal, MASKS, Pen, STRIDE, Span, WIDE, plain_end,
};

/// A growing buffer that is written in blocks. Holds its own capacity and length, so that they stay in registers.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(super) buffer: Vec<u8>,
}

impl Out {
    /// Goes on behind what `buffer` holds.
    pub(crate) fn new(buffer: Vec<u8>) -> Self {
        Self { buffer }
    }

    pub(crate) fn into_inner(self) -> Vec<u8> {
        self.buffer
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.buffer
    }

    /// Overwrites the byte at `at`, which has been written before; otherwise does nothing.
    #[inline]
    pub(crate) fn set(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.buffer.get_mut(at) {
            *place = byte;
        }
    }

    #[inline]
    pub(crate) fn make_room(&mut self, bytes: usize) {
        if self.buffer.capacity() - self.buffer.len() < bytes {
            self.grow(bytes);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, bytes: usize) {
        self.buffer.reserve(bytes);
    }

    /// A pen that can write `room` bytes behind what is there.
    #[inline]
    pub(crate) fn pen(&mut self, room: usize) -> Pen<'_> {
        Pen::new(self, room)
    }

    /// Appends `bytes`.
    #[cfg_attr(feature = "interpreted", inline(never))]
    #[cfg_attr(not(feature = "interpreted"), inline)]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let len = bytes.len();
        self.make_room(len);
        // SAFETY: `make_room` left at least `len` bytes behind the buffer's end; `copy_short` writes `len` bytes.
        unsafe {
            copy_short(
                bytes.as_ptr(),
                self.buffer.as_mut_ptr().add(self.buffer.len()),
                len,
            );
            self.buffer.set_len(self.buffer.len() + len);
        }
    }

    /// Appends a constant.
    #[inline]
    pub(crate) fn put_array<const N: usize>(&mut self, bytes: &[u8; N]) {
        if INTERPRETED {
            self.put(bytes);
            return;
        }
        self.make_room(N);
        // SAFETY: `make_room` left at least `N` bytes behind the buffer's end; `copy_short` writes `N` bytes.
        unsafe {
            copy_short(bytes.as_ptr(), self.buffer.as_mut_ptr().add(self.buffer.len()), N);
            self.buffer.set_len(self.buffer.len() + N);
        }
    }

    /// Appends text.
    #[cfg_attr(feature = "interpreted", inline(never))]
    #[cfg_attr(not(feature = "interpreted"), inline)]
    pub(crate) fn put_span(&mut self, text: Span<'_>) {
        self.make_room(WIDE + text.len);
        // SAFETY: `make_room` left room for the text, and for a wide copy.
        unsafe {
            copy_span(text, self.buffer.as_mut_ptr().add(self.buffer.len()));
            self.buffer.set_len(self.buffer.len() + text.len);
        }
    }

    /// Appends `before`, `text` and a quote.
    #[inline(never)]
    pub(crate) fn put_quoted(&mut self, before: &Fragment, text: Span<'_>) {
        if INTERPRETED {
            return self.put_quoted_in_two(before, text);
        }
        let room = self.buffer.capacity() - self.buffer.len();
        if !text.is_wide() || room <= 2 * WIDE {
            return self.put_quoted_exactly(before, text);
        }
        let middle = usize::from(before.len);
        let len = middle + text.len + 1;
        // SAFETY: a fragment and a text of a wide copy's length at most fit into the room, with a quote behind them; so
        // does a wide copy at each place. Nothing here calls, so that no register has to be saved.
        unsafe {
            let to = self.buffer.as_mut_ptr().add(self.buffer.len());
            copy_fragment(before, to);
            copy_wide(text, to.add(middle));
            *to.add(len - 1) = b'"';
            self.buffer.set_len(self.buffer.len() + len);
        }
    }

    /// The same in two copies, of any length.
    #[inline]
    fn put_quoted_in_two(&mut self, before: &Fragment, text: Span<'_>) {
        let middle = usize::from(before.len);
        let text = text.bytes();
        // A slice is shorter than half of the memory: the sum is one.
        let len = middle + text.len() + 1;
        self.make_room(len);
        // SAFETY: `make_room` left at least `len` bytes behind the buffer's end; a fragment's text is as long as it says.
        unsafe {
            let to = self.buffer.as_mut_ptr().add(self.buffer.len());
            copy_short(before.text.as_ptr(), to, middle);
            copy_short(text.as_ptr(), to.add(middle), text.len());
            *to.add(len - 1) = b'"';
            self.buffer.set_len(self.buffer.len() + len);
        }
    }

    /// The same for any text and room.
    #[inline(never)]
    fn put_quoted_exactly(&mut self, before: &Fragment, text: Span<'_>) {
        self.put_fragment(before);
        self.put(text.bytes());
        self.put_byte(b'"');
    }

    /// Appends ASCII text in lower case, and returns where its last `@` is. On other text appends nothing.
    ///
    /// # Errors
    ///
    /// Not all of the text is ASCII.
    pub(crate) fn put_lower(&mut self, text: Span<'_>) -> Result<Option<usize>, NotAscii> {
        if text.from.len() < text.len.next_multiple_of(BLOCK) {
            return self.put_lower_alone(text.bytes());
        }
        self.make_room(text.len + BLOCK);
        let mut seen = Block::zero();
        let mut last_at = None;
        let mut done = 0;
        while done < text.len {
            // SAFETY: a whole block can be read, because the text rounded up to blocks can, and written, because there
            // is room for the text and a block. The mask starts at 0 to 16, and 16 bytes follow it.
            unsafe {
                let within = (text.len - done).min(BLOCK);
                let mask = Block::load(MASKS.as_ptr().add(BLOCK - within));
                let block = Block::load(text.from.as_ptr().add(done)).and(mask);
                seen = seen.or(block);
                let ats = block.equal(b'@');
                if ats != 0 {
                    last_at = Some(done + ats.ilog2() as usize);
                }
                block
                    .ascii_lower()
                    .store(self.buffer.as_mut_ptr().add(self.buffer.len() + done));
            }
            done += BLOCK;
        }
        if seen.has_non_ascii() {
            return Err(NotAscii);
        }
        // SAFETY: so many bytes have been written.
        unsafe { self.buffer.set_len(self.buffer.len() + text.len) };
        Ok(last_at)
    }

    /// The same byte by byte, for text behind which nothing can be read.
    #[cold]
    fn put_lower_alone(&mut self, text: &[u8]) -> Result<Option<usize>, NotAscii> {
        if !text.is_ascii() {
            return Err(NotAscii);
        }
        self.buffer.extend(text.iter().map(u8::to_ascii_lowercase));
        Ok(text.iter().rposition(|&byte| byte == b'@'))
    }

    /// Appends a fragment.
    #[inline]
    pub(crate) fn put_fragment(&mut self, fragment: &Fragment) {
        self.put(&fragment.text[..usize::from(fragment.len)]);
    }

    /// Appends one byte.
    #[inline]
    pub(crate) fn put_byte(&mut self, byte: u8) {
        self.put_array(&[byte]);
    }

    /// Appends a literal.
    #[inline]
    pub(crate) fn put_literal(&mut self, literal: &Literal) {
        let padded = literal.blocks.len() * BLOCK;
        self.make_room(padded);
        // SAFETY: `make_room` left at least `padded` bytes behind the buffer's end; of those written, the first
        // `literal.len` belong to the buffer afterwards.
        unsafe {
            let from = literal.blocks.as_ptr().cast::<u8>();
            let to = self.buffer.as_mut_ptr().add(self.buffer.len());
            copy_blocks(from, to, padded);
            self.buffer.set_len(self.buffer.len() + literal.len);
        }
    }

    /// Appends `from[at..]` up to the first byte that cannot stand in a JSON string as it is: a quote, a backslash or
    /// a control character. Returns where that byte is, and whether a byte before it (or within a stride behind it) is
    /// not ASCII. Stops early where less than a stride is left, or a window in a build for interpreters: the byte there is
    /// then any byte, or none.
    #[inline]
    pub(crate) fn put_plain(&mut self, from: &[u8], at: usize) -> (usize, bool) {
        if INTERPRETED {
            let (end, non_ascii) = plain_end(from, at);
            self.put(from.get(at..end).unwrap_or_default());
            return (end, non_ascii);
        }
        let mut at = at;
        let mut seen = Block::zero();
        loop {
            self.make_room(4 * BLOCK);
            let room = self.buffer.capacity() - self.buffer.len();
            let left = from.len().saturating_sub(at);
            let strides = room.min(left) / STRIDE;
            // SAFETY: every stride read ends within `from`, every stride written within the capacity: there are
            // `strides` whole ones in both. Only bytes that were written count into the new length.
            unsafe {
                let start = from.as_ptr().add(at.min(from.len()));
                let to = self.buffer.as_mut_ptr().add(self.buffer.len());
                let mut done = 0;
                while done < strides * STRIDE {
                    let blocks: [Block; AT_ONCE] =
                        core::array::from_fn(|i| Block::load(start.add(done + i * BLOCK)));
                    for (i, block) in blocks.into_iter().enumerate() {
                        block.store(to.add(done + i * BLOCK));
                        seen = seen.or(block);
                    }
                    let plain = Block::plain_bytes(blocks);
                    if plain < STRIDE {
                        self.buffer.set_len(self.buffer.len() + done + plain);
                        return (at + done + plain, seen.has_non_ascii());
                    }
                    done += STRIDE;
                }
                self.buffer.set_len(self.buffer.len() + done);
                at += done;
            }
            if left - strides * STRIDE < STRIDE {
                return (at, seen.has_non_ascii());
            }
        }
    }

    /// Appends `text` as it stands in a JSON string: quotes, backslashes and control characters escaped.
    pub(crate) fn put_escaped(&mut self, text: &[u8]) {
        let mut at = 0;
        while at < text.len() {
            let (stop, _) = self.put_plain(text, at);
            at = stop;
            // Behind a short rest the same test goes byte by byte.
            while let Some(&byte) = text.get(at) {
                at += 1;
                if is_plain(byte) {
                    self.put_byte(byte);
                } else {
                    self.put_escape(byte);
                    break;
                }
            }
        }
    }

    /// Appends the escape of a byte that is not plain.
    pub(crate) fn put_escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.put_array(b"\\\""),
            b'\\' => self.put_array(b"\\\\"),
            b'\n' => self.put_array(b"\\n"),
            b'\r' => self.put_array(b"\\r"),
            b'\t' => self.put_array(b"\\t"),
            0x08 => self.put_array(b"\\b"),
            0x0C => self.put_array(b"\\f"),
            _ => {
                let digits = b"0123456789abcdef";
                let high = digits[usize::from(byte >> 4)];
                let low = digits[usize::from(byte & 15)];
                self.put_array(&[b'\\', b'u', b'0', b'0', high, low]);
            }
        }
    }
}

/// Text that is not ASCII.
#[derive(Debug)]
pub(crate) struct NotAscii;
