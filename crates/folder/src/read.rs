//! Reads a file from where it was read to before.

use std::collections::HashMap;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, Read};
use std::path::Path;

use message_trace_collector::ledger::Mark;
use message_trace_normalize::{Dates, Ended, Piece, Stays, read_saved};
use serde_json::value::RawValue;

use super::look::Found;

/// How many first bytes tell one file from another at a glance.
const HEAD_BYTES: usize = 4096;
/// After so many rows a batch is handed on; those of one line may double it. At most a batch comes again after a crash.
const BATCH_ROWS: usize = 2_500;
/// Bytes of rows that are handed on at once, but for one row more.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Why a file cannot be read: one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError(pub String);

/// What is to be read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Rows that were read before and are the same bytes still.
    skip: u64,
    /// The name that the file had then, if it was another that is gone.
    pub renamed: Option<String>,
    head: [u8; 32],
    whole: [u8; 32],
}

/// Something about a file that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It ends in the middle of a row, which waits.
    Cut,
    /// Its compressed form breaks off.
    Torn,
    /// It is no message trace: what it is.
    Foreign(String),
    /// Something that reading it came upon.
    Note(String),
}

/// What reading a file came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The last batch. The mark may be committed once it is delivered.
    pub rows: Vec<Vec<u8>>,
    /// How far the file is read; `None` if it cannot be said, so that it is read again.
    pub mark: Option<Mark>,
    /// What is to be told.
    pub told: Vec<Told>,
    /// Why it could not be read to its end.
    pub unreadable: Option<String>,
    /// Whether nobody took more of it.
    pub is_stopped: bool,
}

/// What is to be read of a file. `None` if nothing: it is as it was. A file that begins with all that was read of another
/// is that one, renamed or copied: `is_gone` says whether a name is no longer there.
///
/// # Errors
///
/// When it cannot be read.
pub fn plan<S: BuildHasher>(
    found: &Found,
    marks: &HashMap<String, Mark, S>,
    is_gone: &dyn Fn(&str) -> bool,
) -> Result<Option<Plan>, FileError> {
    let own = marks.get(&*found.path.to_string_lossy());
    let is_as_it_was = own.is_some_and(|mark| {
        (mark.bytes, mark.changed_ns) == (found.bytes, found.changed_ns) && !(mark.is_open && found.is_final)
    });
    if is_as_it_was {
        return Ok(None);
    }
    let sentence = |error: io::Error| FileError(format!("cannot read {}: {error}", found.path.display()));
    let mut file = File::open(&found.path).map_err(sentence)?;
    let mut first = Vec::with_capacity(HEAD_BYTES);
    file.by_ref()
        .take(found.bytes.min(HEAD_BYTES as u64))
        .read_to_end(&mut first)
        .map_err(sentence)?;
    // Most marks are of files that are longer than a head: theirs is hashed once.
    let mut heads: HashMap<usize, Option<blake3::Hash>> = HashMap::new();
    let mut is_like = |mark: &&Mark| {
        let bytes = usize::try_from(mark.bytes).unwrap_or(usize::MAX).min(HEAD_BYTES);
        let head = heads
            .entry(bytes)
            .or_insert_with(|| first.get(..bytes).map(blake3::hash));
        (1..=found.bytes).contains(&mark.bytes) && head.is_some_and(|head| *head.as_bytes() == mark.head)
    };
    let mut before: Vec<&Mark> = marks.values().filter(&mut is_like).collect();
    // What was read most of is compared last, and counts.
    before.sort_by_key(|mark| mark.bytes);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&first);
    let mut rest = file.take(found.bytes.saturating_sub(first.len() as u64));
    let mut hashed = first.len() as u64;
    let mut same: Option<&Mark> = None;
    for mark in before {
        let missing = mark.bytes.saturating_sub(hashed);
        hashed += io::copy(&mut rest.by_ref().take(missing), &mut hasher).map_err(sentence)?;
        let whole = if hashed > mark.bytes {
            // It ends within the first bytes.
            let bytes = usize::try_from(mark.bytes).unwrap_or(usize::MAX);
            first.get(..bytes).map(blake3::hash)
        } else {
            (hashed == mark.bytes).then(|| hasher.finalize())
        };
        if whole.is_some_and(|whole| *whole.as_bytes() == mark.whole) {
            same = Some(mark);
        }
    }
    io::copy(&mut rest, &mut hasher).map_err(sentence)?;
    let name = found.path.to_string_lossy();
    Ok(Some(Plan {
        skip: same.map_or(0, |mark| mark.rows),
        renamed: same
            .filter(|mark| mark.path != name && is_gone(&mark.path))
            .map(|mark| mark.path.clone()),
        head: *blake3::hash(&first).as_bytes(),
        whole: *hasher.finalize().as_bytes(),
    }))
}

