//! What the reader hands to the threads, and what they hand to the writer.

use std::sync::Arc;

use message_trace_host::Reason;

/// A piece of a source.
pub(super) struct Job {
    /// The source's name, as rejections say it.
    pub(super) source: Arc<str>,
    /// What is to be normalized.
    pub(super) work: Work,
}

/// The rows of a job.
pub(super) enum Work {
    /// Lines as they are in the source; the number of the first, from 1; how many they are.
    Lines { bytes: Vec<u8>, first: u64, lines: u64 },
    /// Rows that came out of a page or a table, each ended by a line feed that is not part of it.
    Rows(Rows),
    /// Rows with line feeds inside.
    FoldedRows(Rows),
    /// Something that is known to be refused without a look at it.
    Refused { line: u64, reason: Reason, raw: Raw },
    /// Something to tell the person.
    Note(String),
}

/// Rows one after the other.
#[derive(Default)]
pub(super) struct Rows {
    /// The rows, each followed by a line feed.
    pub(super) bytes: Vec<u8>,
    /// Where each row ends in `bytes`, without the line feed, and the line of the source that it began on.
    pub(super) ends: Vec<(usize, u64)>,
}

impl Rows {
    pub(super) fn push(&mut self, row: &[u8], line: u64) {
        self.bytes.extend_from_slice(row);
        self.ends.push((self.bytes.len(), line));
        self.bytes.push(b'\n');
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, line)| {
            let row = self.bytes.get(start..end).unwrap_or_default();
            start = end + 1;
            (row, line)
        })
    }
}

/// What is left of a line that was refused unread.
pub(super) struct Raw {
    /// Its first bytes.
    pub(super) prefix: Vec<u8>,
    /// How long it was, in bytes.
    pub(super) length: u64,
}

/// What a job became.
#[derive(Default)]
pub(super) struct Done {
    /// Events, ready to be written.
    pub(super) events: Vec<u8>,
    /// How many events.
    pub(super) count: u64,
    /// How many lines or rows there were.
    pub(super) lines: u64,
    /// Whether they came out of a page that was a line.
    pub(super) is_page: bool,
    /// Something to tell the person.
    pub(super) note: Option<String>,
    /// How many bytes there were.
    pub(super) bytes: u64,
    /// Refused lines by number.
    pub(super) refused: Vec<(u64, Reason)>,
    /// The same as objects for the rejects file, if they are wanted.
    pub(super) rejects: Vec<u8>,
}
