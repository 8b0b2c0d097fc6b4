//! Instants: what Microsoft writes, read exactly, written in one form.

use core::num::NonZero;
use core::ops::Range;

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use crate::lanes::{INTERPRETED, Span, WIDE};

/// How many bytes an instant's text has room in: those of a wide copy, or as few as do where each is paid for.
const ROOM: usize = if INTERPRETED { 31 } else { WIDE };

/// How long a text is that ends with seconds, and with microseconds; never zero, so that an option needs no byte more.
const SECONDS: NonZero<u8> = NonZero::new(20).unwrap();
const MICROS: NonZero<u8> = NonZero::new(27).unwrap();

/// A point in time in UTC, years 0001 to 9999, cut to microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Instant {
    /// With room behind the text, so that it is copied in whole blocks.
    text: [u8; ROOM],
    /// 20 or 27.
    len: NonZero<u8>,
}

impl Instant {
    /// Reads RFC 3339: date, time of day to the second, up to 9 digits of fraction, `Z` or an offset. A leap second
    /// reads as the second before it.
    #[inline]
    pub(crate) fn from_rfc3339(text: &[u8]) -> Option<Self> {
        match text {
            [utc @ .., b'Z'] => Self::from_utc(utc).or_else(|| Self::with_zone(text)),
            _ => Self::with_zone(text),
        }
    }

    /// Reads the same with the zone left out, which means UTC, or OData's `/Date(ms)/` and `/Date(ms+hhmm)/`:
    /// milliseconds since 1970 in UTC; the offset says only where it was written.
    #[inline]
    pub(crate) fn from_odata(text: &[u8]) -> Option<Self> {
        if let [b'/', b'D', b'a', b't', b'e', b'(', inner @ .., b')', b'/'] = text {
            return Self::from_millis(ticks(inner)?);
        }
        let utc = match text {
            [utc @ .., b'Z'] => utc,
            _ => text,
        };
        Self::from_utc(utc).or_else(|| match date_and_time(text)? {
            (time, []) => Self::new(time),
            _ => Self::with_zone(text),
        })
    }

    /// The text of what [`Self::from_odata`] reads, in less code, for what is rarely read; empty where it is no time.
    #[cold]
    #[inline(never)]
    pub(crate) fn text_of_odata(text: &str) -> String {
        let time = Self::from_odata_rarely(text.as_bytes());
        let bytes = time.as_ref().map_or(&b""[..], |time| time.span().bytes());
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn from_odata_rarely(text: &[u8]) -> Option<Self> {
        if let Some(inner) = text
            .strip_prefix(b"/Date(")
            .and_then(|rest| rest.strip_suffix(b")/"))
        {
            return Self::from_millis(ticks(inner)?);
        }
        match date_and_time(text)? {
            (time, []) => Self::new(time),
            _ => Self::with_zone(text),
        }
    }

    /// `2025-06-13T10:30:00Z`, or with exactly six digits of fraction where it is not zero.
    pub(crate) fn span(&self) -> Span<'_> {
        Span::new(&self.text, 0..usize::from(self.len.get()))
    }

    /// Milliseconds since 1970, cut.
    pub(crate) fn epoch_millis(&self) -> i64 {
        let number = |range: Range<usize>| {
            let digits = self.text[range].iter();
            digits.fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
        };
        // Years that begin in March end with the day that not every year has; 719,468 days before 1970 the first of
        // them began.
        let (month, day) = (number(5..7), number(8..10));
        let year = number(0..4) - i64::from(month <= 2);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
        let seconds = ((days * 24 + number(11..13)) * 60 + number(14..16)) * 60 + number(17..19);
        seconds * 1000 + if self.len == SECONDS { 0 } else { number(20..23) }
    }

