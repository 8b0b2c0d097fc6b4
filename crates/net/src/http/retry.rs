//! How long to wait before asking again.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// The wait that the answer's `Retry-After` asks for: delta seconds or a date (RFC 9110 §10.2.3), never less than asked.
///
/// A date counts from the server's own `Date`, if it is readable, and from `now` otherwise: a clock of this machine that runs
/// ahead must not undercut the server, and one that is months behind must not wait for months. A date in the past is zero. `None` if the header is absent or is
/// neither, such as a negative or fractional number. Digits too many for a number are [`u64::MAX`] seconds; the caller
/// decides what wait is too long to sit through, but never shortens it and asks again. Of several values the longest
/// counts.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let server_now = headers
        .get(http::header::DATE)
        .and_then(|date| date.to_str().ok())
        .and_then(|date| httpdate::parse_http_date(date.trim()).ok());
    headers
        .get_all(RETRY_AFTER)
        .iter()
        .filter_map(|value| wait(value.to_str().ok()?.trim(), now, server_now))
        .max()
}

fn wait(text: &str, now: SystemTime, server_now: Option<SystemTime>) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(
        until
            .duration_since(server_now.unwrap_or(now))
            .unwrap_or(Duration::ZERO),
    )
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::HeaderMap;

    use super::retry_after;

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            if let Ok(value) = value.parse() {
                headers.append(*name, value);
            }
        }
        headers
    }

    fn asked(text: &str, now: u64) -> Option<Duration> {
        retry_after(&headers(&[("retry-after", text.to_owned())]), at(now))
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn both_forms_are_read_and_garbage_is_none() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(asked("315", 0), seconds(315));
        assert_eq!(asked(" 0 ", 0), seconds(0));
        assert_eq!(asked("1000000000000", 0), seconds(1_000_000_000_000));
        assert_eq!(asked("99999999999999999999999", 0), seconds(u64::MAX));
        assert_eq!(asked("Tue, 20 Jan 2026 08:15:30 GMT", 1_768_896_900), seconds(30));
        assert_eq!(
            asked("Tuesday, 20-Jan-26 08:15:30 GMT", 1_768_896_900),
            seconds(30)
        );
        assert_eq!(asked("Tue, 20 Jan 2026 08:15:30 GMT", 1_768_896_931), seconds(0));
        for garbage in [
            "",
            "-5",
            "+5",
            "1.5",
            "soon",
            "0x10",
            "1e3",
            "5s",
            "Tue, 20 Jan",
            "٣",
        ] {
            assert_eq!(asked(garbage, 0), None, "{garbage:?}");
        }
    }

    #[test]
    fn the_longest_of_several_values_counts() {
        let both = headers(&[
            ("retry-after", "5".into()),
            ("retry-after", "90".into()),
            ("retry-after", "x".into()),
        ]);
        assert_eq!(retry_after(&both, at(0)), Some(Duration::from_secs(90)));
    }

    #[test]
    fn a_clock_that_is_months_off_changes_nothing_where_the_server_says_its_time() {
        let server = 1_768_896_900;
        let pairs = [
            ("retry-after", httpdate::fmt_http_date(at(server + 30))),
            ("date", httpdate::fmt_http_date(at(server))),
        ];
        for local in [server - 90 * 86_400, server, server + 90 * 86_400] {
            assert_eq!(
                retry_after(&headers(&pairs), at(local)),
                Some(Duration::from_secs(30))
            );
        }
    }

    #[test]
    fn a_million_waits_never_undercut_the_server() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..1_000_000 {
            let seconds = random.u64(0..100_000);
            let (server, skew) = (
                1_768_896_900 + random.u64(0..1_000_000),
                random.i64(-100_000..100_000),
            );
            let local = server.saturating_add_signed(skew);
            let pairs = if random.bool() {
                [
                    ("retry-after", seconds.to_string()),
                    ("date", httpdate::fmt_http_date(at(server))),
                ]
            } else {
                [
                    ("retry-after", httpdate::fmt_http_date(at(server + seconds))),
                    ("date", httpdate::fmt_http_date(at(server))),
                ]
            };
            let wait = retry_after(&headers(&pairs), at(local));
            assert!(
                wait >= Some(Duration::from_secs(seconds)),
                "{pairs:?} at {local}: {wait:?}"
            );
        }
    }
}
