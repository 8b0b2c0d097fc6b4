//! Instants: what Microsoft writes, read exactly, written in one form.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};

/// A point in time in UTC, years 0001 to 9999, cut to microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Instant {
    time: NaiveDateTime,
    text: [u8; 27],
    len: u8,
}

impl Instant {
    /// Reads RFC 3339: date, time of day to the second, up to 9 digits of fraction, `Z` or an offset. A leap second
    /// reads as the second before it.
    pub(crate) fn from_rfc3339(text: &[u8]) -> Option<Self> {
        let (time, zone) = date_and_time(text)?;
        Self::new(time.checked_sub_signed(offset(zone)?)?)
    }

    /// Reads the same with the zone left out, which means UTC, or OData's `/Date(ms)/` and `/Date(ms+hhmm)/`:
    /// milliseconds since 1970 in UTC; the offset says only where it was written.
    pub(crate) fn from_odata(text: &[u8]) -> Option<Self> {
        if let [b'/', b'D', b'a', b't', b'e', b'(', inner @ .., b')', b'/'] = text {
            return Self::new(DateTime::<Utc>::from_timestamp_millis(ticks(inner)?)?.naive_utc());
        }
        match date_and_time(text)? {
            (time, []) => Self::new(time),
            (time, zone) => Self::new(time.checked_sub_signed(offset(zone)?)?),
        }
    }

    /// `2025-06-13T10:30:00Z`, or with exactly six digits of fraction where it is not zero.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.len)]
    }

    /// Milliseconds since 1970, cut.
    pub(crate) fn epoch_millis(&self) -> i64 {
        self.time.and_utc().timestamp_millis()
    }

    fn new(time: NaiveDateTime) -> Option<Self> {
        let year = u32::try_from(time.year())
            .ok()
            .filter(|year| (1..=9999).contains(year))?;
        let micros = time.nanosecond() / 1000;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        two_digits(&mut text, 0, year / 100);
        two_digits(&mut text, 2, year % 100);
        two_digits(&mut text, 5, time.month());
        two_digits(&mut text, 8, time.day());
        two_digits(&mut text, 11, time.hour());
        two_digits(&mut text, 14, time.minute());
        two_digits(&mut text, 17, time.second());
        let len = if micros == 0 {
            text[19] = b'Z';
            20
        } else {
            two_digits(&mut text, 20, micros / 10_000);
            two_digits(&mut text, 22, micros / 100 % 100);
            two_digits(&mut text, 24, micros % 100);
            27
        };
        Some(Self { time, text, len })
    }
}

/// Writes a number below 100 at `at`.
fn two_digits(text: &mut [u8; 27], at: usize, number: u32) {
    text[at] = b'0' + (number / 10 % 10) as u8;
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
    let len = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, zone) = unsigned.split_at(len);
    match zone {
        [] => {}
        [b'+' | b'-', zone @ ..]
            if zone.len() == 4 && digits(zone).is_some_and(|z| z / 100 < 24 && z % 100 < 60) => {}
        _ => return None,
    }
    // Years up to 9999 need 15 digits.
    if number.is_empty() || number.len() > 18 {
        return None;
    }
    Some(
        sign * number
            .iter()
            .fold(0, |number, digit| number * 10 + i64::from(digit - b'0')),
    )
}