    /// Reads a time in UTC as nearly all are written: with `T`, no leap second, at most day 28 of a month. `None` for
    /// any other, which is read with the calendar.
    #[inline]
    fn from_utc(text: &[u8]) -> Option<Self> {
        let (fixed, fraction) = text.split_first_chunk::<19>()?;
        let number = |at: usize| (fixed[at] - b'0') * 10 + (fixed[at + 1] - b'0');
        if !is_like_a_time(fixed)
            || fixed.starts_with(b"0000")
            || !(1..=12).contains(&number(5))
            || !(1..=28).contains(&number(8))
            || number(11) > 23
            || number(14) > 59
            || number(17) > 59
        {
            return None;
        }
        let mut text = [b'0'; ROOM];
        text[..19].copy_from_slice(fixed);
        text[19] = b'Z';
        let len = match fraction {
            [] => SECONDS,
            [b'.', digits @ ..] => {
                if !(1..=9).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
                    return None;
                }
                let kept = &digits[..digits.len().min(6)];
                if kept.iter().all(|&digit| digit == b'0') {
                    SECONDS
                } else {
                    text[19] = b'.';
                    text[20..20 + kept.len()].copy_from_slice(kept);
                    text[26] = b'Z';
                    MICROS
                }
            }
            _ => return None,
        };
        Some(Self { text, len })
    }

    fn with_zone(text: &[u8]) -> Option<Self> {
        let (time, zone) = date_and_time(text)?;
        Self::new(time.checked_sub_signed(offset(zone)?)?)
    }

    fn new(time: NaiveDateTime) -> Option<Self> {
        let year = u32::try_from(time.year())
            .ok()
            .filter(|year| (1..=9999).contains(year))?;
        let time_of_day = time.num_seconds_from_midnight();
        Some(Self::written(
            (year, time.month(), time.day()),
            time_of_day,
            time.nanosecond() / 1000,
        ))
    }

    /// The instant so many milliseconds after the start of 1970.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are fewer than 2^22 days, and fewer than 2^27 milliseconds in a day"
    )]
    fn from_millis(millis: i64) -> Option<Self> {
        // The years 1 to 9999.
        if !(-62_135_596_800_000..=253_402_300_799_999).contains(&millis) {
            return None;
        }
        // Years that begin in March end with the day that not every year has: 719,468 days before 1970 the first of them
        // began, which all these instants follow.
        let millis = (millis + 719_468 * 86_400_000).unsigned_abs();
        let days = (millis / 86_400_000) as u32;
        let millis = (millis % 86_400_000) as u32;
        // In quarters of a day, so that centuries and years are all of one length.
        let quarters = 4 * days + 3;
        let century = quarters / 146_097;
        let quarters = (quarters % 146_097) | 3;
        let year = quarters / 1461;
        let day_of_year = quarters % 1461 / 4;
        // Five months in a row have 153 days.
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let next = u32::from(month >= 10);
        let year = 100 * century + year + next;
        Some(Self::written(
            (year, month + 3 - 12 * next, day),
            millis / 1000,
            millis % 1000 * 1000,
        ))
    }

    /// Writes a date, seconds since midnight, and microseconds.
    fn written((year, month, day): (u32, u32, u32), seconds: u32, micros: u32) -> Self {
        let mut text = [0; ROOM];
        text[..27].copy_from_slice(b"0000-00-00T00:00:00.000000Z");
        two_digits(&mut text, 0, year / 100);
        two_digits(&mut text, 2, year % 100);
        two_digits(&mut text, 5, month);
        two_digits(&mut text, 8, day);
        let minutes = seconds / 60;
        two_digits(&mut text, 11, minutes / 60);
        two_digits(&mut text, 14, minutes % 60);
        two_digits(&mut text, 17, seconds % 60);
        let len = if micros == 0 {
            text[19] = b'Z';
            SECONDS
        } else {
            two_digits(&mut text, 20, micros / 10_000);
            two_digits(&mut text, 22, micros / 100 % 100);
            two_digits(&mut text, 24, micros % 100);
            MICROS
        };
        Self { text, len }
    }
}

/// Whether text has digits, dashes, `T` and colons where a time has them. Looks at words: the first, the second, the
/// last.
#[inline]
fn is_like_a_time(text: &[u8; 19]) -> bool {
    const fn word(text: &[u8; 19], at: usize) -> u64 {
        match text.split_at(at).1.first_chunk() {
            Some(word) => u64::from_le_bytes(*word),
            None => 0,
        }
    }
    const PATTERN: &[u8; 19] = b"0000-00-00T00:00:00";
    // What is more than nine, or more than zero where no digit stands, carries into a byte's high bit.
    const CARRY: &[u8; 19] = &[
        0x76, 0x76, 0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F,
        0x76, 0x76,
    ];
    const fn found(text: &[u8; 19], at: usize) -> u64 {
        let difference = word(text, at) ^ word(PATTERN, at);
        // Only a byte that is found carries into the one above it.
        difference.wrapping_add(word(CARRY, at)) | difference
    }
    (found(text, 0) | found(text, 8) | found(text, 11)) & 0x8080_8080_8080_8080 == 0
}

