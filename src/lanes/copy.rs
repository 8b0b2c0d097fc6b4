//! Copying short pieces with as few moves as fit.

use super::{BLOCK, Block, Fragment, INTERPRETED, Span, VECTORS, WIDE};

/// How many bytes are copied by moves of our own; for more, a call of `memcpy` is the smaller part.
const MOVED: usize = 8 * BLOCK;

/// Copies a fragment, and as much behind it as it pads.
///
/// # Safety
///
/// The size of a fragment's text can be written at `to`, and does not overlap it.
#[inline]
pub(super) unsafe fn copy_fragment(fragment: &Fragment, to: *mut u8) {
    let (from, len) = (fragment.text.as_ptr(), usize::from(fragment.len));
    // SAFETY: every move lies within the fragment's padded text.
    unsafe {
        if !VECTORS {
            copy_short(from, to, len);
            return;
        }
        let head: [Block; 2] = core::array::from_fn(|i| Block::load(from.add(i * BLOCK)));
        head[0].store(to);
        head[1].store(to.add(BLOCK));
        if len > 2 * BLOCK {
            let tail: [Block; 2] = core::array::from_fn(|i| Block::load(from.add((2 + i) * BLOCK)));
            tail[0].store(to.add(2 * BLOCK));
            tail[1].store(to.add(3 * BLOCK));
        }
    }
}

/// Copies text, and as much behind it as makes a wide copy.
///
/// # Safety
///
/// The text is wide ([`Span::is_wide`]); a wide copy can be written at `to`, and does not overlap the text's buffer.
#[inline]
pub(super) unsafe fn copy_wide(text: Span<'_>, to: *mut u8) {
    let from = text.from.as_ptr();
    // SAFETY: the caller's promise.
    unsafe {
        if !VECTORS {
            copy_short(from, to, text.len);
            return;
        }
        let blocks: [Block; WIDE / BLOCK] = core::array::from_fn(|i| Block::load(from.add(i * BLOCK)));
        for (i, block) in blocks.into_iter().enumerate() {
            block.store(to.add(i * BLOCK));
        }
    }
}

/// Copies any text.
///
/// # Safety
///
/// The text and a wide copy can be written at `to`, and do not overlap the text's buffer.
#[inline]
pub(super) unsafe fn copy_span(text: Span<'_>, to: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe {
        if text.is_wide() {
            copy_wide(text, to);
        } else {
            copy_short(text.from.as_ptr(), to, text.len);
        }
    }
}

/// Copies `len` bytes with as few moves as fit, the last ones overlapping. No loop: the compiler would know it for a
/// copy, and call `memcpy`.
///
/// # Safety
///
/// `len` bytes can be read at `from` and written at `to`, and the two do not overlap.
#[inline]
pub(super) unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: every move lies within the first `len` bytes: the caller's promise holds for each.
    unsafe {
        if INTERPRETED {
            core::ptr::copy_nonoverlapping(from, to, len);
        } else if len > 2 * BLOCK {
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
pub(super) unsafe fn copy_blocks(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: every move lies within the first `len` bytes.
    unsafe {
        if INTERPRETED {
            core::ptr::copy_nonoverlapping(from, to, len);
        } else if len > 2 * BLOCK {
            copy_long(from, to, len);
        } else if len > 0 {
            Block::load(from).store(to);
            if len > BLOCK {
                Block::load(from.add(BLOCK)).store(to.add(BLOCK));
            }
        }
    }
}
