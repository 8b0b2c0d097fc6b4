//! What tells one event from another, without the event.

use crate::json::decode_into;
use crate::normalizer::Normalizer;
use crate::options::Options;
use crate::target::EVENT_ID;

/// Stands between the part of an id that names the row and the status; no escaped text holds it.
const END_OF_ROW: u8 = b'\n';

/// The id of an event: `TRACE-ID/recipient in lower case/status in lower case`. Target `ecs` writes it as `event.id`,
/// target `ocsf` as `metadata.uid`; target `sekoia` has no place for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    text: String,
    row_len: usize,
}

impl EventId {
    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part that names the row and stays when its status changes: `TRACE-ID/recipient in lower case`.
    #[must_use]
    pub fn row(&self) -> &str {
        &self.text[..self.row_len]
    }
}

/// Reads the ids of lines by the rules, and with the code, that write them into events.
///
/// ```
/// let line = br#"{"id": "{4451A062-48CB-E80D-E8C0-196330437AE6}", "receivedDateTime": "2025-06-13T10:30:00Z",
///     "recipientAddress": "Bob@example.org", "status": "delivered"}"#;
/// let id = message_trace::EventIds::default().read(line).unwrap();
/// assert_eq!(id.as_str(), "4451a062-48cb-e80d-e8c0-196330437ae6/bob@example.org/delivered");
/// assert_eq!(id.row(), "4451a062-48cb-e80d-e8c0-196330437ae6/bob@example.org");
/// ```
#[derive(Debug)]
pub struct EventIds {
    normalizer: Normalizer,
    escaped: Vec<u8>,
}

impl Default for EventIds {
    fn default() -> Self {
        let options = Options {
            keep_original: false,
            // Whether a line is too long is for whoever makes its event.
            max_line_bytes: u32::MAX,
            ..Options::default()
        };
        Self {
            normalizer: Normalizer::with_writer(options, EVENT_ID),
            escaped: Vec::new(),
        }
    }
}

impl EventIds {
    /// The id of a line's event. `None` if the line gives no event, or has no trace id.
    pub fn read(&mut self, line: &[u8]) -> Option<EventId> {
        self.escaped.clear();
        self.normalizer.normalize(line, &mut self.escaped).ok()?;
        let at = memchr::memchr(END_OF_ROW, &self.escaped)?;
        let (row, status) = (&self.escaped[..at], &self.escaped[at + 1..]);
        let mut text = Vec::with_capacity(self.escaped.len());
        decode_into(row, &mut text);
        let row_len = text.len();
        text.push(b'/');
        decode_into(status, &mut text);
        let text = String::from_utf8(text).ok()?;
        Some(EventId { text, row_len })
    }
}