/// Writes a number below 100 at `at`.
#[expect(clippy::cast_possible_truncation, reason = "both digits are below ten")]
fn two_digits(text: &mut [u8; ROOM], at: usize, number: u32) {
    text[at] = b'0' + (number / 10) as u8;
    text[at + 1] = b'0' + (number % 10) as u8;
}

/// The value of `text` if all of it is digits, and there is at least one.
fn digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u32, |number, byte| match byte {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u32::from(byte - b'0')),
        _ => None,
    })
}

/// A date and a time of day, and the zone's text behind them.
fn date_and_time(text: &[u8]) -> Option<(NaiveDateTime, &[u8])> {
    let (fixed, rest) = text.split_at_checked(19)?;
    let &[
        y1,
        y2,
        y3,
        y4,
        b'-',
        mo1,
        mo2,
        b'-',
        d1,
        d2,
        b'T' | b't' | b' ',
        h1,
        h2,
        b':',
        mi1,
        mi2,
        b':',
        s1,
        s2,
    ] = fixed
    else {
        return None;
    };
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(digits(&[y1, y2, y3, y4])?).ok()?,
        digits(&[mo1, mo2])?,
        digits(&[d1, d2])?,
    )?;
    let second = match digits(&[s1, s2])? {
        60 => 59,
        second => second,
    };
    let (nanos, zone) = fraction(rest)?;
    let time = date.and_hms_nano_opt(digits(&[h1, h2])?, digits(&[mi1, mi2])?, second, nanos)?;
    Some((time, zone))
}

/// The fraction at the start of `text` in nanoseconds, 0 if there is none, and what follows it.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(rest) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if len > 9 {
        return None;
    }
    let (fraction, zone) = rest.split_at(len);
    let scale = (len..9).fold(1, |scale, _| scale * 10);
    Some((digits(fraction)? * scale, zone))
}

/// How far a zone's clock is ahead of UTC.
fn offset(zone: &[u8]) -> Option<TimeDelta> {
    match *zone {
        [b'Z' | b'z'] => Some(TimeDelta::zero()),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[h1, h2])?, digits(&[m1, m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let ahead = TimeDelta::minutes(i64::from(hours * 60 + minutes));
            Some(if sign == b'-' { -ahead } else { ahead })
        }
        _ => None,
    }
}

/// The milliseconds of `/Date(…)/`; an offset of a sign and four digits behind them is checked and left out.
fn ticks(inner: &[u8]) -> Option<i64> {
    let (sign, unsigned) = match inner {
        [b'-', rest @ ..] => (-1, rest),
        rest => (1, rest),
    };
    let (mut number, mut len) = (0_i64, 0);
    for byte in unsigned {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        // Of more digits than there may be, nothing is used.
        number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
        len += 1;
    }
    let zone = unsigned.get(len..).unwrap_or_default();
    match zone {
        [] => {}
        [b'+' | b'-', zone @ ..]
            if zone.len() == 4 && digits(zone).is_some_and(|z| z / 100 < 24 && z % 100 < 60) => {}
        _ => return None,
    }
    // Years up to 9999 need 15 digits.
    (1..=18).contains(&len).then_some(sign * number)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chrono::DateTime;
    use proptest::prelude::*;

    use super::Instant;

    proptest! {
        #[test]
        fn milliseconds_are_those_of_the_calendar(millis in -62_135_596_800_000_i64..253_402_300_800_000) {
            let text = format!("/Date({millis})/");
            let instant = Instant::from_odata(text.as_bytes()).unwrap();
            prop_assert_eq!(instant.epoch_millis(), millis);
            let time = DateTime::from_timestamp_millis(millis).unwrap().naive_utc();
            prop_assert_eq!(super::date_and_time(instant.span().bytes()).unwrap().0, time);
            let again = Instant::from_rfc3339(instant.span().bytes()).unwrap();
            prop_assert_eq!(again.span().bytes(), instant.span().bytes());
        }

        #[test]
        fn the_quick_reading_agrees_with_the_calendar(
            text in "(0000|0001|2024|2025|9999)-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10}|\\.0{0,7}|)",
        ) {
            let zoned = format!("{text}Z");
            let quick = Instant::from_rfc3339(zoned.as_bytes());
            let slow = Instant::with_zone(zoned.as_bytes());
            prop_assert_eq!(quick.as_ref().map(|i| i.span().bytes()), slow.as_ref().map(|i| i.span().bytes()));
            let local = Instant::from_odata(text.as_bytes());
            prop_assert_eq!(local.as_ref().map(|i| i.span().bytes()), slow.as_ref().map(|i| i.span().bytes()));
        }
    }
}
