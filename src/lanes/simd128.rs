//! A block as one vector of WebAssembly's `simd128`.

use core::arch::wasm32::{
    i8x16_bitmask, i8x16_gt, i8x16_lt, i8x16_splat, u8x16_add, u8x16_eq, u8x16_lt, u8x16_splat,
    u8x16_sub_sat, u64x2_splat, v128, v128_and, v128_any_true, v128_load, v128_or, v128_store, v128_xor,
};

use super::BLOCK;

/// How many blocks are worked on at once.
pub(super) const AT_ONCE: usize = 2;

#[derive(Clone, Copy)]
pub(super) struct Block(v128);

impl Block {
    #[inline]
    pub(super) fn zero() -> Self {
        Self(u64x2_splat(0))
    }

    #[inline]
    pub(super) fn splat(byte: u8) -> Self {
        Self(u8x16_splat(byte))
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

    /// Each byte with `byte` added, wrapping.
    #[inline]
    pub(super) fn add(self, byte: u8) -> Self {
        Self(u8x16_add(self.0, u8x16_splat(byte)))
    }

    /// A bit for each byte that is `byte`, the first one lowest.
    #[inline]
    pub(super) fn equal(self, byte: u8) -> u32 {
        u32::from(i8x16_bitmask(u8x16_eq(self.0, u8x16_splat(byte))))
    }

    /// A bit for each byte that is below `limit`, which is 0x80 at most; the first one lowest.
    #[inline]
    pub(super) fn below(self, limit: u8) -> u32 {
        u32::from(i8x16_bitmask(u8x16_lt(self.0, u8x16_splat(limit))))
    }

    /// A bit for each byte that is a hexadecimal digit, letters in lower case; the first one lowest.
    #[inline]
    pub(super) fn hex_digits(self) -> u32 {
        self.xor(Self::splat(b'0')).below(10) | self.add(0u8.wrapping_sub(b'a')).below(6)
    }

    /// ASCII capitals as small letters, all else as it is.
    #[inline]
    pub(super) fn ascii_lower(self) -> Self {
        // As signed numbers what is not ASCII is negative.
        let capital = v128_and(
            i8x16_gt(self.0, i8x16_splat(0x40)),
            i8x16_lt(self.0, i8x16_splat(0x5B)),
        );
        Self(v128_or(self.0, v128_and(capital, u8x16_splat(0x20))))
    }

    /// A bit for each byte that is no plain character of a JSON string, the first one lowest.
    #[inline]
    fn special(self) -> u64 {
        // Only the highest bit of each byte counts: below 0x20 something is left of 0x20, and 0x7F more sets that bit.
        // A comparison would be four instructions in the compiled code, not two.
        let control = u8x16_add(u8x16_sub_sat(u8x16_splat(0x20), self.0), u8x16_splat(0x7F));
        let special = v128_or(
            v128_or(
                u8x16_eq(self.0, u8x16_splat(b'"')),
                u8x16_eq(self.0, u8x16_splat(b'\\')),
            ),
            control,
        );
        u64::from(i8x16_bitmask(special))
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
