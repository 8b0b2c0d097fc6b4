//! Times, by counting days.

/// A point in time between the years 1 and 9999, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant {
    /// Whole seconds since 1970, rounded down.
    seconds: i64,
    /// What is beyond them, below a billion.
    nanoseconds: u32,
}

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970.
const YEARS: core::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl Instant {
    /// The time that a Graph row writes: RFC 3339 with a zone.
    pub(crate) fn graph(text: &str) -> Option<Self> {
        Self::iso(text, false)
    }

    /// The time that a row of the reporting format writes: milliseconds in `/Date(…)/`, or ISO 8601 that is UTC when
    /// no zone is given.
    pub(crate) fn reporting(text: &str) -> Option<Self> {
        match text
            .strip_prefix("/Date(")
            .and_then(|rest| rest.strip_suffix(")/"))
        {
            Some(inner) => Self::milliseconds(inner),
            None => Self::iso(text, true),
        }
    }

    /// `ms` or `ms±hhmm`; the offset is how the writer shows the time: it must be one, and changes nothing.
    fn milliseconds(text: &str) -> Option<Self> {
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let digits = match unsigned.split_once(['+', '-']) {
            Some((digits, zone)) => {
                let (hours, minutes) = (fixed(zone.get(..2)?, 2)?, fixed(zone.get(2..)?, 2)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                digits
            }
            None => unsigned,
        };
        // The last year takes 15 digits; zeros before them are nobody's way of writing.
        let count: i64 = number(digits).filter(|_| digits.len() <= 18)?;
        let count = sign * count;
        let nanoseconds = u32::try_from(count.rem_euclid(1000)).ok()? * 1_000_000;
        Self::checked(count.div_euclid(1000), nanoseconds)
    }

    fn iso(text: &str, zone_is_optional: bool) -> Option<Self> {
        let year = fixed(text.get(0..4)?, 4)?;
        let month = fixed(text.get(5..7)?, 2)?;
        let day = fixed(text.get(8..10)?, 2)?;
        let hour = fixed(text.get(11..13)?, 2)?;
        let minute = fixed(text.get(14..16)?, 2)?;
        let second = fixed(text.get(17..19)?, 2)?;
        let marks = [4, 7, 10, 13, 16].map(|at| text.as_bytes()[at]);
        if !matches!(marks, [b'-', b'-', b'T' | b't' | b' ', b':', b':']) {
            return None;
        }
        if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let mut rest = text.get(19..)?;
        let mut nanoseconds = 0;
        if let Some(fraction) = rest.strip_prefix('.') {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            nanoseconds = format!("{:0<9}", &fraction[..digits]).parse().ok()?;
            rest = &fraction[digits..];
        }
        let zone_seconds = match rest {
            "" if zone_is_optional => 0,
            "Z" | "z" => 0,
            _ => zone(rest)?,
        };
        let seconds =
            days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second.min(59) - zone_seconds;
        Self::checked(seconds, nanoseconds)
    }

    fn checked(seconds: i64, nanoseconds: u32) -> Option<Self> {
        YEARS.contains(&seconds).then_some(Self { seconds, nanoseconds })
    }

    /// As events write it: `Z`, no fraction when its six digits are zero, else exactly six digits, cut.
    pub(crate) fn text(self) -> String {
        let day_count = self.seconds.div_euclid(86_400);
        let second = self.seconds.rem_euclid(86_400);
        let mut year = 1970;
        while days(year, 1, 1) > day_count {
            year -= 1;
        }
        while days(year + 1, 1, 1) <= day_count {
            year += 1;
        }
        let mut month = 1;
        while month < 12 && days(year, month + 1, 1) <= day_count {
            month += 1;
        }
        let day = day_count - days(year, month, 1) + 1;
        let fraction = match self.nanoseconds / 1000 {
            0 => String::new(),
            microseconds => format!(".{microseconds:06}"),
        };
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
    }

    /// Milliseconds since 1970, cut within the second.
    pub(crate) fn epoch_milliseconds(self) -> i64 {
        self.seconds * 1000 + i64::from(self.nanoseconds / 1_000_000)
    }
}

/// `+hh:mm` or `-hh:mm`, to seconds.
fn zone(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (fixed(hours, 2)?, fixed(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A number of exactly so many digits.
fn fixed(text: &str, digits: usize) -> Option<i64> {
    if text.len() == digits { number(text) } else { None }
}

/// A number of one digit or more, and of nothing else.
fn number(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to that day, in the Gregorian calendar continued backwards.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before = |year: i64| {
        let past = year - 1;
        past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
    };
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    before(year) - before(1970) + months + day - 1
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn counts_days_as_the_calendar_does() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 3, 1), 11_017);
        assert_eq!(days(1, 1, 1), -719_162);
        assert_eq!(days(0, 12, 31), -719_163);
        assert_eq!(days(9999, 12, 31), 2_932_896);
    }

    #[test]
    fn reads_and_writes() {
        let cases = [
            ("2025-06-13T10:30:00Z", "2025-06-13T10:30:00Z"),
            ("2024-02-29 23:59:60.1234567+00:00", "2024-02-29T23:59:59.123456Z"),
            ("0001-01-01t00:00:00z", "0001-01-01T00:00:00Z"),
            ("0000-12-31T23:30:00-01:00", "0001-01-01T00:30:00Z"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
            ("1969-12-31T23:59:59.0000001Z", "1969-12-31T23:59:59Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(Instant::graph(text).unwrap().text(), expected, "{text}");
        }
        assert_eq!(
            Instant::reporting("/Date(-1)/").unwrap().text(),
            "1969-12-31T23:59:59.999000Z"
        );
        assert_eq!(Instant::reporting("/Date(-1)/").unwrap().epoch_milliseconds(), -1);
    }
}
