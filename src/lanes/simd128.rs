//! A block as one vector of WebAssembly's `simd128`.

use core::arch::wasm32::{
    i8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2_splat, v128, v128_and, v128_any_true, v128_load,
    v128_or, v128_store, v128_xor,
};

use super::BLOCK;

#[derive(Clone, Copy)]
pub(super) struct Block(v128);

impl Block {
    #[inline]
    pub(super) fn zero() -> Self {
        Self(u64x2_splat(0))
    }

    /// # Safety
    ///
    /// Sixteen bytes can be read at `from`.
    #[inline]
    pub(super) unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller's promise; the load needs no alignment.
        unsafe { Self(v128_load(from.cast())) }
    }

    /// # Safety
    ///
    /// Sixteen bytes can be written at `to`.
    #[inline]
    pub(super) unsafe fn store(self, to: *mut u8) {
        // SAFETY: the caller's promise; the store needs no alignment.
        unsafe { v128_store(to.cast(), self.0) }
    }

    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }

    #[inline]
    pub(super) fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }

    #[inline]
    pub(super) fn is_zero(self) -> bool {
        !v128_any_true(self.0)
    }

    #[inline]
    pub(super) fn has_non_ascii(self) -> bool {
        i8x16_bitmask(self.0) != 0
    }

    /// How many bytes come before the first that is no plain character of a JSON string; 16 if all are.
    #[inline]
    pub(super) fn plain_bytes(self) -> usize {
        let special = v128_or(
            v128_or(
                u8x16_eq(self.0, u8x16_splat(b'"')),
                u8x16_eq(self.0, u8x16_splat(b'\\')),
            ),
            u8x16_lt(self.0, u8x16_splat(0x20)),
        );
        let mask = u32::from(i8x16_bitmask(special)) | 1 << BLOCK;
        mask.trailing_zeros() as usize
    }
}
