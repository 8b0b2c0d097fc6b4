//! NDJSON: cuts a source into chunks that end with a line.

use std::io::{self, Read};

use message_trace_host::{BATCH_BYTES, Reason};
use message_trace_remedy::Failure;

use super::job::{Raw, Work};
use super::rejects;

/// Why reading ended early.
pub(super) enum Stop {
    /// The source failed.
    Io(io::Error),
    /// Nobody takes the jobs any more.
    Closed,
    /// The source could not be opened.
    Failed(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// How much is read at once, in bytes.
const READ_BYTES: usize = 64 * 1024;
/// A read of a pipe that gave less than this, in bytes, has caught up with its writer: what is there goes on at once.
const CAUGHT_UP_BYTES: usize = 32 * 1024;

/// Reads lines. One that is longer than `limit` bytes is passed over without being kept.
pub(super) fn read(
    source: &mut impl Read,
    limit: u32,
    send: &mut dyn FnMut(Work) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut chunk = Vec::with_capacity(BATCH_BYTES);
    let mut first = 1_u64;
    let mut is_end = false;
    while !is_end {
        let read = match fill(source, &mut chunk) {
            Ok(read) => read,
            Err(error) => {
                send_whole(chunk, first, send)?;
                return Err(error.into());
            }
        };
        is_end = read == 0;
        let end = if is_end {
            chunk.len()
        } else {
            memchr::memrchr(b'\n', &chunk).map_or(0, |at| at + 1)
        };
        if end == 0 {
            if chunk.len() > limit {
                let (length, ended) = skip_line(source, chunk.len() as u64)?;
                let raw = Raw {
                    prefix: rejects::prefix(&chunk).to_vec(),
                    length,
                };
                let reason = Reason::TooLong(u32::try_from(limit).unwrap_or(u32::MAX));
                send(Work::Refused {
                    line: first,
                    reason,
                    raw,
                })?;
                first += 1;
                chunk = ended;
            }
            continue;
        }
        let is_due = chunk.len() >= BATCH_BYTES || read < CAUGHT_UP_BYTES || is_end;
        if !is_due {
            continue;
        }
        let mut rest = Vec::with_capacity(BATCH_BYTES.max(chunk.len() - end));
        rest.extend_from_slice(chunk.get(end..).unwrap_or_default());
        chunk.truncate(end);
        let lines = count_lines(&chunk);
        send(Work::Lines {
            bytes: chunk,
            first,
            lines,
        })?;
        first += lines;
        chunk = rest;
    }
    Ok(())
}

/// Sends the lines that are there to their end: the source failed after them.
fn send_whole(
    mut chunk: Vec<u8>,
    first: u64,
    send: &mut dyn FnMut(Work) -> Result<(), Stop>,
) -> Result<(), Stop> {
    chunk.truncate(memchr::memrchr(b'\n', &chunk).map_or(0, |at| at + 1));
    let lines = count_lines(&chunk);
    if lines == 0 {
        return Ok(());
    }
    send(Work::Lines {
        bytes: chunk,
        first,
        lines,
    })
}

/// How many lines these are; the last may lack its line feed.
fn count_lines(lines: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', lines).count() as u64;
    feeds + u64::from(lines.last().is_some_and(|byte| *byte != b'\n'))
}

/// Reads once, up to the next full batch. 0 is the end.
fn fill(source: &mut impl Read, chunk: &mut Vec<u8>) -> io::Result<usize> {
    let before = chunk.len();
    // Not more than a pipe holds: the bytes are zeroed first, for nothing if they do not come.
    let room = match BATCH_BYTES.saturating_sub(before) {
        0 => READ_BYTES,
        missing => missing.min(READ_BYTES),
    };
    chunk.resize(before + room, 0);
    loop {
        match source.read(chunk.get_mut(before..).unwrap_or_default()) {
            Ok(read) => {
                chunk.truncate(before + read);
                return Ok(read);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                chunk.truncate(before);
                return Err(error);
            }
        }
    }
}

/// Reads to the end of a line that is not kept. Gives its whole length and what came after it.
fn skip_line(source: &mut impl Read, mut length: u64) -> io::Result<(u64, Vec<u8>)> {
    let mut chunk = Vec::with_capacity(BATCH_BYTES);
    loop {
        chunk.clear();
        if fill(source, &mut chunk)? == 0 {
            return Ok((length, chunk));
        }
        if let Some(at) = memchr::memchr(b'\n', &chunk) {
            chunk.drain(..=at);
            return Ok((length + at as u64, chunk));
        }
        length += chunk.len() as u64;
    }
}
