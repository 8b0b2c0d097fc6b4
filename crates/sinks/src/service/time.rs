//! An event's own time, whatever its target.

use std::borrow::Cow;

use message_trace_rows::parse_time_us;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Times<'a> {
    /// `ecs` and `sekoia`.
    #[serde(rename = "@timestamp", borrow)]
    timestamp: Option<Cow<'a, str>>,
    /// `ocsf`: milliseconds since 1970-01-01 UTC.
    time: Option<Value>,
}

/// When the message was received, in microseconds since 1970-01-01 UTC; `None` if the event does not say.
pub(crate) fn event_time_us(json: &[u8]) -> Option<i64> {
    let Times { timestamp, time } = serde_json::from_slice(json).ok()?;
    match timestamp {
        Some(text) => parse_time_us(text.as_bytes()),
        None => time?.as_i64()?.checked_mul(1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::event_time_us;

    #[test]
    fn the_time_of_each_target_is_found() {
        let found = |json: &str| event_time_us(json.as_bytes());
        assert_eq!(
            found(r#"{"@timestamp":"2025-06-13T10:30:00.5Z","a":{"time":1}}"#),
            Some(1_749_810_600_500_000)
        );
        assert_eq!(found(r#"{"time":1749810600000}"#), Some(1_749_810_600_000_000));
        for none in [
            "",
            "{}",
            "[]",
            r#"{"time":"x"}"#,
            r#"{"time":9223372036854775807}"#,
            r#"{"@timestamp":"x"}"#,
        ] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}
