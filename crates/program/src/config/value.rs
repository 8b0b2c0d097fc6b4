//! Values with units.

use std::time::Duration;

/// Reads `30s`, `15m`, `48h` or `90d`: a whole number and its unit, above zero, at most 10 years. `None` otherwise.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match text.get(number.len()..)? {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = whole(number)?.checked_mul(seconds)?;
    (1..=10 * 366 * 86_400)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

/// Reads `500000`, `64KiB`, `100MiB` or `1GiB`, above zero, at most 1 TiB. `None` otherwise.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(number.len()..)? {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    whole(number)?
        .checked_mul(unit)
        .filter(|bytes| (1..=1 << 40).contains(bytes))
}

fn whole(text: &str) -> Option<u64> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())?
}
