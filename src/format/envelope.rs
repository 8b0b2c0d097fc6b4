//! Envelopes: whole responses, taken apart into rows.

use core::ops::Range;

use crate::json::Reader;

/// The rows of the envelope whose array starts at `start`, `depth` brackets deep in a line that was read before: where
/// each stands in the line, white space around it left out.
pub(crate) fn rows(line: &[u8], start: usize, depth: u32) -> impl Iterator<Item = Range<usize>> {
    let mut reader = Reader::resume(line, start, depth);
    let mut open = reader.open(b'[').is_ok();
    let mut first = true;
    core::iter::from_fn(move || {
        // The line was read before: nothing fails here, and if it did there would be no more rows.
        open = open && reader.more(b']', first).unwrap_or(false);
        first = false;
        if !open {
            return None;
        }
        reader.peek();
        let start = reader.at();
        reader.value().ok()?;
        Some(start..reader.at())
    })
}
