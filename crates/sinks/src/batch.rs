//! A batch: events as NDJSON, each with its id.

use std::error::Error;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What an event is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventKey {
    /// The event's id: the same however often the record is delivered.
    pub id: String,
    /// 0 for the first delivery of a record, more for each change since.
    pub sequence: u32,
    /// The status that a changed record had before, where it is known.
    pub previous_status: Option<String>,
}

impl EventKey {
    /// The key of a record's delivery; the status before is not known.
    #[must_use]
    pub fn new(id: impl Into<String>, sequence: u32) -> Self {
        Self {
            id: id.into(),
            sequence,
            previous_status: None,
        }
    }
}

/// An event of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What it is known by.
    pub key: &'a EventKey,
    /// The event's JSON, without the line feed.
    pub json: &'a [u8],
}

/// Events as NDJSON: each ends with a line feed and holds no other.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Where each event ends, its line feed included.
    ends: Vec<usize>,
    keys: Vec<EventKey>,
}

/// Why bytes and keys are no batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// An event holds a line feed or is empty.
    Line,
    /// There are not as many lines as keys.
    Count {
        /// Lines found.
        lines: usize,
        /// Keys given.
        keys: usize,
    },
}

impl Batch {
    /// Takes NDJSON and a key for each of its lines. The last line feed may be missing.
    ///
    /// # Errors
    ///
    /// If a line is empty, or the counts differ.
    pub fn from_ndjson(mut bytes: Vec<u8>, keys: Vec<EventKey>) -> Result<Self, BatchError> {
        if bytes.last().is_some_and(|&last| last != b'\n') {
            bytes.push(b'\n');
        }
        let ends: Vec<usize> = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at + 1)
            .collect();
        if ends.len() != keys.len() {
            return Err(BatchError::Count {
                lines: ends.len(),
                keys: keys.len(),
            });
        }
        let is_empty_line = |pair: &[usize]| matches!(pair, [start, end] if end - start < 2);
        if ends.first() == Some(&1) || ends.windows(2).any(is_empty_line) {
            return Err(BatchError::Line);
        }
        Ok(Self { bytes, ends, keys })
    }

    /// Appends an event, given without its line feed.
    ///
    /// # Errors
    ///
    /// If it is empty or holds a line feed.
    pub fn push(&mut self, key: EventKey, json: &[u8]) -> Result<(), BatchError> {
        if json.is_empty() || json.contains(&b'\n') {
            return Err(BatchError::Line);
        }
        self.bytes.extend_from_slice(json);
        self.bytes.push(b'\n');
        self.ends.push(self.bytes.len());
        self.keys.push(key);
        Ok(())
    }

    /// How many events.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no event.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// All events as NDJSON.
    #[must_use]
    pub fn ndjson(&self) -> &[u8] {
        &self.bytes
    }

    /// The event at a place, from 0.
    #[must_use]
    pub fn event(&self, index: usize) -> Option<Event<'_>> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        let json = self.bytes.get(start..self.ends.get(index)?.checked_sub(1)?)?;
        Some(Event {
            key: self.keys.get(index)?,
            json,
        })
    }

    /// The events in order.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        (0..self.len()).filter_map(|index| self.event(index))
    }

    /// Tells this batch from others within one run, by its keys.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.keys.hash(&mut hasher);
        hasher.finish()
    }
}

impl fmt::Debug for Batch {
    /// Counts only: the events hold addresses and subjects.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, ends, keys: _ } = self;
        let (events, bytes) = (ends.len(), bytes.len());
        write!(f, "Batch({events} events, {bytes} bytes)")
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line => f.write_str("expected events of one line each"),
            Self::Count { lines, keys } => {
                write!(f, "expected an id for each event, but found {keys} for {lines}")
            }
        }
    }
}

impl Error for BatchError {}

#[cfg(test)]
mod tests {
    use super::{Batch, BatchError, EventKey};

    fn key(id: &str) -> EventKey {
        EventKey::new(id, 0)
    }

    #[test]
    fn lines_and_keys_go_together() {
        let batch = Batch::from_ndjson(b"{\"a\":1}\n{}".to_vec(), vec![key("1"), key("2")]);
        let mut pushed = Batch::default();
        assert!(pushed.push(key("1"), b"{\"a\":1}").is_ok() && pushed.push(key("2"), b"{}").is_ok());
        assert_eq!(batch.as_ref(), Ok(&pushed));
        let events: Vec<_> = pushed
            .events()
            .map(|event| (event.key.id.clone(), event.json.to_vec()))
            .collect();
        assert_eq!(
            events,
            [
                ("1".to_owned(), b"{\"a\":1}".to_vec()),
                ("2".to_owned(), b"{}".to_vec())
            ]
        );
        assert!(pushed.event(2).is_none());
    }

    #[test]
    fn a_batch_that_would_shift_ids_is_refused() {
        assert_eq!(
            Batch::from_ndjson(b"{}\n\n".to_vec(), vec![key("1"), key("2")]),
            Err(BatchError::Line)
        );
        assert_eq!(
            Batch::from_ndjson(b"\n{}\n".to_vec(), vec![key("1"), key("2")]),
            Err(BatchError::Line)
        );
        let count = Batch::from_ndjson(b"{}\n{}\n".to_vec(), vec![key("1")]);
        assert_eq!(count, Err(BatchError::Count { lines: 2, keys: 1 }));
        assert_eq!(Batch::from_ndjson(Vec::new(), Vec::new()), Ok(Batch::default()));
        let mut batch = Batch::default();
        assert_eq!(batch.push(key("1"), b"{}\n{}"), Err(BatchError::Line));
        assert_eq!(batch.push(key("1"), b""), Err(BatchError::Line));
        assert!(batch.is_empty());
    }
}
