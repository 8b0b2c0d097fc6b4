//! The way of a line, and of a batch.

mod batch;

use batch::Batch;

use core::mem;
use core::ops::Range;

use crate::details::Details;
use crate::format::{self, Format, Line, Matched, Shapes, Slots, Values};
use crate::lanes::{INTERPRETED, Out, WINDOW};
use crate::options::{Options, Prepared};
use crate::record::{Revised, Revision};
use crate::rejection::{Rejected, Rejection};
use crate::target::{Event, Writer};

/// How many bytes are kept readable behind a line that stands alone, so that it can be read in whole blocks or windows.
const PADDING: usize = if INTERPRETED { WINDOW } else { 64 };
/// The most room that is made for the events of a batch before it is known how long they are, in bytes.
const MAX_FIRST_ROOM: usize = 1 << 24;

/// Turns one line into one event with the default options.
///
/// # Errors
///
/// The [`Rejection`] that says why the line gives no event.
pub fn normalize(line: &str) -> Result<String, Rejection> {
    let mut event = Vec::new();
    Normalizer::new(Options::default()).normalize(line.as_bytes(), &mut event)?;
    Ok(String::from_utf8_lossy(&event).into_owned())
}

/// Turns lines into events under one set of options.
///
/// Remembers the shape of lines it saw (keys, punctuation and white space, never a value) to read the next ones
/// faster. What comes out does not depend on it.
#[derive(Debug)]
pub struct Normalizer {
    options: Prepared,
    shapes: Shapes,
    buffers: Buffers,
}

/// Room that is used again for every line.
#[derive(Debug, Default)]
struct Buffers {
    /// A line that stands alone, with padding behind it.
    line: Vec<u8>,
    /// The raw line, escaped, for targets that do not begin with it.
    original: Out,
    /// Values whose escapes were decoded.
    decoded: Vec<u8>,
    /// A target's own.
    scratch: Out,
}

