//! Chance from a seed, in the shapes that mail has: counts, and amounts with a heavy tail.

use fastrand::Rng;

/// Opens the stream of chance for a purpose and a number within it: what one part draws never moves another.
pub(crate) fn stream(seed: u64, purpose: u64, number: u64) -> Rng {
    Rng::with_seed(mix(mix(mix(seed) ^ purpose) ^ number))
}

/// Spreads every bit of a number over all of it, no two alike (the finisher of `SplitMix64`).
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Whether something happens that happens in this share of cases, 0 to 1.
pub(crate) fn happens(rng: &mut Rng, share: f64) -> bool {
    rng.f64() < share
}

/// A number of the normal distribution with mean 0 and deviation 1 (Box and Muller).
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

/// An amount whose logarithm is normal: half of them are below the median.
pub(crate) fn lognormal(rng: &mut Rng, median: f64, sigma: f64) -> f64 {
    median * (sigma * normal(rng)).exp()
}

/// How many of many rare things happen, on average so many; at most 100,000.
pub(crate) fn poisson(rng: &mut Rng, mean: f64) -> usize {
    if mean > 30.0 {
        return whole(mean + mean.sqrt() * normal(rng));
    }
    let (limit, mut product, mut count) = ((-mean).exp(), rng.f64(), 0);
    while product > limit {
        product *= rng.f64();
        count += 1;
    }
    count
}

/// The whole number nearest to an amount, 0 to 100,000.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "held between 0 and 100,000"
)]
pub(crate) fn whole(amount: f64) -> usize {
    amount.round().clamp(0.0, 100_000.0) as usize
}

/// A size in bytes, held between a bare message and what Exchange carries.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "held between 1,500 and 34,000,000"
)]
pub(crate) fn bytes(amount: f64) -> u32 {
    amount.clamp(1_500.0, 34_000_000.0) as u32
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub(crate) const fn real(count: usize) -> f64 {
    count as f64
}

/// One of a list that is not empty, each as likely.
pub(crate) fn pick<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    &list[rng.usize(0..list.len())]
}

/// One of a list that is not empty, the first ones more often.
pub(crate) fn favourite<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    let place = whole((rng.f64() * rng.f64() * real(list.len())).floor());
    &list[place.min(list.len() - 1)]
}