/// Reads what a plan says, and gives full batches of rows to `take` until that says no.
///
/// # Errors
///
/// When it cannot be opened.
pub fn read(
    found: &Found,
    plan: &Plan,
    limit: u32,
    dates: Option<Dates>,
    take: &mut dyn FnMut(Vec<Vec<u8>>) -> bool,
) -> Result<Outcome, FileError> {
    let mut outcome = Outcome::default();
    let mut rows = Rows {
        batch: Vec::new(),
        bytes: 0,
        // Rows of one line, the last ones so far: they may be what the file is cut off in.
        last: Vec::new(),
        line: 0,
        read: 0,
        skip: plan.skip,
        is_stopped: false,
    };
    let mut notes = Vec::new();
    let ended = read_saved(&found.path, found.bytes, limit, dates, &mut |piece| match piece {
        Piece::Row(line, row) => rows.push(line, row, take),
        Piece::Note(note) => {
            notes.push(Told::Note(note));
            true
        }
    });
    let ended = ended.map_err(|failure| FileError(format!("{:#}", failure.error)))?;
    outcome.told = notes;
    let mut is_open = false;
    match ended {
        Ended::Whole => rows.close(None),
        Ended::Cut(stays) => {
            is_open = !found.is_final;
            let is_waiting = rows.cut(stays, found.is_final);
            if is_waiting && is_open {
                outcome.told.push(Told::Cut);
            }
        }
        Ended::Torn => {
            rows.close(None);
            is_open = !found.is_final;
            outcome.told.push(Told::Torn);
        }
        Ended::Foreign(what) => outcome.told.push(Told::Foreign(what)),
        Ended::Unreadable(why) => {
            rows.close(None);
            outcome.unreadable = Some(why);
        }
        Ended::Stopped => outcome.is_stopped = true,
    }
    let is_there = is_at_least(&found.path, found.bytes);
    if outcome.unreadable.is_none() && !outcome.is_stopped && is_there {
        outcome.mark = Some(Mark {
            path: found.path.to_string_lossy().into_owned(),
            bytes: found.bytes,
            changed_ns: found.changed_ns,
            head: plan.head,
            whole: plan.whole,
            rows: rows.read,
            is_open,
            seen_s: 0,
        });
    }
    outcome.rows = rows.batch;
    Ok(outcome)
}

/// Whether a file did not become shorter while it was read.
fn is_at_least(path: &Path, bytes: u64) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.len() >= bytes)
}

/// Rows on their way into batches.
struct Rows {
    batch: Vec<Vec<u8>>,
    bytes: usize,
    last: Vec<Vec<u8>>,
    line: u64,
    /// Rows whose end is known.
    read: u64,
    skip: u64,
    is_stopped: bool,
}

impl Rows {
    fn push(&mut self, line: u64, row: &[u8], take: &mut dyn FnMut(Vec<Vec<u8>>) -> bool) -> bool {
        if line != self.line || self.last.len() >= BATCH_ROWS {
            self.close((line == self.line).then_some(1));
            self.line = line;
        }
        if self.batch.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
            self.bytes = 0;
            self.is_stopped = !take(std::mem::take(&mut self.batch));
        }
        self.last.push(row.to_vec());
        !self.is_stopped
    }

    /// The last rows are whole, but for so many of them.
    fn close(&mut self, but: Option<usize>) {
        let whole = self.last.len().saturating_sub(but.unwrap_or(0));
        let left = self.last.split_off(whole);
        for row in std::mem::replace(&mut self.last, left) {
            self.read += 1;
            if self.read > self.skip {
                self.bytes += row.len();
                self.batch.push(row);
            }
        }
    }

    /// The file ends in the last row. What is a whole row all the same is handed on, but read again next time. Gives whether
    /// something waits.
    fn cut(&mut self, stays: Stays, is_final: bool) -> bool {
        let but = match stays {
            Stays::AllButTheLast => self.last.len().min(1),
            Stays::AllButTheLastLine => self.last.len(),
        };
        self.close(Some(but));
        let left = std::mem::take(&mut self.last);
        let is_whole = |row: &[u8]| serde_json::from_slice::<&RawValue>(row).is_ok();
        if is_final
            || stays == Stays::AllButTheLast && left.iter().all(|row| is_whole(row)) && !left.is_empty()
        {
            self.batch.extend(left);
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests;
