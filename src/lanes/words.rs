//! A block as two machine words: for hosts without vector instructions, and the twin the others are checked against.

use super::BLOCK;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

#[derive(Clone, Copy)]
pub(super) struct Block(u64, u64);

impl Block {
    #[inline]
    pub(super) fn zero() -> Self {
        Self(0, 0)
    }

    /// # Safety
    ///
    /// Sixteen bytes can be read at `from`.
    #[inline]
    pub(super) unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller's promise; bytes need no alignment.
        unsafe {
            let [low, high] = from.cast::<[[u8; 8]; 2]>().read();
            Self(u64::from_le_bytes(low), u64::from_le_bytes(high))
        }
    }

    /// # Safety
    ///
    /// Sixteen bytes can be written at `to`.
    #[inline]
    pub(super) unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller's promise; bytes need no alignment.
        unsafe {
            to.cast::<[[u8; 8]; 2]>()
                .write([self.0.to_le_bytes(), self.1.to_le_bytes()]);
        }
    }

    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0, self.1 | other.1)
    }

    #[inline]
    pub(super) fn xor(self, other: Self) -> Self {
        Self(self.0 ^ other.0, self.1 ^ other.1)
    }

    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0, self.1 & other.1)
    }

    #[inline]
    pub(super) fn is_zero(self) -> bool {
        self.0 | self.1 == 0
    }

    #[inline]
    pub(super) fn has_non_ascii(self) -> bool {
        (self.0 | self.1) & HIGHS != 0
    }

    /// How many bytes come before the first that is no plain character of a JSON string; 16 if all are.
    #[inline]
    pub(super) fn plain_bytes(self) -> usize {
        let low = special(self.0);
        if low != 0 {
            return (low.trailing_zeros() / 8) as usize;
        }
        let high = special(self.1);
        if high != 0 {
            return 8 + (high.trailing_zeros() / 8) as usize;
        }
        BLOCK
    }
}

/// The high bit of the lowest byte that is a quote, a backslash or below 0x20; bits above it mean nothing.
#[inline]
fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5C);
    let found = (word.wrapping_sub(ONES * 0x20) & !word)
        | (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash);
    found & HIGHS
}