impl Normalizer {
    /// Makes a normalizer. Never fails.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options: Prepared::new(options),
            shapes: Shapes::default(),
            buffers: Buffers::default(),
        }
    }

    /// A normalizer whose events have another shape than that of any target.
    pub(crate) fn with_writer(options: Options, writer: Writer) -> Self {
        let mut normalizer = Self::new(options);
        normalizer.options.writer = writer;
        normalizer
    }

    /// Appends the event of one line to `out`, without a line feed. On a rejection `out` is as it was.
    ///
    /// The line is taken as it is: a trailing line feed that comes in stays in the event's copy of it. An envelope of
    /// exactly one row gives that row's event.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] that says why the line gives no event.
    pub fn normalize(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Rejection> {
        self.alone(line, None, out)
    }

    /// Appends the event of a line that was delivered before and has changed since.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] that says why the line gives no event.
    pub fn normalize_revision(
        &mut self,
        line: &[u8],
        revision: &Revision<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Rejection> {
        self.alone(line, Some(revision), out)
    }

    /// Appends the events of all lines to `events`, each with a line feed, and why lines were refused to
    /// `rejections`. Returns how many events were appended.
    ///
    /// A line feed ends a line and is not part of it; the last line may lack it. Lines of white space only are passed
    /// over, but counted. An envelope gives one event for each row.
    pub fn normalize_batch(
        &mut self,
        lines: &[u8],
        events: &mut Vec<u8>,
        rejections: &mut Vec<Rejected>,
    ) -> u32 {
        self.normalize_revised_batch(lines, [], events, rejections)
    }

    /// The same, where some lines were delivered before and have changed since. A line with a revision is one row, as a line
    /// that stands alone: an envelope of several is refused. The order of `revised` does not count; of two for one line the
    /// later one does, and one for a line that is empty or not there says nothing.
    pub fn normalize_revised_batch<'a>(
        &mut self,
        lines: &[u8],
        revised: impl IntoIterator<Item = Revised<'a>>,
        events: &mut Vec<u8>,
        rejections: &mut Vec<Rejected>,
    ) -> u32 {
        // Nearly always in order already: then this is one pass.
        let mut sorted: Vec<Revised<'_>> = Vec::new();
        for each in revised {
            let later = sorted
                .iter()
                .rev()
                .take_while(|known| known.line > each.line)
                .count();
            sorted.insert(sorted.len() - later, each);
        }
        let mut out = Out::new(mem::take(events));
        // Events are about twice as long as their lines: room for all at once, where that is not too much.
        out.make_room((lines.len() * 5 / 2).min(MAX_FIRST_ROOM));
        let count = Batch::new(self, &sorted, rejections).run(lines, &mut out);
        *events = out.into_inner();
        count
    }

    fn alone(
        &mut self,
        line: &[u8],
        revision: Option<&Revision<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Rejection> {
        let mut written = Out::new(mem::take(out));
        let result = self.put_alone(line, revision, &mut written);
        *out = written.into_inner();
        result
    }

    /// The same, onto what is written already.
    #[inline(never)]
    fn put_alone(
        &mut self,
        line: &[u8],
        revision: Option<&Revision<'_>>,
        out: &mut Out,
    ) -> Result<(), Rejection> {
        // The limit is for the line without its line feed.
        self.check_length(line.strip_suffix(b"\n").unwrap_or(line).len())?;
        self.with_padding(line, |normalizer, padded| {
            normalizer.line(padded, line.len(), revision, out)
        })
    }

    /// Hands `line` on with padding behind it, so that it can be read in whole blocks.
    fn with_padding<T>(&mut self, line: &[u8], read: impl FnOnce(&mut Self, &[u8]) -> T) -> T {
        let mut padded = mem::take(&mut self.buffers.line);
        padded.clear();
        padded.extend_from_slice(line);
        padded.resize(line.len() + PADDING, 0);
        let result = read(self, &padded);
        self.buffers.line = padded;
        result
    }

    /// One line that ends at `end` of `padded`: a row, or an envelope of one.
    fn line(
        &mut self,
        padded: &[u8],
        end: usize,
        revision: Option<&Revision<'_>>,
        out: &mut Out,
    ) -> Result<(), Rejection> {
        if let Some(result) = self.row_that_ends_at(end, padded, revision, out) {
            return result;
        }
        let line = &padded[..end];
        match self.shapes.read_any(line)? {
            Line::Row(format, slots) => self.row(format, line, slots, revision, out),
            Line::Envelope(start, depth) => {
                let mut rows = format::rows(line, start, depth);
                match (rows.next(), rows.next()) {
                    (Some(row), None) => self.row_of_envelope(line, row, revision, out),
                    (None, _) => Err(Rejection::Envelope(0)),
                    (Some(_), Some(_)) => Err(Rejection::Envelope(count(2 + rows.count()))),
                }
            }
        }
    }

    /// One row of an envelope, judged as a line of its own.
    fn row_of_envelope(
        &mut self,
        line: &[u8],
        row: Range<usize>,
        revision: Option<&Revision<'_>>,
        out: &mut Out,
    ) -> Result<(), Rejection> {
        self.check_length(row.len())?;
        let Range { start, end } = row;
        // From the row's first byte on: places in a row are of 32 bits, and an envelope may be longer.
        if let Some(result) = self.row_that_ends_at(end - start, &line[start..], revision, out) {
            return result;
        }
        let row = &line[start..end];
        if row.first() != Some(&b'{') {
            return Err(Rejection::Syntax(count(start)));
        }
        match self.shapes.read_any(row)? {
            Line::Row(format, slots) => self.row(format, row, slots, revision, out),
            Line::Envelope(start, depth) => Err(Rejection::Envelope(count(
                format::rows(row, start, depth).count(),
            ))),
        }
    }

    /// The line that `bytes` starts with and that ends at `end`, if it is a row of a known shape.
    #[inline(never)]
    fn row_that_ends_at(
        &mut self,
        end: usize,
        bytes: &[u8],
        revision: Option<&Revision<'_>>,
        out: &mut Out,
    ) -> Option<Result<(), Rejection>> {
        let result = self.row_of_known_shape(bytes, |at, _| at == end, revision, out)?;
        Some(result.map(|_| ()))
    }

    /// The line that `bytes` starts with, if it is a row of a known shape: where it ends.
    #[inline]
    fn row_of_known_shape(
        &mut self,
        bytes: &[u8],
        ends: impl Fn(usize, bool) -> bool,
        revision: Option<&Revision<'_>>,
        out: &mut Out,
    ) -> Option<Result<usize, Rejection>> {
        let before = out.len();
        let Writer { before_original, .. } = self.options.writer;
        let mut slots = Slots::default();
        let matched = if let Some(opening) = before_original {
            out.put(opening);
            self.shapes.read_known(bytes, out, &mut slots, ends)
        } else {
            self.buffers.original.truncate(0);
            self.shapes
                .read_known(bytes, &mut self.buffers.original, &mut slots, ends)
        };
        let Some(Matched { format, end }) = matched else {
            out.truncate(before);
            return None;
        };
        let result = self.event(format, bytes, &mut slots, revision, out);
        if result.is_err() {
            out.truncate(before);
        }
        Some(result.map(|()| end))
    }

    /// A line of a batch that fits no shape: a row, or an envelope whose array of rows stands at the place returned, so
    /// many brackets deep.
    fn row_or_envelope(&mut self, line: &[u8], out: &mut Out) -> Result<Option<(usize, u32)>, Rejection> {
        match self.shapes.read_any(line)? {
            Line::Row(format, slots) => self.row(format, line, slots, None, out).map(|()| None),
            Line::Envelope(start, depth) => Ok(Some((start, depth))),
        }
    }

    /// A row that was read key by key.
    #[cold]
    fn row(
        &mut self,
        format: Format,
        row: &[u8],
        mut slots: Slots,
        revision: Option<&Revision<'_>>,
        out: &mut Out,
    ) -> Result<(), Rejection> {
        let before = out.len();
        if let Some(opening) = self.options.writer.before_original {
            out.put(opening);
            out.put_escaped(row);
        } else {
            self.buffers.original.truncate(0);
            self.buffers.original.put_escaped(row);
        }
        let result = self.event(format, row, &mut slots, revision, out);
        if result.is_err() {
            out.truncate(before);
        }
        result
    }

    /// Makes the record and writes what follows the raw line.
    #[inline]
    fn event(
        &mut self,
        format: Format,
        line: &[u8],
        slots: &mut Slots,
        revision: Option<&Revision<'_>>,
        out: &mut Out,
    ) -> Result<(), Rejection> {
        let Buffers {
            original,
            decoded,
            scratch,
            ..
        } = &mut self.buffers;
        let mut values = Values::new(line, slots, decoded);
        let received = values.received(format)?;
        let record = values.record(format, received);
        let original = original.as_slice();
        let options = &self.options;
        let event = Event {
            record: &record,
            original,
            options,
            revision,
            details: None,
        };
        match revision.and_then(|revision| revision.details) {
            Some(text) if !text.is_empty() => message_trace_details::Details::with(&mut |said| {
                let details = Details::read(text, &record, &mut self.shapes, said);
                let event = Event {
                    details: Some(&details),
                    ..event
                };
                (options.writer.write)(&event, out, scratch);
            }),
            _ => (options.writer.write)(&event, out, scratch),
        }
        Ok(())
    }

    fn check_length(&self, len: usize) -> Result<(), Rejection> {
        let limit = self.options.max_line_bytes;
        if len > limit as usize {
            Err(Rejection::TooLong(limit))
        } else {
            Ok(())
        }
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
