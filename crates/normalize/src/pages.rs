//! Saved pages and arrays, on one line or pretty-printed over many: finds the rows without keeping the page.
//!
//! A page is `{"value":[…]}`, `{"d":{"results":[…]}}`, `{"d":[…]}` or a bare array; several may follow each other. An
//! object at the top that is no page is a row. Only brackets, strings and keys are looked at here: whether a row is
//! JSON is for the normalizer to say. Keys that come after the rows are passed over.

use std::io::Read;

use message_trace_host::{BATCH_BYTES, Reason};

use super::job::{Raw, Rows, Work};
use super::lines::Stop;
use super::rejects;

/// Longer keys than this are none that matter.
const MAX_KEY_BYTES: usize = 16;

/// Reads pages and sends their rows. A row longer than `limit` bytes is passed over without being kept. Gives whether the
/// source ended in the middle of a page or row: what came last is then a piece.
pub(super) fn read(
    source: &mut impl Read,
    limit: u32,
    send: &mut dyn FnMut(Work) -> Result<(), Stop>,
) -> Result<bool, Stop> {
    let mut scanner = Scanner::new(limit);
    let mut batch = Batch::default();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                // The rows before it are whole.
                batch.flush(send)?;
                return Err(error.into());
            }
        };
        for &byte in chunk.get(..read).unwrap_or_default() {
            if let Some(found) = scanner.step(byte) {
                batch.add(found, send)?;
            }
        }
    }
    let left = scanner.end();
    let is_cut = left.is_some();
    if let Some(found) = left {
        batch.add(found, send)?;
    }
    batch.flush(send)?;
    Ok(is_cut)
}

/// Whether these first bytes belong to a page and not to a row.
pub(super) fn starts_envelope(first: &[u8]) -> bool {
    let mut scanner = Scanner::new(u32::MAX);
    for &byte in first {
        if scanner.step(byte).is_some() {
            return false;
        }
        if scanner.place == Place::Between {
            return true;
        }
    }
    false
}

/// Gathers rows of one sort until there are enough for a job.
#[derive(Default)]
struct Batch {
    rows: Rows,
    is_folded: bool,
}

impl Batch {
    fn add(&mut self, found: Found, send: &mut dyn FnMut(Work) -> Result<(), Stop>) -> Result<(), Stop> {
        match found {
            Found::Row { row, line } => {
                let is_folded = memchr::memchr(b'\n', &row).is_some();
                if is_folded != self.is_folded || self.rows.bytes.len() + row.len() > BATCH_BYTES {
                    self.flush(send)?;
                    self.is_folded = is_folded;
                }
                self.rows.push(&row, line);
                Ok(())
            }
            Found::Refused { line, reason, raw } => {
                self.flush(send)?;
                send(Work::Refused { line, reason, raw })
            }
        }
    }

    fn flush(&mut self, send: &mut dyn FnMut(Work) -> Result<(), Stop>) -> Result<(), Stop> {
        if self.rows.ends.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        send(if self.is_folded {
            Work::FoldedRows(rows)
        } else {
            Work::Rows(rows)
        })
    }
}

enum Found {
    Row { row: Vec<u8>, line: u64 },
    Refused { line: u64, reason: Reason, raw: Raw },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before, between and after the values at the top.
    Top,
    /// In an object at the top, which is a row unless an array of rows turns up.
    Object,
    /// In an array of rows, between two of them.
    Between,
    /// In a row of an array.
    Row,
    /// After the array of rows, in what is left of its page.
    Rest,
    /// In something that is no JSON: the next line may be.
    Lost,
}

/// Reads one byte at a time; memory is one row.
struct Scanner {
    place: Place,
    limit: usize,
    /// The line that the next byte is on, from 1.
    line: u64,
    /// The offset of the next byte.
    offset: u64,
    /// What is kept of the value that is being read, its length, and the line it began on.
    kept: Vec<u8>,
    length: u64,
    began: u64,
    /// Open brackets of the value or page that is being read.
    depth: u32,
    /// How many brackets of the page are open around its array of rows.
    around: u32,
    in_string: bool,
    is_escaped: bool,
    /// In an object at the top: whether the next string is a key, the last key, and whether `d` is open.
    expects_key: bool,
    in_key: bool,
    key: Vec<u8>,
    in_d: bool,
    is_row: bool,
}

impl Scanner {
    fn new(limit: u32) -> Self {
        Self {
            place: Place::Top,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            line: 1,
            offset: 0,
            kept: Vec::new(),
            length: 0,
            began: 1,
            depth: 0,
            around: 0,
            in_string: false,
            is_escaped: false,
            expects_key: false,
            in_key: false,
            key: Vec::new(),
            in_d: false,
            is_row: false,
        }
    }

    fn step(&mut self, byte: u8) -> Option<Found> {
        let found = match self.place {
            Place::Top => self.top(byte),
            Place::Object => self.object(byte),
            Place::Between => self.between(byte),
            Place::Row => self.row(byte),
            Place::Rest => self.rest(byte),
            Place::Lost => {
                if byte == b'\n' {
                    self.place = Place::Top;
                }
                None
            }
        };
        self.offset += 1;
        self.line += u64::from(byte == b'\n');
        found
    }

