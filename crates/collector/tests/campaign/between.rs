//! What stands between the program and the service: this machine's clock, and proxies.

use message_trace_collector::poll::Answer;

/// Another time for this machine's clock, as a distance from the service's: mostly near, some hours now and then, seldom a
/// quarter of a year.
pub fn skew(chance: &mut fastrand::Rng) -> i64 {
    const HOUR_MS: i64 = 3_600_000;
    let most_ms = match chance.u8(0..20) {
        0 => 90 * 24 * HOUR_MS,
        1..=5 => 12 * HOUR_MS,
        _ => HOUR_MS,
    };
    chance.i64(-most_ms..=most_ms)
}

/// What a proxy or gateway says in the service's place: any status, any date, any wait.
pub fn stranger(chance: &mut fastrand::Rng, now_ms: i64) -> Answer {
    const YEAR_MS: i64 = 365 * 86_400_000;
    Answer {
        status: [200, 302, 407, 429, 502, 503][chance.usize(0..6)],
        content_type: Some("text/html; charset=utf-8".to_owned()),
        retry_after_ms: [None, Some(0), Some(30_000), Some(i64::MAX)][chance.usize(0..4)],
        date_ms: [None, Some(now_ms + chance.i64(-YEAR_MS..YEAR_MS))][chance.usize(0..2)],
        body: b"<html>Sign in to go on</html>".to_vec(),
    }
}
