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
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::path::PathBuf;

    use super::*;

    /// A file that is read again and again, as the program does it.
    struct Again {
        _folder: tempfile::TempDir,
        path: PathBuf,
        marks: HashMap<String, Mark>,
        changed_ns: i64,
    }

    impl Again {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            Self {
                path: folder.path().join("a"),
                _folder: folder,
                marks: HashMap::new(),
                changed_ns: 0,
            }
        }

        fn read(&mut self, content: &[u8], is_final: bool) -> (Vec<String>, Vec<Told>) {
            std::fs::write(&self.path, content).unwrap();
            self.changed_ns += 1;
            let found = Found {
                path: self.path.clone(),
                bytes: content.len() as u64,
                changed_ns: self.changed_ns,
                is_final,
            };
            let plan = plan(&found, &self.marks, &|_| false).unwrap().unwrap();
            let mut rows = Vec::new();
            let outcome = read(&found, &plan, 1 << 20, None, &mut |batch| {
                rows.extend(batch);
                true
            });
            let outcome = outcome.unwrap();
            rows.extend(outcome.rows);
            let mark = outcome.mark.unwrap();
            self.marks.insert(mark.path.clone(), mark);
            let text = |row: Vec<u8>| String::from_utf8(row).unwrap();
            (rows.into_iter().map(text).collect(), outcome.told)
        }
    }

    fn row(number: u32) -> String {
        format!("{{\"id\":\"{number}\",\"receivedDateTime\":\"2025-06-13T10:30:00Z\"}}")
    }

    /// Whatever the steps in which a file grows, each row comes out, in its order, and closed ones come out once.
    #[test]
    fn rows_of_a_file_that_grows_come_once() {
        let table = "Received,RecipientAddress,Subject\r\n2026-06-13T10:30:00Z,a@example.com;b@example.com,\"x\r\ny\"\r\n\
                     2026-06-13T10:31:00Z,c@example.com,z\r\n2026-06-13T10:32:00Z,d@example.com,last\r\n";
        let lines: String = (0..4).map(|number| row(number) + "\n").collect();
        let pages = format!(
            "{{\"value\":[{},{}]}}\n[{},\n{}]\n",
            row(0),
            row(1),
            row(2),
            row(3)
        );
        for text in [table, &lines, &pages] {
            let whole = Again::new().read(text.as_bytes(), false).0;
            assert_eq!(whole.len(), 4, "{text}");
            for step in [1, 7, 31, 64, text.len()] {
                let mut again = Again::new();
                let mut all: Vec<String> = Vec::new();
                let mut end = 0;
                while end < text.len() {
                    end = (end + step).min(text.len());
                    for row in again.read(&text.as_bytes()[..end], false).0 {
                        // Without its end a row may come twice.
                        if all.last() != Some(&row) {
                            all.push(row);
                        }
                    }
                }
                assert_eq!(all, whole, "steps of {step}: {text}");
                let again = again.read(&[text.as_bytes(), b"\n"].concat(), false);
                assert_eq!(again, (vec![], vec![]), "steps of {step}: {text}");
            }
        }
    }

    /// The same where a step ends inside a character.
    #[test]
    fn rows_of_other_encodings_come_once() {
        let table = "Received,RecipientAddress,Subject\r\n2026-06-13T10:30:00Z,a@example.com,Grüße 🎉\r\n\
                     2026-06-13T10:31:00Z,b@example.com,€\r\n";
        let lines: String = (0..3).map(|number| row(number) + "\n").collect();
        for text in [table, &lines] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let whole = Again::new().read(&bytes, false).0;
            assert!(whole.len() > 1 && !whole.concat().contains('\u{fffd}'));
            for step in [1, 13, 50] {
                let mut again = Again::new();
                let mut all: Vec<String> = Vec::new();
                let mut end = 0;
                while end < bytes.len() {
                    end = (end + step).min(bytes.len());
                    let (rows, _) = again.read(&bytes[..end], false);
                    all.extend(rows);
                    all.dedup();
                }
                assert_eq!(all, whole, "steps of {step}");
            }
        }
    }

    #[test]
    fn what_a_file_ends_with_waits_and_is_taken_at_last() {
        let mut again = Again::new();
        let text = "Received,RecipientAddress,Status\n2026-06-13T10:30:00Z,a@example.com,Deliv";
        assert_eq!(again.read(text.as_bytes(), false), (vec![], vec![Told::Cut]));
        let (rows, told) = again.read(text.as_bytes(), true);
        assert!(rows.len() == 1 && rows[0].contains("\"Deliv\"") && told.is_empty());
        // It goes on all the same: the row is read again.
        let (rows, _) = again.read(format!("{text}ered\n").as_bytes(), false);
        assert!(rows.len() == 1 && rows[0].contains("\"Delivered\""));
    }

    #[test]
    fn a_file_that_was_written_anew_is_read_from_its_beginning() {
        let mut again = Again::new();
        let first: String = (0..3).map(|number| row(number) + "\n").collect();
        assert_eq!(again.read(first.as_bytes(), false).0.len(), 3);
        let second: String = (3..9).map(|number| row(number) + "\n").collect();
        assert_eq!(again.read(second.as_bytes(), false).0.len(), 6);
        assert_eq!(again.read(row(4).as_bytes(), false).0, [row(4)]);
        assert_eq!(again.read(b"", false), (vec![], vec![]));
    }

    #[test]
    fn a_file_that_was_renamed_is_known() {
        let mut again = Again::new();
        let text: String = (0..300).map(|number| row(number) + "\n").collect();
        assert_eq!(again.read(text.as_bytes(), false).0.len(), 300);
        let found = Found {
            path: again.path.with_extension("1"),
            bytes: text.len() as u64 + 3,
            changed_ns: 9,
            is_final: false,
        };
        std::fs::write(&found.path, format!("{text}{{}}\n")).unwrap();
        let plan = plan(&found, &again.marks, &|_| true).unwrap().unwrap();
        assert_eq!(plan.skip, 300);
        assert_eq!(plan.renamed.as_deref(), again.path.to_str());
        let copied = super::plan(&found, &again.marks, &|_| false).unwrap().unwrap();
        assert_eq!((copied.skip, copied.renamed), (300, None));
    }

    #[test]
    fn many_rows_come_in_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.json");
        let rows: Vec<String> = (0..6_000).map(row).collect();
        let text = format!("{{\"value\":[{}]}}", rows.join(","));
        std::fs::write(&path, &text).unwrap();
        let found = Found {
            path,
            bytes: text.len() as u64,
            changed_ns: 1,
            is_final: false,
        };
        let plan = plan(&found, &HashMap::new(), &|_| false).unwrap().unwrap();
        let mut sizes = Vec::new();
        let outcome = read(&found, &plan, 1 << 20, None, &mut |batch| {
            sizes.push(batch.len());
            true
        })
        .unwrap();
        sizes.push(outcome.rows.len());
        assert_eq!(sizes.iter().sum::<usize>(), 6_000);
        assert!(
            sizes.len() > 1 && sizes.iter().all(|size| *size <= 5_000),
            "{sizes:?}"
        );
        let stopped = read(&found, &plan, 1 << 20, None, &mut |_| false).unwrap();
        assert!(stopped.is_stopped && stopped.mark.is_none());
    }
}
