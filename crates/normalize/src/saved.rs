//! Saved rows for those who are not the command: a file in whatever form, row by row, and how it ended.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use message_trace_remedy::Failure;

use super::job::Work;
use super::lines::Stop;
use super::source::{MAX_FOLDER_DEPTH, Source, decode, open_file};
use super::{Dates, detect, foreign, lines, pages, tables};

/// Something that a file holds.
#[derive(Debug)]
pub enum Piece<'a> {
    /// A row, and the line that it began on. Rows of one record of a table have the same line.
    Row(u64, &'a [u8]),
    /// Something to tell a person.
    Note(String),
}

/// How a file ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With the end of a row.
    Whole,
    /// In the middle of a row, or without what ends one: what is meant by the last piece may still change.
    Cut(Stays),
    /// Where its compressed form breaks off. What came before is whole.
    Torn,
    /// Nothing in it is a message trace: what it looks like.
    Foreign(String),
    /// It cannot be read any further: why. What came before is whole.
    Unreadable(String),
    /// Nobody takes more of it.
    Stopped,
}

/// Which of the last rows may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// The last one.
    AllButTheLast,
    /// Those of the last line.
    AllButTheLastLine,
}

/// The files of a folder and of those in it, by name, hidden ones left out.
#[must_use]
pub fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    Source::of_folder(folder, MAX_FOLDER_DEPTH, &mut sources);
    sources.into_iter().filter_map(|source| source.path).collect()
}

/// Reads the first `bytes` of a file, whatever form its rows were saved in, and gives each piece to `take` until that says
/// no.
///
/// # Errors
///
/// When the file cannot be opened.
pub fn read_saved(
    path: &Path,
    bytes: u64,
    limit: u32,
    dates: Option<Dates>,
    take: &mut dyn FnMut(Piece<'_>) -> bool,
) -> Result<Ended, Failure> {
    let raw = open_file(path)?.take(bytes);
    let source = Source::of_file(path);
    Ok(match read(raw, limit, dates, take) {
        Ok(ended) => ended,
        Err(Stop::Closed) => Ended::Stopped,
        // Only what is compressed says so.
        Err(Stop::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ended::Torn,
        Err(Stop::Io(error)) => Ended::Unreadable(format!("{:#}", source.cannot_read(error).error)),
        Err(Stop::Failed(failure)) => Ended::Unreadable(format!("{:#}", failure.error)),
    })
}

fn read(
    raw: impl Read + Send + 'static,
    limit: u32,
    dates: Option<Dates>,
    take: &mut dyn FnMut(Piece<'_>) -> bool,
) -> Result<Ended, Stop> {
    let mut open = decode(Box::new(raw))?;
    let first = open.peek(detect::is_enough)?;
    let kind = detect::kind(first);
    if !matches!(kind, detect::Kind::Table(_))
        && let Some(what) = foreign::describe(first)
    {
        // Half a header, or half a row, looks like nothing that is known.
        let is_begun = !first.contains(&b'\n');
        return Ok(if is_begun {
            Ended::Cut(Stays::AllButTheLast)
        } else {
            Ended::Foreign(what)
        });
    }
    let mut watched = Watched {
        inner: open,
        last: b'\n',
        is_quoted: false,
    };
    let mut send = |work: Work| give(work, limit, take);
    match kind {
        detect::Kind::Lines => {
            lines::read(&mut watched, limit, &mut send)?;
            Ok(ended(watched.last != b'\n', Stays::AllButTheLast))
        }
        detect::Kind::Pages => {
            let is_cut = pages::read(&mut watched, limit, &mut send)?;
            Ok(ended(is_cut, Stays::AllButTheLast))
        }
        detect::Kind::Table(table) => {
            tables::read(&mut watched, &table, limit, dates, &mut send)?;
            let is_cut = watched.last != b'\n' || watched.is_quoted;
            Ok(ended(is_cut, Stays::AllButTheLastLine))
        }
    }
}

const fn ended(is_cut: bool, stays: Stays) -> Ended {
    if is_cut { Ended::Cut(stays) } else { Ended::Whole }
}

/// Gives the rows of a job.
fn give(work: Work, limit: u32, take: &mut dyn FnMut(Piece<'_>) -> bool) -> Result<(), Stop> {
    let mut one = |piece: Piece<'_>| if take(piece) { Ok(()) } else { Err(Stop::Closed) };
    match work {
        Work::Lines { bytes, first, .. } => {
            for (line, number) in bytes.split(|byte| *byte == b'\n').zip(first..) {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if line.trim_ascii().is_empty() {
                    continue;
                }
                let is_page = memchr::memchr(b'[', line).is_some()
                    && (line.trim_ascii_start().starts_with(b"[") || pages::starts_envelope(line));
                if is_page {
                    // Its rows are all on this line.
                    let mut inner = |work: Work| {
                        if let Work::Rows(rows) | Work::FoldedRows(rows) = work {
                            for (row, _) in rows.iter() {
                                one(Piece::Row(number, row))?;
                            }
                        }
                        Ok(())
                    };
                    pages::read(&mut &*line, limit, &mut inner)?;
                } else {
                    one(Piece::Row(number, line))?;
                }
            }
        }
        Work::Rows(rows) | Work::FoldedRows(rows) => {
            for (row, line) in rows.iter() {
                one(Piece::Row(line, row))?;
            }
        }
        Work::Refused { line, reason, raw } => {
            if raw.prefix.is_empty() {
                one(Piece::Note(format!("line {line}: {reason}")))?;
            } else {
                if raw.length > raw.prefix.len() as u64 {
                    one(Piece::Note(format!(
                        "line {line}: {reason}; of it only the beginning is kept"
                    )))?;
                }
                one(Piece::Row(line, &raw.prefix))?;
            }
        }
        Work::Note(note) => one(Piece::Note(note))?,
    }
    Ok(())
}

/// A reader that knows what it gave last, and whether a quote is open.
struct Watched<R> {
    inner: R,
    last: u8,
    is_quoted: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        self.last = bytes.last().copied().unwrap_or(self.last);
        self.is_quoted ^= memchr::memchr_iter(b'"', bytes).count() % 2 == 1;
        Ok(read)
    }
}
