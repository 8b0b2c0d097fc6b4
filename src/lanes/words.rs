//! A block as two machine words: for hosts without vector instructions, and the twin the others are checked against.

use super::BLOCK;
use super::window::special;

/// How many blocks are worked on at once: an interpreter pays for each.
pub(super) const AT_ONCE: usize = 1;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

#[derive(Clone, Copy)]
pub(super) struct Block(u64, u64);

impl Block {
    #[inline]
    pub(super) fn zero() -> Self {
        Self(0, 0)
    }

    #[inline]
    pub(super) fn splat(byte: u8) -> Self {
        let word = ONES * u64::from(byte);
        Self(word, word)
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

    /// Each byte with `byte` added, wrapping.
    #[inline]
    pub(super) fn add(self, byte: u8) -> Self {
        let Self(added, _) = Self::splat(byte);
        // The highest bits apart, so that nothing is carried into the next byte.
        let add = |word: u64| ((word & !HIGHS) + (added & !HIGHS)) ^ ((word ^ added) & HIGHS);
        Self(add(self.0), add(self.1))
    }

    /// A bit for each byte that is `byte`, the first one lowest.
    #[inline]
    pub(super) fn equal(self, byte: u8) -> u32 {
        self.xor(Self::splat(byte)).below(1)
    }

    /// A bit for each byte that is below `limit`, which is 0x80 at most; the first one lowest.
    #[inline]
    pub(super) fn below(self, limit: u8) -> u32 {
        bits(!at_least(self.0, limit)) | bits(!at_least(self.1, limit)) << 8
    }

    /// A bit for each byte that is a hexadecimal digit, letters in lower case; the first one lowest.
    #[inline]
    pub(super) fn hex_digits(self) -> u32 {
        self.xor(Self::splat(b'0')).below(10) | self.add(0u8.wrapping_sub(b'a')).below(6)
    }

    /// ASCII capitals as small letters, all else as it is.
    #[inline]
    pub(super) fn ascii_lower(self) -> Self {
        let lower = |word| {
            let capital = at_least(word, b'A') & !at_least(word, b'Z' + 1) & HIGHS;
            word | capital >> 2
        };
        Self(lower(self.0), lower(self.1))
    }

    /// How many bytes come before the first that is no plain character of a JSON string; 16 if all are.
    #[inline]
    pub(super) fn plain_bytes([block]: [Self; AT_ONCE]) -> usize {
        let low = special(block.0);
        if low != 0 {
            return (low.trailing_zeros() / 8) as usize;
        }
        let high = special(block.1);
        if high != 0 {
            return 8 + (high.trailing_zeros() / 8) as usize;
        }
        BLOCK
    }
}

/// Sets the high bit of each byte that is at least `limit`, which is 1 to 0x80; the other bits mean nothing.
#[inline]
fn at_least(word: u64, limit: u8) -> u64 {
    ((word & !HIGHS) + ONES * u64::from(0x80 - limit)) | word
}

/// The high bits of the eight bytes as eight bits.
#[inline]
fn bits(word: u64) -> u32 {
    (((word & HIGHS) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}