    /// What is left at the end of the source.
    fn end(&mut self) -> Option<Found> {
        match self.place {
            Place::Top | Place::Lost => None,
            Place::Object | Place::Row => Some(self.finish()),
            Place::Between | Place::Rest => Some(self.broken()),
        }
    }

    fn top(&mut self, byte: u8) -> Option<Found> {
        match byte {
            b'{' => {
                self.begin(byte, Place::Object);
                self.expects_key = true;
                self.in_key = false;
                self.in_d = false;
                self.is_row = false;
                self.key.clear();
                None
            }
            b'[' => {
                self.around = 0;
                self.place = Place::Between;
                None
            }
            b' ' | b'\t' | b'\r' | b'\n' | b',' => None,
            _ => {
                self.place = Place::Lost;
                Some(self.broken())
            }
        }
    }

    fn object(&mut self, byte: u8) -> Option<Found> {
        self.keep(byte);
        if self.in_string {
            if self.in_key && byte != b'"' && self.key.len() <= MAX_KEY_BYTES {
                self.key.push(byte);
            }
            return self.string(byte);
        }
        let is_level = self.depth == 1 || self.depth == 2 && self.in_d;
        match byte {
            b'"' => {
                self.in_string = true;
                self.in_key = is_level && self.expects_key;
                if self.in_key {
                    self.key.clear();
                }
            }
            b':' => {
                self.expects_key = false;
                if self.depth == 1 && matches!(&self.key[..], b"receivedDateTime" | b"Received") {
                    self.is_row = true;
                }
            }
            b',' => self.expects_key = true,
            b'[' if is_level && !self.expects_key && !self.is_row && self.opens_rows() => {
                self.around = self.depth;
                self.kept.clear();
                self.place = Place::Between;
            }
            b'{' | b'[' => {
                if self.depth == 1 && byte == b'{' {
                    self.in_d = !self.expects_key && !self.is_row && self.key == b"d";
                }
                self.depth += 1;
                self.expects_key = byte == b'{';
            }
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.place = Place::Top;
                    return Some(self.finish());
                }
            }
            _ => {}
        }
        None
    }

    /// Whether an array under the last key holds rows.
    fn opens_rows(&self) -> bool {
        match &self.key[..] {
            b"value" | b"d" => self.depth == 1,
            b"results" => self.depth == 2,
            _ => false,
        }
    }

    fn between(&mut self, byte: u8) -> Option<Found> {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            b']' => {
                self.depth = self.around;
                self.place = if self.around == 0 { Place::Top } else { Place::Rest };
            }
            _ => {
                self.begin(byte, Place::Row);
                match byte {
                    b'{' | b'[' => {}
                    // No row, but a value that has to be refused as one: it ends where the next one begins.
                    _ => {
                        self.depth = 0;
                        self.in_string = byte == b'"';
                    }
                }
            }
        }
        None
    }

    fn row(&mut self, byte: u8) -> Option<Found> {
        if !self.in_string && self.depth == 0 && matches!(byte, b',' | b']' | b'\n') {
            self.place = Place::Between;
            let found = self.finish();
            self.between(byte);
            return Some(found);
        }
        self.keep(byte);
        if self.in_string {
            return self.string(byte);
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.place = Place::Between;
                    return Some(self.finish());
                }
            }
            _ => {}
        }
        None
    }

    fn rest(&mut self, byte: u8) -> Option<Found> {
        if self.in_string {
            return self.string(byte);
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.place = Place::Top;
                }
            }
            _ => {}
        }
        None
    }

    /// A byte in a string. A line feed cannot be in one: the value is broken, and the next line is a new chance.
    fn string(&mut self, byte: u8) -> Option<Found> {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => {
                self.in_string = false;
                self.in_key = false;
            }
            b'\n' => {
                self.in_string = false;
                let place = self.place;
                self.place = if place == Place::Row {
                    Place::Between
                } else {
                    Place::Top
                };
                return Some(if place == Place::Rest {
                    self.broken()
                } else {
                    self.finish()
                });
            }
            _ => {}
        }
        None
    }

    fn begin(&mut self, byte: u8, place: Place) {
        self.place = place;
        self.kept.clear();
        self.length = 0;
        self.began = self.line;
        self.depth = 1;
        self.in_string = false;
        self.is_escaped = false;
        self.keep(byte);
    }

    fn keep(&mut self, byte: u8) {
        self.length += 1;
        if self.kept.len() <= self.limit {
            self.kept.push(byte);
        }
    }

    fn finish(&mut self) -> Found {
        let line = self.began;
        if self.kept.len() > self.limit {
            let reason = Reason::TooLong(u32::try_from(self.limit).unwrap_or(u32::MAX));
            let raw = Raw {
                prefix: rejects::prefix(&self.kept).to_vec(),
                length: self.length,
            };
            self.kept = Vec::new();
            return Found::Refused { line, reason, raw };
        }
        Found::Row {
            row: std::mem::take(&mut self.kept),
            line,
        }
    }

    fn broken(&self) -> Found {
        let reason = Reason::Syntax(u32::try_from(self.offset).unwrap_or(u32::MAX));
        Found::Refused {
            line: self.line,
            reason,
            raw: Raw {
                prefix: Vec::new(),
                length: 0,
            },
        }
    }
}
