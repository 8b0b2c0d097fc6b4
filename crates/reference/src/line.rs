//! From bytes to events or rejections.

use crate::json::{Fault, Json};
use crate::record::Record;
use crate::target;
use message_trace::{Options, Rejected, Rejection, Revision};

/// One line to one event.
///
/// # Errors
///
/// The rejection that the mapping asks for.
pub fn normalize(line: &[u8], options: &Options, revision: Option<&Revision<'_>>) -> Result<Json, Rejection> {
    let length = line.strip_suffix(b"\n").unwrap_or(line).len();
    if length > options.max_line_bytes as usize {
        return Err(Rejection::TooLong(options.max_line_bytes));
    }
    let value = read(line)?;
    let Some(rows) = rows(&value) else {
        let record = Record::read(&value)?;
        return Ok(target::event(&record, &text(line), options, revision));
    };
    // Rows are lines of their own, so a row may be an envelope as well; what counts is how many rows there are in all.
    let leaves: Vec<&[u8]> = rows.iter().flat_map(|span| expand(&line[span.clone()])).collect();
    match leaves.as_slice() {
        [row] => normalize(row, options, revision),
        _ => Err(Rejection::Envelope(
            u32::try_from(leaves.len()).unwrap_or(u32::MAX),
        )),
    }
}

/// All lines of a batch, in order: the events and the refusals.
#[must_use]
pub fn normalize_batch(lines: &[u8], options: &Options) -> (Vec<Json>, Vec<Rejected>) {
    let mut events = Vec::new();
    let mut rejections = Vec::new();
    for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(|byte| b" \t\r".contains(byte)) {
            continue;
        }
        for row in expand(line) {
            match normalize(row, options, None) {
                Ok(event) => events.push(event),
                Err(reason) => {
                    rejections.push(Rejected {
                        line: u32::try_from(index + 1).unwrap_or(u32::MAX),
                        reason,
                    });
                }
            }
        }
    }
    (events, rejections)
}

/// The rows of a line: those of an envelope, else the line itself.
#[must_use]
pub fn expand(line: &[u8]) -> Vec<&[u8]> {
    match read(line).ok().and_then(|value| rows(&value)) {
        Some(spans) => spans.into_iter().flat_map(|span| expand(&line[span])).collect(),
        None => vec![line],
    }
}

/// Where the rows of an envelope are; none if the value is no envelope.
fn rows(value: &Json) -> Option<Vec<core::ops::Range<usize>>> {
    let spans = |value: &Json| match value {
        Json::Array(elements) => Some(elements.iter().map(|(span, _)| span.clone()).collect()),
        _ => None,
    };
    if value.member("receivedDateTime").is_some() || value.member("Received").is_some() {
        return None;
    }
    let d = value.member("d");
    spans(value)
        .or_else(|| spans(value.member("value")?))
        .or_else(|| spans(d?.member("results")?))
        .or_else(|| spans(d?))
}

fn read(line: &[u8]) -> Result<Json, Rejection> {
    match Json::read(line) {
        Ok(value @ (Json::Object(_) | Json::Array(_))) => Ok(value),
        Ok(_) => Err(Rejection::Syntax(0)),
        Err(Fault::Syntax(at)) => Err(Rejection::Syntax(u32::try_from(at).unwrap_or(u32::MAX))),
        Err(Fault::TooDeep(_)) => Err(Rejection::TooDeep(message_trace::MAX_DEPTH)),
    }
}

/// The line as text; it was read, so it is UTF-8.
fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}
