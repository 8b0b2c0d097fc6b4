//! Sixteen bytes at a time: the only module with `unsafe` code.
//!
//! Two things are too slow byte by byte: finding the end of a JSON string, and copying short pieces of text (a
//! `memory.copy` is a call out of the compiled code in most WebAssembly hosts). Both are done here in blocks of 16
//! bytes, with the instructions of the target: `simd128`, SSE2, or two machine words. Everything offered is safe to
//! call: bounds are checked here, once for many blocks, and every `unsafe` block names the check it rests on.
#![allow(unsafe_code, reason = "the one room for it: see the module's first lines")]

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
#[path = "words.rs"]
mod block;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "simd128.rs"]
mod block;
#[cfg(target_arch = "x86_64")]
#[path = "sse2.rs"]
mod block;
#[cfg(all(test, target_arch = "x86_64"))]
#[path = "words.rs"]
mod words;

use block::Block;

/// The size of a block, in bytes.
pub(crate) const BLOCK: usize = 16;

/// Sixteen set bytes, then sixteen clear ones: the mask of the first `n` bytes starts at `16 - n`.
static MASKS: [u8; 2 * BLOCK] = {
    let mut masks = [0; 2 * BLOCK];
    let mut i = 0;
    while i < BLOCK {
        masks[i] = 0xFF;
        i += 1;
    }
    masks
};

/// A piece of text that is compared and copied in whole blocks; padded with zeros behind its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Literal {
    blocks: Vec<[u8; BLOCK]>,
    len: usize,
}

