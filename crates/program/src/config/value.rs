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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{bytes, duration};

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("30s", 30), ("15m", 900), ("48h", 172_800), ("90d", 7_776_000)] {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)));
        }
        for text in [
            "",
            "h",
            "48",
            "0h",
            "-1h",
            "+1h",
            "1.5h",
            "1 h",
            "1H",
            "1w",
            "h1",
            "4000d",
            "99999999999999999999d",
        ] {
            assert_eq!(duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn sizes_are_binary() {
        for (text, size) in [
            ("1", 1),
            ("7B", 7),
            ("64KiB", 65_536),
            ("100MiB", 104_857_600),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(bytes(text), Some(size));
        }
        for text in [
            "",
            "0",
            "MiB",
            "1MB",
            "1.5MiB",
            "-1",
            "1 MiB",
            "99999GiB",
            "99999999999999999999",
        ] {
            assert_eq!(bytes(text), None, "{text:?}");
        }
    }
}
