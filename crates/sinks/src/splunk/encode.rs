//! An event in the collector's envelope.

use std::io::Write as _;

use super::super::Event;
use super::super::service::event_time_us;

/// What is the same around every event.
pub(super) struct Envelope {
    /// `"source":"…","sourcetype":"…"` and perhaps the index.
    fixed: Vec<u8>,
}

impl Envelope {
    pub(super) fn new(source: &str, sourcetype: &str, index: Option<&str>) -> Self {
        let mut fixed = Vec::new();
        let keys = [
            ("source", Some(source)),
            ("sourcetype", Some(sourcetype)),
            ("index", index),
        ];
        for (key, value) in keys {
            if let Some(value) = value {
                fixed.extend_from_slice(if fixed.is_empty() { b"\"" } else { b",\"" });
                fixed.extend_from_slice(key.as_bytes());
                fixed.extend_from_slice(b"\":");
                put_text(value, &mut fixed);
            }
        }
        Self { fixed }
    }

    /// Appends an event: `{"time":…,"source":…,"sourcetype":…,"fields":{"event_id":…,"event_sequence":…},"event":{…}}`.
    /// One without a time gets that of its arrival.
    pub(super) fn put(&self, event: Event<'_>, body: &mut Vec<u8>) {
        body.push(b'{');
        if let Some(time) = event_time_us(event.json) {
            let (seconds, micros) = (time.div_euclid(1_000_000), time.rem_euclid(1_000_000));
            // Writing into a vector never fails.
            let _ = if micros == 0 {
                write!(body, "\"time\":{seconds},")
            } else {
                write!(body, "\"time\":{seconds}.{micros:06},")
            };
        }
        body.extend_from_slice(&self.fixed);
        body.extend_from_slice(b",\"fields\":{\"event_id\":");
        put_text(&event.key.id, body);
        let _ = write!(body, ",\"event_sequence\":{}", event.key.sequence);
        body.extend_from_slice(b"},\"event\":");
        body.extend_from_slice(event.json);
        body.push(b'}');
    }
}

fn put_text(text: &str, body: &mut Vec<u8>) {
    // Writing into a vector never fails, and a text is always JSON.
    let _ = serde_json::to_writer(&mut *body, text);
}

#[cfg(test)]
mod tests {
    use super::super::super::EventKey;
    use super::*;

    #[test]
    fn an_event_stands_in_its_envelope() {
        let key = EventKey::new("t/a@example.com/delivered", 1);
        let json = br#"{"@timestamp":"2025-06-13T10:30:00.25Z"}"#;
        let mut body = Vec::new();
        Envelope::new("message-trace", "m365:message_trace", Some("mail"))
            .put(Event { key: &key, json }, &mut body);
        assert_eq!(
            String::from_utf8_lossy(&body),
            r#"{"time":1749810600.250000,"source":"message-trace","sourcetype":"m365:message_trace","index":"mail","fields":{"event_id":"t/a@example.com/delivered","event_sequence":1},"event":{"@timestamp":"2025-06-13T10:30:00.25Z"}}"#
        );
    }
}
