//! Chance from a seed: independent streams, so that what one part draws never moves another.

use fastrand::Rng;

use crate::settings::Band;

/// Opens the stream of chance for a purpose and a number within it (an hour, a request).
pub(crate) fn stream(seed: u64, purpose: u64, number: u64) -> Rng {
    Rng::with_seed(mix(mix(mix(seed) ^ purpose) ^ number))
}

/// Spreads every bit of a number over all of it (the finisher of `SplitMix64`).
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Whether something happens that happens `share` times in `of`.
pub(crate) fn happens(rng: &mut Rng, share: u32, of: u32) -> bool {
    share > 0 && rng.u32(0..of) < share
}

/// Draws milliseconds from weighted bands of seconds; 0 without bands.
pub(crate) fn draw_ms(rng: &mut Rng, bands: &[Band]) -> i64 {
    let total: u32 = bands.iter().map(|band| band.weight).sum();
    if total == 0 {
        return 0;
    }
    let mut ticket = rng.u32(0..total);
    for band in bands {
        if ticket < band.weight {
            let least = i64::from(band.least) * 1_000;
            return rng.i64(least..=i64::from(band.most.max(band.least)) * 1_000);
        }
        ticket -= band.weight;
    }
    0
}

/// Picks one of a list that is not empty.
pub(crate) fn pick<'a, T: ?Sized>(rng: &mut Rng, list: &[&'a T]) -> &'a T {
    list[rng.usize(0..list.len())]
}

/// A GUID in its usual spelling.
pub(crate) fn guid(rng: &mut Rng) -> String {
    let (high, low) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    )
}
