//! Times as the services write and read them.

use std::fmt::Write as _;
use std::time::SystemTime;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// Reads an RFC 3339 time into microseconds since 1970-01-01 UTC; further digits are cut, so that the result is never
/// later than the time. A leap second reads as the second before it. `None` if it is no such time.
#[must_use]
pub fn parse_time_us(text: &[u8]) -> Option<i64> {
    if text.len() < 20 {
        return None;
    }
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks
        .iter()
        .any(|&(at, mark)| text[at].to_ascii_uppercase() != mark)
    {
        return None;
    }
    let number = |at: std::ops::Range<usize>| digits(&text[at]).and_then(|number| u32::try_from(number).ok());
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    // The year 0 of the calendar is no year of Graph's.
    let year = i32::try_from(year).ok().filter(|&year| year > 0)?;
    let time = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second.min(59))?;
    if second > 60 {
        return None;
    }
    let mut rest = &text[19..];
    let mut micros = 0;
    if let [b'.', fraction @ ..] = rest {
        let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        let kept = count.min(6);
        micros = digits(&fraction[..kept])? * 10_i64.pow(u32::try_from(6 - kept).ok()?);
        rest = &fraction[count..];
    }
    let offset_s = match rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * 3600 + minutes * 60;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let seconds = time.and_utc().timestamp() - offset_s;
    Some(seconds * 1_000_000 + micros)
}

/// Reads a time as the Reporting Web Service writes it into microseconds since 1970-01-01 UTC: `/Date(ms)/`, or a time
/// that is in UTC and says no zone. `None` if it is no such time.
#[must_use]
pub fn parse_report_time_us(text: &[u8]) -> Option<i64> {
    if let Some(ms) = text
        .strip_prefix(b"/Date(")
        .and_then(|rest| rest.strip_suffix(b")/"))
    {
        let (sign, ms) = ms.strip_prefix(b"-").map_or((1, ms), |ms| (-1, ms));
        return (1..=15)
            .contains(&ms.len())
            .then(|| digits(ms).map(|ms| sign * ms * 1000))?;
    }
    let has_zone =
        matches!(text.last(), Some(b'Z' | b'z')) || text.get(19..).is_some_and(|rest| rest.contains(&b'+'));
    if has_zone {
        return parse_time_us(text);
    }
    let mut text = text.to_vec();
    text.push(b'Z');
    parse_time_us(&text)
}

/// Appends a whole second as `2026-01-20T00:00:00Z`; one that no calendar has as the last or first it has.
pub fn write_time(second: i64, out: &mut String) {
    let end = if second < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    };
    let time = DateTime::from_timestamp(second, 0).unwrap_or(end);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
}

/// A time as `2026-01-20T08:15:30Z`, in whole seconds; one before 1970 as 1970-01-01.
#[must_use]
pub fn utc(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut text = String::with_capacity(20);
    write_time(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), &mut text);
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_769_328_000, "2026-01-25T08:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn reads_what_graph_writes() {
        let second = 1_749_810_600_000_000;
        for (text, us) in [
            ("2025-06-13T10:30:00Z", second),
            ("2025-06-13T10:30:00.704Z", second + 704_000),
            ("2025-06-13T10:30:00.9999999Z", second + 999_999),
            ("2025-06-13T12:30:00+02:00", second),
            ("2025-06-13T08:30:00-02:00", second),
            ("2025-06-13t10:30:00z", second),
            ("1970-01-01T00:00:00Z", 0),
            ("2024-02-29T23:59:60Z", 1_709_251_199_000_000),
        ] {
            assert_eq!(parse_time_us(text.as_bytes()), Some(us), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2025-06-13",
            "2025-06-13T10:30:00",
            "2025-06-13 10:30:00Z",
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-06-13T24:00:00Z",
            "2025-06-13T10:30:00.Z",
            "2025-06-13T10:30:00+2:00",
            "2025-06-13T10:30:00Zx",
            "0000-01-01T00:00:00Z",
            "+025-06-13T10:30:00Z",
        ] {
            assert_eq!(parse_time_us(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for second in (-1_000_000_000..4_000_000_000).step_by(86_399 * 37 + 11) {
            let mut text = String::new();
            write_time(second, &mut text);
            assert_eq!(parse_time_us(text.as_bytes()), Some(second * 1_000_000), "{text}");
        }
    }
}
