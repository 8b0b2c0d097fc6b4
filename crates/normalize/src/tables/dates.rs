//! Dates of CSV reports. All are UTC, as the cmdlets and the admin center write them.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// The order of day and month in dates such as `05/06/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Dates {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// A date that could be either, and nobody said which.
#[derive(Debug)]
pub(super) struct Ambiguous;

/// Writes a date of a report in the form of a `reporting` line. Text that is no known date stays as it is, so that the
/// normalizer refuses it by name.
///
/// Dates with dots are day-first: no culture writes the month first with dots. Others are ambiguous unless the order
/// is given, day and month are the same number, or one of them is beyond 12.
pub(super) fn iso(text: &str, order: Option<Dates>) -> Result<String, Ambiguous> {
    let text = text.trim();
    let Some(numeric) = Numeric::read(text) else {
        return Ok(text.to_owned());
    };
    let Numeric {
        first,
        second,
        year,
        time,
        has_dots,
    } = numeric;
    let is_dmy = match order {
        _ if has_dots => true,
        Some(order) => order == Dates::Dmy,
        None if first > 12 || first == second => true,
        None if second > 12 => false,
        None => return Err(Ambiguous),
    };
    let (day, month) = if is_dmy { (first, second) } else { (second, first) };
    let written = NaiveDate::from_ymd_opt(year, month, day).map(|date| NaiveDateTime::new(date, time));
    Ok(written.map_or_else(|| text.to_owned(), |time| format!("{time:?}Z")))
}

/// The order that a date proves: one of its numbers is beyond 12, so that it can be the day alone. `None` if it is no
/// such date, has dots, or does not tell.
pub(super) fn proven(text: &str) -> Option<Dates> {
    let Numeric {
        first,
        second,
        has_dots,
        ..
    } = Numeric::read(text.trim())?;
    match (first > 12, second > 12) {
        _ if has_dots => None,
        (true, false) => Some(Dates::Dmy),
        (false, true) => Some(Dates::Mdy),
        _ => None,
    }
}

/// A date of three numbers with the year last, and a time.
struct Numeric {
    first: u32,
    second: u32,
    year: i32,
    time: NaiveTime,
    has_dots: bool,
}

impl Numeric {
    fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once([' ', ',']).unwrap_or((text, "00:00:00"));
        let separator = date.chars().find(|character| !character.is_ascii_digit())?;
        if !matches!(separator, '/' | '.' | '-') {
            return None;
        }
        let mut parts = date.split(separator);
        let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || first.len() > 2 || second.len() > 2 || year.len() != 4 {
            return None;
        }
        Some(Self {
            first: first.parse().ok()?,
            second: second.parse().ok()?,
            year: year.parse().ok()?,
            time: clock(time.trim())?,
            has_dots: separator == '.',
        })
    }
}

/// A time of 24 hours, or of 12 with AM or PM, with or without seconds and their fraction.
fn clock(text: &str) -> Option<NaiveTime> {
    // .NET writes a narrow no-break space before AM and PM in newer versions.
    let text = text.replace(['\u{202f}', '\u{a0}'], " ").to_uppercase();
    ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S%.f %p", "%I:%M %p"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(text.trim(), form).ok())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn day_or_month_beyond_twelve_tells_the_order() {
        assert_eq!(iso("13/06/2026 10:30:00", None).unwrap(), "2026-06-13T10:30:00Z");
        assert_eq!(iso("6/13/2026 1:05:09 PM", None).unwrap(), "2026-06-13T13:05:09Z");
        assert_eq!(iso("5/5/2026 12:00:00 AM", None).unwrap(), "2026-05-05T00:00:00Z");
    }

    #[test]
    fn ambiguous_date_is_refused_until_the_order_is_given() {
        assert!(iso("05/06/2026 10:30:00", None).is_err());
        assert_eq!(
            iso("05/06/2026 10:30:00", Some(Dates::Dmy)).unwrap(),
            "2026-06-05T10:30:00Z"
        );
        assert_eq!(
            iso("05/06/2026 10:30:00", Some(Dates::Mdy)).unwrap(),
            "2026-05-06T10:30:00Z"
        );
    }

    #[test]
    fn a_date_proves_the_order_of_others_if_it_has_but_one_reading() {
        for (text, order) in [
            ("13/06/2026", Some(Dates::Dmy)),
            ("6/13/2026 1:05 PM", Some(Dates::Mdy)),
            ("05/06/2026", None),
            ("05/05/2026", None),
            ("13.06.2026", None),
            ("13/13/2026", None),
            ("2026-06-13", None),
            ("yesterday", None),
        ] {
            assert_eq!(proven(text), order, "{text}");
        }
    }

    #[test]
    fn dots_are_day_first_even_against_the_order() {
        assert_eq!(iso("05.06.2026 10:30:00", None).unwrap(), "2026-06-05T10:30:00Z");
        assert_eq!(
            iso("05.06.2026 10:30:00", Some(Dates::Mdy)).unwrap(),
            "2026-06-05T10:30:00Z"
        );
    }

    #[test]
    fn iso_and_no_dates_stay_as_they_are() {
        for text in [
            "2026-01-20T12:34:56.789Z",
            "2026-01-20 12:34:56",
            "yesterday",
            "",
            "13/13/2026 00:00:00",
        ] {
            assert_eq!(iso(text, Some(Dates::Mdy)).unwrap(), text);
        }
    }

    #[test]
    fn narrow_space_before_pm_is_read() {
        assert_eq!(
            iso("1/20/2026 1:02:03\u{202f}PM", None).unwrap(),
            "2026-01-20T13:02:03Z"
        );
    }
}
