//! The way of a batch: its lines one after the other, each found by its shape.

use super::{Normalizer, PADDING, Rejected, Revised};
use crate::format::{self, Line};
use crate::lanes::Out;
use crate::rejection::Rejection;

/// The lines of a batch on their way.
pub(super) struct Batch<'a> {
    normalizer: &'a mut Normalizer,
    rejections: &'a mut Vec<Rejected>,
    count: u32,
    /// The number of the line, from 1.
    line: u32,
    /// The revisions of lines that come, in order.
    revised: &'a [Revised<'a>],
    /// The line of the first of them; 0, which no line has, if there is none.
    next_revised: u32,
}

impl<'a> Batch<'a> {
    /// A batch whose lines are to come; `revised` is in the order of lines.
    pub(super) fn new(
        normalizer: &'a mut Normalizer,
        revised: &'a [Revised<'a>],
        rejections: &'a mut Vec<Rejected>,
    ) -> Self {
        let mut batch = Self {
            normalizer,
            rejections,
            count: 0,
            line: 0,
            revised,
            next_revised: 0,
        };
        batch.find_revised();
        batch
    }

    /// Appends the events of all lines to `out`. Returns how many they are.
    pub(super) fn run(mut self, lines: &[u8], out: &mut Out) -> u32 {
        let limit = self.normalizer.options.max_line_bytes as usize;
        let mut rest = lines;
        while !rest.is_empty() {
            self.line = self.line.saturating_add(1);
            if self.line == self.next_revised {
                let end = self.revised(rest, out);
                rest = rest.get(end + 1..).unwrap_or_default();
                continue;
            }
            let before = out.len();
            // From the line's first byte on, and no further than a line may be long, with its line feed: places in it
            // are then numbers of 32 bits, however long the batch is.
            let within = &rest[..rest.len().min(limit.saturating_add(1))];
            let ends = |at, line_feed: bool| !line_feed && within.get(at) == Some(&b'\n');
            let end = match self.normalizer.row_of_known_shape(within, ends, None, out) {
                Some(Ok(end)) => {
                    self.end_event(out);
                    end
                }
                _ => {
                    out.truncate(before);
                    self.other(rest, out)
                }
            };
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        self.count
    }

    /// A line that fits no shape, is refused, or stands at the end of the batch. Returns where it ends.
    #[cold]
    fn other(&mut self, rest: &[u8], out: &mut Out) -> usize {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        if !is_blank(line) {
            let result = match self.normalizer.check_length(line.len()) {
                // All shapes have been tried, but at the end of the batch a line ends otherwise, or too little stood
                // behind it.
                Ok(()) if rest.len() - end < PADDING => {
                    self.normalizer.with_padding(line, |normalizer, padded| {
                        match normalizer.row_that_ends_at(end, padded, None, out) {
                            Some(result) => result.map(|()| None),
                            None => normalizer.row_or_envelope(line, out),
                        }
                    })
                }
                Ok(()) => self.normalizer.row_or_envelope(line, out),
                // The limit is one of rows: an envelope may be longer.
                Err(too_long) => match self.normalizer.shapes.read_without_learning(line) {
                    Ok(Line::Envelope(start, depth)) => Ok(Some((start, depth))),
                    _ => Err(too_long),
                },
            };
            match result {
                Ok(None) => self.end_event(out),
                Ok(Some((start, depth))) => {
                    for row in format::rows(line, start, depth) {
                        match self.normalizer.row_of_envelope(line, row, None, out) {
                            Ok(()) => self.end_event(out),
                            Err(reason) => self.reject(reason),
                        }
                    }
                }
                Err(reason) => self.reject(reason),
            }
        }
        end
    }

    /// A line with a revision. Returns where it ends.
    #[cold]
    fn revised(&mut self, rest: &[u8], out: &mut Out) -> usize {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        let of_line = self
            .revised
            .iter()
            .take_while(|revised| revised.line == self.line);
        if let Some(Revised { revision, .. }) = of_line.last()
            && !is_blank(line)
        {
            match self.normalizer.put_alone(line, Some(revision), out) {
                Ok(()) => self.end_event(out),
                Err(reason) => self.reject(reason),
            }
        }
        self.find_revised();
        end
    }

    /// Passes over the revisions of lines that are behind.
    fn find_revised(&mut self) {
        let behind = self
            .revised
            .iter()
            .take_while(|revised| revised.line <= self.line)
            .count();
        self.revised = &self.revised[behind..];
        self.next_revised = self.revised.first().map_or(0, |revised| revised.line);
    }

    fn end_event(&mut self, out: &mut Out) {
        out.put_byte(b'\n');
        self.count = self.count.saturating_add(1);
    }

    fn reject(&mut self, reason: Rejection) {
        self.rejections.push(Rejected {
            line: self.line,
            reason,
        });
    }
}

/// Whether a line of a batch is passed over.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}
