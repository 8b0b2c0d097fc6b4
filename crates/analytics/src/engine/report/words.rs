//! Numbers, sizes and times for reading, as the page has them.

use chrono::{DateTime, Datelike as _};

const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/// A whole number in groups of three digits.
pub(super) fn number(value: impl ToString) -> String {
    let digits = value.to_string();
    let length = digits.len();
    let mut text = String::with_capacity(length + length / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (length - at).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun.
pub(super) fn several(count: i64, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// Bytes with three digits that count.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn size(bytes: i64) -> String {
    let (mut unit, mut value) = (0, bytes as f64);
    // What would be rounded to 1000 is 1 of the next unit.
    while value >= 999.5 && unit < UNITS.len() - 1 {
        (unit, value) = (unit + 1, value / 1000.0);
    }
    let decimals = match value {
        _ if unit == 0 => 0,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {}", UNITS.get(unit).unwrap_or(&""))
}

/// A part of a whole in percent.
#[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
pub(super) fn share(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return String::new();
    }
    let percent = 100.0 * part as f64 / whole as f64;
    let decimals = match percent {
        _ if part == whole => 0,
        _ if part > 0 && percent < 1.0 => 2,
        _ => 1,
    };
    format!("{percent:.decimals$} %")
}

/// A time to the second, in UTC.
pub(super) fn time(milliseconds: i64) -> String {
    DateTime::from_timestamp_millis(milliseconds)
        .map_or_else(String::new, |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// The day of a time, in UTC.
pub(super) fn day(milliseconds: i64) -> String {
    DateTime::from_timestamp_millis(milliseconds)
        .map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string())
}

/// From when to when, `to` not among it: days where it is whole days.
pub(super) fn span(from: i64, to: i64) -> String {
    if from % DAY != 0 || to % DAY != 0 {
        return format!("{} to {}", time(from), time(to));
    }
    let (first, last) = (day(from), day(to - 1));
    if first == last {
        first
    } else {
        format!("{first} to {last}")
    }
}

/// The days of two times, which both belong to it, as a heading has them: `1 to 30 November 2026`.
pub(super) fn days_in_words(from: i64, to: i64) -> String {
    let (Some(from), Some(to)) = (
        DateTime::from_timestamp_millis(from),
        DateTime::from_timestamp_millis(to),
    ) else {
        return String::new();
    };
    let last = to.format("%-d %B %Y");
    let first = match () {
        () if from.date_naive() == to.date_naive() => return last.to_string(),
        () if from.year() != to.year() => from.format("%-d %B %Y"),
        () if from.month() != to.month() => from.format("%-d %B"),
        () => from.format("%-d"),
    };
    format!("{first} to {last}")
}

/// A day in milliseconds.
pub(super) const DAY: i64 = 86_400_000;

/// `filtered-as-spam` as words.
pub(super) fn status_name(status: &str) -> String {
    let mut letters = status.chars();
    match letters.next() {
        None => "No status".to_owned(),
        Some(first) => first.to_uppercase().collect::<String>() + &letters.as_str().replace('-', " "),
    }
}

/// `inbound` with a capital.
pub(super) fn direction_name(direction: &str) -> String {
    if direction.is_empty() {
        "Not known".to_owned()
    } else {
        status_name(direction)
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, days_in_words, number, share, size, span};

    #[test]
    fn numbers_read_as_on_the_page() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (-1_000, "-1,000"),
            (-100, "-100"),
        ] {
            assert_eq!(number(value), text);
        }
        for (value, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (9_994, "9.99 kB"),
            (9_996, "10.0 kB"),
            (99_960, "100 kB"),
            (999_600, "1.00 MB"),
            (48_100_000, "48.1 MB"),
        ] {
            assert_eq!(size(value), text);
        }
        for (part, whole, text) in [
            (1, 0, ""),
            (0, 9, "0.0 %"),
            (9, 9, "100 %"),
            (1, 3, "33.3 %"),
            (1, 1_000, "0.10 %"),
        ] {
            assert_eq!(share(part, whole), text);
        }
    }

    #[test]
    fn whole_days_are_said_as_days() {
        assert_eq!(span(0, DAY), "1970-01-01");
        assert_eq!(span(0, 2 * DAY), "1970-01-01 to 1970-01-02");
        for (days, text) in [
            (0, "1 January 1970"),
            (29, "1 to 30 January 1970"),
            (31, "1 January to 1 February 1970"),
            (365, "1 January 1970 to 1 January 1971"),
        ] {
            assert_eq!(days_in_words(0, days * DAY), text);
        }
        assert_eq!(span(0, 3_600_000), "1970-01-01 00:00:00 to 1970-01-01 01:00:00");
    }
}