impl Literal {
    pub(crate) fn new(text: &[u8]) -> Self {
        let blocks = text
            .chunks(BLOCK)
            .map(|chunk| {
                let mut block = [0; BLOCK];
                block[..chunk.len()].copy_from_slice(chunk);
                block
            })
            .collect();
        Self {
            blocks,
            len: text.len(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the text stands in `bytes` at `at`. False as well where fewer bytes are left than the padded text has.
    #[inline]
    pub(crate) fn stands_in(&self, bytes: &[u8], at: usize) -> bool {
        let padded = self.blocks.len() * BLOCK;
        if at > bytes.len() || bytes.len() - at < padded {
            return false;
        }
        let Some(last) = self.blocks.len().checked_sub(1) else {
            return true;
        };
        let mut difference = Block::zero();
        // SAFETY: `at + padded <= bytes.len()` was checked, and `i < blocks.len()`; the mask starts at 1 to 15 or at
        // 0, and 16 bytes follow it within the 32 of `MASKS`.
        unsafe {
            let from = bytes.as_ptr().add(at);
            let text = self.blocks.as_ptr().cast::<u8>();
            for i in 0..last {
                difference =
                    difference.or(Block::load(from.add(i * BLOCK)).xor(Block::load(text.add(i * BLOCK))));
            }
            let mask = Block::load(MASKS.as_ptr().add(padded - self.len));
            let end = Block::load(from.add(last * BLOCK)).xor(Block::load(text.add(last * BLOCK)));
            difference = difference.or(end.and(mask));
        }
        difference.is_zero()
    }
}

/// A growing buffer that is written in blocks. Holds its own capacity and length, so that they stay in registers.
#[derive(Debug, Default)]
pub(crate) struct Out {
    buffer: Vec<u8>,
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

    /// Turns ASCII capitals from `start` on into small letters.
    #[inline]
    pub(crate) fn make_ascii_lowercase(&mut self, start: usize) {
        if let Some(written) = self.buffer.get_mut(start..) {
            written.make_ascii_lowercase();
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

    /// Appends `bytes`.
    #[inline]
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
        self.make_room(N);
        // SAFETY: `make_room` left at least `N` bytes behind the buffer's end; `copy_short` writes `N` bytes.
        unsafe {
            copy_short(bytes.as_ptr(), self.buffer.as_mut_ptr().add(self.buffer.len()), N);
            self.buffer.set_len(self.buffer.len() + N);
        }
    }

    /// Appends `before`, `text` and a quote.
    #[inline(never)]
    pub(crate) fn put_quoted(&mut self, before: &[u8], text: &[u8]) {
        let (middle, len) = (before.len(), before.len() + text.len() + 1);
        self.make_room(len);
        // SAFETY: `make_room` left at least `len` bytes behind the buffer's end, one piece behind the other.
        unsafe {
            let to = self.buffer.as_mut_ptr().add(self.buffer.len());
            copy_short(before.as_ptr(), to, middle);
            copy_short(text.as_ptr(), to.add(middle), text.len());
            *to.add(len - 1) = b'"';
            self.buffer.set_len(self.buffer.len() + len);
        }
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
    /// a control character. Returns where that byte is, and whether a byte before it (or up to 15 behind it) is not
    /// ASCII. Stops early where fewer than 16 bytes are left: the byte there is then any byte, or none.
    #[inline]
    pub(crate) fn put_plain(&mut self, from: &[u8], at: usize) -> (usize, bool) {
        let mut at = at;
        let mut seen = Block::zero();
        loop {
            self.make_room(4 * BLOCK);
            let room = self.buffer.capacity() - self.buffer.len();
            let left = from.len().saturating_sub(at);
            let blocks = room.min(left) / BLOCK;
            // SAFETY: every block read ends within `from`, every block written within the capacity: there are
            // `blocks` whole ones in both. Only bytes that were written count into the new length.
            unsafe {
                let start = from.as_ptr().add(at.min(from.len()));
                let to = self.buffer.as_mut_ptr().add(self.buffer.len());
                let mut done = 0;
                while done < blocks * BLOCK {
                    let block = Block::load(start.add(done));
                    block.store(to.add(done));
                    seen = seen.or(block);
                    let plain = block.plain_bytes();
                    if plain < BLOCK {
                        self.buffer.set_len(self.buffer.len() + done + plain);
                        return (at + done + plain, seen.has_non_ascii());
                    }
                    done += BLOCK;
                }
                self.buffer.set_len(self.buffer.len() + done);
                at += done;
            }
            if left - blocks * BLOCK < BLOCK {
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

/// Whether a byte can stand in a JSON string as it is.
#[inline]
pub(crate) const fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// How many bytes of `bytes[at..]` are plain, up to the first that is not.
pub(crate) fn plain_len(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let mut done = 0;
    while rest.len() - done >= BLOCK {
        // SAFETY: sixteen bytes are left behind `done`, as was just checked.
        let plain = unsafe { Block::load(rest.as_ptr().add(done)) }.plain_bytes();
        done += plain;
        if plain < BLOCK {
            return done;
        }
    }
    done + rest[done..].iter().take_while(|&&byte| is_plain(byte)).count()
}

/// How many bytes are copied by moves of our own; for more, a call of `memcpy` is the smaller part.
const MOVED: usize = 8 * BLOCK;

/// Copies `len` bytes with as few moves as fit, the last ones overlapping. No loop: the compiler would know it for a
/// copy, and call `memcpy`.
///
/// # Safety
///
/// `len` bytes can be read at `from` and written at `to`, and the two do not overlap.
#[inline]
unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: every move lies within the first `len` bytes: the caller's promise holds for each.
    unsafe {
        if len > 2 * BLOCK {
            copy_long(from, to, len);
        } else if len >= BLOCK {
            let (head, tail) = (Block::load(from), Block::load(from.add(len - BLOCK)));
            head.store(to);
            tail.store(to.add(len - BLOCK));
        } else if len >= 8 {
            copy_ends::<8>(from, to, len);
        } else if len >= 4 {
            copy_ends::<4>(from, to, len);
        } else if len > 0 {
            // One to three bytes: first, middle, last.
            *to = *from;
            *to.add(len / 2) = *from.add(len / 2);
            *to.add(len - 1) = *from.add(len - 1);
        }
    }
}

/// Copies the first and the last `N` of `len` bytes.
///
/// # Safety
///
/// As for [`copy_short`], and `len` is `N` to `2 * N`.
#[inline]
unsafe fn copy_ends<const N: usize>(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: both moves lie within the first `len` bytes.
    unsafe {
        let head = from.cast::<[u8; N]>().read();
        let tail = from.add(len - N).cast::<[u8; N]>().read();
        to.cast::<[u8; N]>().write(head);
        to.add(len - N).cast::<[u8; N]>().write(tail);
    }
}

/// Copies more than two blocks.
///
/// # Safety
///
/// As for [`copy_short`], and `len` is at least two blocks.
unsafe fn copy_long(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: every move lies within the first or the last half of `len` bytes, or is `memcpy`'s own.
    unsafe {
        if len <= 4 * BLOCK {
            copy_from_both_ends::<2>(from, to, len);
        } else if len <= MOVED {
            copy_from_both_ends::<4>(from, to, len);
        } else {
            core::ptr::copy_nonoverlapping(from, to, len);
        }
    }
}

/// Copies the first and the last `N` blocks of `len` bytes.
///
/// # Safety
///
/// As for [`copy_short`], and `len` is `N` to `2 * N` blocks.
#[inline]
unsafe fn copy_from_both_ends<const N: usize>(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: all moves lie within the first `len` bytes.
    unsafe {
        let (from_tail, to_tail) = (from.add(len - N * BLOCK), to.add(len - N * BLOCK));
        let head: [Block; N] = core::array::from_fn(|i| Block::load(from.add(i * BLOCK)));
        let tail: [Block; N] = core::array::from_fn(|i| Block::load(from_tail.add(i * BLOCK)));
        for (i, (head, tail)) in head.into_iter().zip(tail).enumerate() {
            head.store(to.add(i * BLOCK));
            tail.store(to_tail.add(i * BLOCK));
        }
    }
}

/// Copies `len` bytes, a number of whole blocks.
///
/// # Safety
///
/// As for [`copy_short`].
#[inline]
unsafe fn copy_blocks(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: every move lies within the first `len` bytes.
    unsafe {
        if len > 2 * BLOCK {
            copy_long(from, to, len);
        } else if len > 0 {
            Block::load(from).store(to);
            if len > BLOCK {
                Block::load(from.add(BLOCK)).store(to.add(BLOCK));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BLOCK, Block, Literal, Out, is_plain, plain_len};

    /// Text in which plain characters and those that are not are about as frequent.
    fn mixed() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            Just(b'"'),
            Just(b'\\'),
            Just(0x1F),
            Just(0x20),
            Just(0x7F),
            Just(0x80),
            any::<u8>()
        ];
        let rare = prop_oneof![40 => Just(b'a'), 1 => byte.clone()];
        prop_oneof![
            proptest::collection::vec(byte, 0..100),
            proptest::collection::vec(rare, 0..200)
        ]
    }

    fn escaped(text: &[u8]) -> Vec<u8> {
        let mut out = Out::default();
        for &byte in text {
            if is_plain(byte) {
                out.put_byte(byte);
            } else {
                out.put_escape(byte);
            }
        }
        out.into_inner()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 8 } else { 256 }, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_block_finds_the_first_byte_that_is_not_plain(bytes in any::<[u8; BLOCK]>()) {
            let expected = bytes.iter().take_while(|&&byte| is_plain(byte)).count();
            // SAFETY: sixteen bytes are there.
            let block = unsafe { Block::load(bytes.as_ptr()) };
            prop_assert_eq!(block.plain_bytes(), expected);
            prop_assert_eq!(block.has_non_ascii(), !bytes.is_ascii());
        }

        #[test]
        #[cfg(target_arch = "x86_64")]
        fn the_twin_agrees(bytes in any::<[u8; BLOCK]>(), other in any::<[u8; BLOCK]>()) {
            use super::words;
            // SAFETY: sixteen bytes are there in each of the four places.
            unsafe {
                let (block, with) = (Block::load(bytes.as_ptr()), Block::load(other.as_ptr()));
                let (twin, twin_with) = (words::Block::load(bytes.as_ptr()), words::Block::load(other.as_ptr()));
                prop_assert_eq!(block.plain_bytes(), twin.plain_bytes());
                prop_assert_eq!(block.has_non_ascii(), twin.has_non_ascii());
                prop_assert_eq!(Block::zero().is_zero(), words::Block::zero().is_zero());
                for (block, twin) in [
                    (block.or(with), twin.or(twin_with)),
                    (block.xor(with), twin.xor(twin_with)),
                    (block.and(with), twin.and(twin_with)),
                    (block.xor(block), twin.xor(twin)),
                ] {
                    let (mut left, mut right) = ([0; BLOCK], [0; BLOCK]);
                    block.store(left.as_mut_ptr());
                    twin.store(right.as_mut_ptr());
                    prop_assert_eq!(left, right);
                    prop_assert_eq!(block.is_zero(), twin.is_zero());
                }
            }
        }

        #[test]
        fn escaping_agrees_with_byte_by_byte(text in mixed()) {
            let mut out = Out::new(b"before".to_vec());
            out.put_escaped(&text);
            prop_assert_eq!(&out.as_slice()[6..], escaped(&text));
        }

        #[test]
        fn plain_text_is_copied_up_to_its_end(text in mixed(), start in 0_usize..20) {
            let mut out = Out::default();
            let (end, non_ascii) = out.put_plain(&text, start);
            let plain = plain_len(&text, start);
            prop_assert_eq!(plain, text.iter().skip(start).take_while(|&&byte| is_plain(byte)).count());
            if start <= text.len() {
                prop_assert_eq!(out.as_slice(), &text[start..end]);
                // Whole blocks were copied; only a rest shorter than one may be left.
                prop_assert!(end == start + plain || text.len() - end < BLOCK);
                prop_assert!(non_ascii || text[start..end].is_ascii());
            }
        }

        #[test]
        fn whatever_is_put_comes_out(pieces in proptest::collection::vec(mixed(), 0..10)) {
            let mut out = Out::default();
            for piece in &pieces {
                out.put(piece);
                out.put_literal(&Literal::new(piece));
                out.put_quoted(piece, piece);
            }
            let expected: Vec<u8> = pieces.iter().flat_map(|piece| [&piece[..], piece, piece, piece, b"\""].concat()).collect();
            prop_assert_eq!(out.into_inner(), expected);
        }

        #[test]
        fn a_literal_is_found_where_it_stands(text in mixed(), at in 0_usize..40, wrong in any::<usize>()) {
            let literal = Literal::new(&text);
            let mut bytes = vec![b'x'; at];
            bytes.extend_from_slice(&text);
            bytes.resize(bytes.len() + BLOCK, 0);
            prop_assert!(literal.stands_in(&bytes, at));
            prop_assert!(!literal.stands_in(&bytes, bytes.len() + 1));
            if !text.is_empty() {
                bytes[at + wrong % text.len()] ^= 1;
                prop_assert!(!literal.stands_in(&bytes, at));
            }
        }
    }
}
