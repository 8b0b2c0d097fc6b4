//! A block as one SSE2 register: part of every x86-64.

use core::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
    _mm_set1_epi8, _mm_setzero_si128, _mm_storeu_si128, _mm_xor_si128,
};

use super::BLOCK;

#[derive(Clone, Copy)]
pub(super) struct Block(__m128i);

impl Block {
    #[inline]
    pub(super) fn zero() -> Self {
        // SAFETY: SSE2 is part of every x86-64, here and below.
        Self(unsafe { _mm_setzero_si128() })
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

    /// How many bytes come before the first that is no plain character of a JSON string; 16 if all are.
    #[inline]
    #[expect(
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "the instructions speak of signed bytes"
    )]
    pub(super) fn plain_bytes(self) -> usize {
        // SAFETY: SSE2 is there.
        let special = unsafe {
            let quote = _mm_cmpeq_epi8(self.0, _mm_set1_epi8(b'"' as i8));
            let backslash = _mm_cmpeq_epi8(self.0, _mm_set1_epi8(b'\\' as i8));
            let control = _mm_cmpeq_epi8(_mm_min_epu8(self.0, _mm_set1_epi8(0x1F)), self.0);
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control))
        };
        (special as u32 | 1 << BLOCK).trailing_zeros() as usize
    }
}
