//! A block as one SSE2 register: part of every x86-64.

use core::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_loadu_si128, _mm_min_epu8,
    _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128, _mm_storeu_si128, _mm_xor_si128,
};

use super::BLOCK;

/// How many blocks are worked on at once.
pub(super) const AT_ONCE: usize = 2;

#[derive(Clone, Copy)]
pub(super) struct Block(__m128i);

impl Block {
    #[inline]
    pub(super) fn zero() -> Self {
        // SAFETY: SSE2 is part of every x86-64, here and below.
        Self(unsafe { _mm_setzero_si128() })
    }

    #[inline]
    pub(super) fn splat(byte: u8) -> Self {
        // SAFETY: SSE2 is there.
        Self(unsafe { _mm_set1_epi8(byte.cast_signed()) })
    }

    /// # Safety
    ///
    /// Sixteen bytes can be read at `from`.
    #[inline]
    pub(super) unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller's promise; the load needs no alignment.
        unsafe { Self(_mm_loadu_si128(from.cast())) }
    }

    /// # Safety
    ///
    /// Sixteen bytes can be written at `to`.
    #[inline]
    pub(super) unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller's promise; the store needs no alignment.
        unsafe { _mm_storeu_si128(to.cast(), self.0) }
    }

    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        // SAFETY: SSE2 is there.
        Self(unsafe { _mm_or_si128(self.0, other.0) })
    }

    #[inline]
    pub(super) fn xor(self, other: Self) -> Self {
        // SAFETY: SSE2 is there.
        Self(unsafe { _mm_xor_si128(self.0, other.0) })
    }

    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        // SAFETY: SSE2 is there.
        Self(unsafe { _mm_and_si128(self.0, other.0) })
    }

    #[inline]
    pub(super) fn is_zero(self) -> bool {
        // SAFETY: SSE2 is there.
        unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, _mm_setzero_si128())) == 0xFFFF }
    }

    #[inline]
    pub(super) fn has_non_ascii(self) -> bool {
        // SAFETY: SSE2 is there.
        unsafe { _mm_movemask_epi8(self.0) != 0 }
    }

    /// Each byte with `byte` added, wrapping.
    #[inline]
    pub(super) fn add(self, byte: u8) -> Self {
        // SAFETY: SSE2 is there.
        Self(unsafe { _mm_add_epi8(self.0, Self::splat(byte).0) })
    }

    /// A bit for each byte that is `byte`, the first one lowest.
    #[inline]
    pub(super) fn equal(self, byte: u8) -> u32 {
        // SAFETY: SSE2 is there.
        unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, Self::splat(byte).0)) }.cast_unsigned()
    }

    /// A bit for each byte that is below `limit`, which is 0x80 at most; the first one lowest.
    #[inline]
    pub(super) fn below(self, limit: u8) -> u32 {
        // SAFETY: SSE2 is there.
        unsafe { _mm_movemask_epi8(self.at_most(limit - 1)) }.cast_unsigned()
    }

    #[inline]
    fn at_most(self, limit: u8) -> __m128i {
        // SAFETY: SSE2 is there.
        unsafe { _mm_cmpeq_epi8(_mm_min_epu8(self.0, Self::splat(limit).0), self.0) }
    }

    /// A bit for each byte that is a hexadecimal digit, letters in lower case; the first one lowest.
    #[inline]
    pub(super) fn hex_digits(self) -> u32 {
        self.xor(Self::splat(b'0')).below(10) | self.add(0u8.wrapping_sub(b'a')).below(6)
    }

    /// ASCII capitals as small letters, all else as it is.
    #[inline]
    pub(super) fn ascii_lower(self) -> Self {
        // SAFETY: SSE2 is there. As signed numbers what is not ASCII is negative.
        unsafe {
            let capital = _mm_and_si128(
                _mm_cmpgt_epi8(self.0, _mm_set1_epi8(0x40)),
                _mm_cmpgt_epi8(_mm_set1_epi8(0x5B), self.0),
            );
            Self(_mm_or_si128(self.0, _mm_and_si128(capital, _mm_set1_epi8(0x20))))
        }
    }

    /// A bit for each byte that is no plain character of a JSON string, the first one lowest.
    #[inline]
    fn special(self) -> u64 {
        // SAFETY: SSE2 is there.
        let special = unsafe {
            let quote = _mm_cmpeq_epi8(self.0, Self::splat(b'"').0);
            let backslash = _mm_cmpeq_epi8(self.0, Self::splat(b'\\').0);
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), self.at_most(0x1F)))
        };
        u64::from(special.cast_unsigned())
    }

    /// How many bytes come before the first that is no plain character of a JSON string; all if there is none.
    #[inline]
    pub(super) fn plain_bytes(blocks: [Self; AT_ONCE]) -> usize {
        let mut special = 0;
        for (i, block) in blocks.into_iter().enumerate() {
            special |= block.special() << (i * BLOCK);
        }
        (special.trailing_zeros() as usize).min(AT_ONCE * BLOCK)
    }
}
