//! Text as it is compared and copied in whole blocks.

use core::ops::Range;

use super::{BLOCK, Block, MASKS, WIDE};

/// Text that stands in a longer buffer. What stands behind it can be read too, so that it is copied in whole blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    /// From the text's first byte to the end of the buffer.
    pub(super) from: &'a [u8],
    /// At most the length of `from`.
    pub(super) len: usize,
}

impl<'a> Span<'a> {
    /// The text at `range` of `buffer`; empty where that is not within it.
    #[inline]
    pub(crate) fn new(buffer: &'a [u8], range: Range<usize>) -> Self {
        let from = buffer.get(range.start..).unwrap_or_default();
        Self {
            from,
            len: range.len().min(from.len()),
        }
    }

    /// The same; `None` where that is not within it.
    #[inline]
    pub(crate) fn within(buffer: &'a [u8], range: Range<usize>) -> Option<Self> {
        let from = buffer.get(range.start..)?;
        let len = range.end.wrapping_sub(range.start);
        (len <= from.len()).then_some(Self { from, len })
    }

    /// Text behind which nothing is known to stand.
    #[inline]
    pub(crate) fn alone(text: &'a [u8]) -> Self {
        Self {
            from: text,
            len: text.len(),
        }
    }

    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        &self.from[..self.len]
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Whether it can be copied wide: neither is it longer, nor does its buffer end before.
    #[inline]
    pub(super) fn is_wide(self) -> bool {
        self.len <= WIDE && self.from.len() >= WIDE
    }

    /// Whether both are the same text.
    #[inline]
    pub(crate) fn is(self, other: Self) -> bool {
        if self.len != other.len {
            return false;
        }
        let (Some(one), Some(two)) = (self.from.first_chunk::<WIDE>(), other.from.first_chunk::<WIDE>())
        else {
            return self.bytes() == other.bytes();
        };
        if self.len > WIDE {
            return self.bytes() == other.bytes();
        }
        let mut at = 0;
        while at < self.len {
            // SAFETY: `at` is a multiple of a block below `WIDE`, and so many bytes are there in both. The mask starts
            // at 0 to 15, and 16 bytes follow it.
            let difference = unsafe {
                let mask = Block::load(MASKS.as_ptr().add(BLOCK - (self.len - at).min(BLOCK)));
                Block::load(one.as_ptr().add(at))
                    .xor(Block::load(two.as_ptr().add(at)))
                    .and(mask)
            };
            if !difference.is_zero() {
                return false;
            }
            at += BLOCK;
        }
        true
    }

    /// A GUID in lower case, and room behind it, if that is what the text is: 32 hexadecimal digits with dashes.
    /// `None` as well where fewer than 48 bytes can be read.
    #[inline]
    pub(crate) fn dashed_guid(self) -> Option<[u8; WIDE]> {
        const LEN: usize = 36;
        const DASHES: u64 = 1 << 8 | 1 << 13 | 1 << 18 | 1 << 23;
        let first = self.from.first_chunk::<{ 3 * BLOCK }>()?;
        if self.len != LEN {
            return None;
        }
        let mut guid = [0; WIDE];
        let (mut dashes, mut digits) = (0, 0);
        for (i, block) in first.as_chunks::<BLOCK>().0.iter().enumerate() {
            // SAFETY: sixteen bytes are there; and three blocks of the GUID.
            let block = unsafe {
                let block = Block::load(block.as_ptr()).ascii_lower();
                block.store(guid.as_mut_ptr().add(i * BLOCK));
                block
            };
            dashes |= u64::from(block.equal(b'-')) << (i * BLOCK);
            digits |= u64::from(block.hex_digits()) << (i * BLOCK);
        }
        let within = (1 << LEN) - 1;
        (dashes & within == DASHES && digits & within == within & !DASHES).then_some(guid)
    }

    /// A part of the text; empty where `range` is not within it.
    #[inline]
    pub(crate) fn part(self, range: Range<usize>) -> Self {
        Self::new(self.from, range.start..range.end.min(self.len))
    }

    /// Which of the first bytes, 48 at most, are colons, zeros, and lower-case hexadecimal digits: a bit for each byte,
    /// the first one lowest. `None` where fewer than 48 bytes can be read.
    #[inline]
    pub(crate) fn colons_zeros_and_digits(self) -> Option<(u64, u64, u64)> {
        let first = self.from.first_chunk::<{ 3 * BLOCK }>()?;
        let within = !(u64::MAX << self.len.min(first.len()));
        let (mut colons, mut zeros, mut digits) = (0, 0, 0);
        for (i, block) in first.as_chunks::<BLOCK>().0.iter().enumerate() {
            // SAFETY: sixteen bytes are there.
            let block = unsafe { Block::load(block.as_ptr()) };
            colons |= u64::from(block.equal(b':')) << (i * BLOCK);
            zeros |= u64::from(block.equal(b'0')) << (i * BLOCK);
            digits |= u64::from(block.hex_digits()) << (i * BLOCK);
        }
        Some((colons & within, zeros & within, digits & within))
    }

    /// Which of the first bytes, 16 at most, are digits, and which are dots: a bit for each byte, the first one lowest.
    /// `None` where fewer than 16 bytes can be read.
    #[inline]
    pub(crate) fn digits_and_dots(self) -> Option<(u32, u32)> {
        let first = self.from.first_chunk::<BLOCK>()?;
        // SAFETY: sixteen bytes are there.
        let block = unsafe { Block::load(first.as_ptr()) };
        let within = !(u32::MAX << self.len.min(BLOCK));
        let digits = block.xor(Block::splat(b'0')).below(10);
        Some((digits & within, block.equal(b'.') & within))
    }
}

/// A constant piece of text, copied in whole blocks.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(super) text: [u8; WIDE],
    pub(super) len: u8,
}

impl Fragment {
    /// Takes up to 64 bytes; longer text does not compile.
    pub(crate) const fn new(text: &[u8]) -> Self {
        let mut padded = [0; WIDE];
        let mut i = 0;
        while i < text.len() {
            padded[i] = text[i];
            i += 1;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a longer text does not fit in the array above"
        )]
        Self {
            text: padded,
            len: text.len() as u8,
        }
    }
}

/// A piece of text that is compared and copied in whole blocks; padded with zeros behind its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Literal {
    pub(super) blocks: Vec<[u8; BLOCK]>,
    pub(super) len: usize,
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

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.blocks.as_flattened()[..self.len]
    }

    /// Whether the text stands in `bytes` at `at`.
    #[inline]
    pub(crate) fn stands_in(&self, bytes: &[u8], at: usize) -> bool {
        let padded = self.blocks.len() * BLOCK;
        if at > bytes.len() || bytes.len() - at < padded {
            return self.ends(bytes, at);
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

    /// The same where fewer bytes are left than the padded text has.
    #[cold]
    fn ends(&self, bytes: &[u8], at: usize) -> bool {
        bytes
            .get(at..)
            .is_some_and(|rest| rest.starts_with(self.as_slice()))
    }
}
