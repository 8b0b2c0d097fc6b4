//! One line of the dead letter.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Who refused a row that gave no event: the transform, not a sink.
pub const TRANSFORM: &str = "transform";

/// A row that has not arrived everywhere, with all it takes to deliver it again.
///
/// Its line is `{"time":"…","sink":"…","reason":"…","id":"…","raw":"…"}`, with `"sequence":1,"previous_status":"…"` if the
/// row had been delivered before and changed, and `raw_base64` in the place of `raw` where the row is no UTF-8.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// When it was refused, in UTC, as it is written; empty until it is kept.
    pub time: String,
    /// Which sink refused it, or [`TRANSFORM`].
    pub sink: String,
    /// Why: a status, or the name of a rejection. Never text of the row.
    pub reason: String,
    /// The event's id.
    pub id: String,
    /// 0 for the first delivery of a row, more for each change since.
    pub sequence: u64,
    /// The status that was delivered before, for a row that changed.
    pub previous_status: Option<String>,
    /// What the service says happened to the message, if that was delivered.
    pub details: Option<String>,
    /// The row, byte for byte.
    pub row: Vec<u8>,
}

/// What tells one letter from another: sink, id, sequence and row, as a hash. Not when it was refused, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LetterKey([u8; 16]);

impl Letter {
    /// What tells it from others.
    #[must_use]
    pub fn key(&self) -> LetterKey {
        let mut hasher = blake3::Hasher::new();
        for part in [self.sink.as_bytes(), self.id.as_bytes(), &self.row] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        hasher.update(&self.sequence.to_le_bytes());
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        LetterKey(key)
    }

    /// The line, its line feed included.
    pub(super) fn to_line(&self, now: SystemTime) -> serde_json::Result<Vec<u8>> {
        let mut line = self.written(message_trace_rows::utc(now))?.into_bytes();
        line.push(b'\n');
        Ok(line)
    }

    /// As one JSON object.
    ///
    /// # Errors
    ///
    /// None that can be: texts and numbers are written.
    pub fn to_json(&self) -> serde_json::Result<String> {
        self.written(self.time.clone())
    }

    fn written(&self, time: String) -> serde_json::Result<String> {
        let text = std::str::from_utf8(&self.row).ok();
        serde_json::to_string(&Line {
            time,
            sink: self.sink.clone(),
            reason: self.reason.clone(),
            id: self.id.clone(),
            sequence: self.sequence,
            previous_status: self.previous_status.clone(),
            details: self.details.clone(),
            raw: text.map(str::to_owned),
            raw_base64: text.is_none().then(|| STANDARD.encode(&self.row)),
        })
    }

    /// Reads a line. `None` if it is no letter.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Self> {
        let Line {
            time,
            sink,
            reason,
            id,
            sequence,
            previous_status,
            details,
            raw,
            raw_base64,
        } = serde_json::from_slice(line).ok()?;
        let row = match raw {
            Some(row) => row.into_bytes(),
            None => STANDARD.decode(raw_base64?).ok()?,
        };
        Some(Self {
            time,
            sink,
            reason,
            id,
            sequence,
            previous_status,
            details,
            row,
        })
    }
}

/// A letter as it is written.
#[derive(Serialize, Deserialize)]
struct Line {
    time: String,
    sink: String,
    reason: String,
    id: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    sequence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_zero(sequence: &u64) -> bool {
    *sequence == 0
}

impl std::fmt::Debug for Letter {
    /// Neither row nor id: both hold addresses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter")
            .field("sink", &self.sink)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::Letter;

    fn letter(row: &[u8]) -> Letter {
        Letter {
            time: "2026-01-20T08:15:01Z".to_owned(),
            sink: "https://collector.example.com".to_owned(),
            reason: "status 400".to_owned(),
            id: "quoted\"/bob@example.org/delivered".to_owned(),
            sequence: 4,
            details: None,
            previous_status: Some("pending".to_owned()),
            row: row.to_vec(),
        }
    }

    #[test]
    fn a_letter_keeps_its_row_byte_for_byte() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_768_896_901);
        for row in [
            &b"{\"a\":\"\\u00e9\"}"[..],
            b"two\nlines \"\\",
            b"no text \xff\xfe",
            b"",
        ] {
            let line = letter(row).to_line(now).unwrap_or_default();
            assert_eq!(memchr::memchr(b'\n', &line), Some(line.len() - 1));
            assert_eq!(Letter::read(&line), Some(letter(row)));
        }
    }

    #[test]
    fn the_key_is_of_sink_id_sequence_and_row() {
        let first = letter(b"{}");
        let again = Letter {
            time: String::new(),
            reason: "status 413".to_owned(),
            ..first.clone()
        };
        assert_eq!(first.key(), again.key());
        let mut others = vec![first.key(), letter(b"{ }").key()];
        for change in [
            |letter: &mut Letter| letter.sink = "transform".to_owned(),
            |letter: &mut Letter| letter.id.push('x'),
            |letter: &mut Letter| letter.sequence = 5,
        ] {
            let mut other = first.clone();
            change(&mut other);
            others.push(other.key());
        }
        let count = others.len();
        others.sort_by_key(|key| key.0);
        others.dedup();
        assert_eq!(others.len(), count);
    }

    #[test]
    fn what_is_no_letter_is_none() {
        for line in [
            "",
            "{}",
            "text",
            "{\"time\":1,\"sink\":\"a\",\"reason\":\"b\",\"id\":\"c\",\"raw\":\"d\"}",
        ] {
            assert_eq!(Letter::read(line.as_bytes()), None);
        }
    }
}
