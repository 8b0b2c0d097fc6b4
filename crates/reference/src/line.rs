//! From bytes to events or rejections.

use crate::json::{Fault, Json};
use crate::record::Record;
use crate::target;
use message_trace::{Options, Rejected, Rejection, Revised, Revision};

/// One line to one event.
///
/// # Errors
///
/// The rejection that the mapping asks for.
pub fn normalize(line: &[u8], options: &Options, revision: Option<&Revision<'_>>) -> Result<Json, Rejection> {
    check_length(line.strip_suffix(b"\n").unwrap_or(line), options)?;
    let value = read(line)?;
    match rows(&value).as_deref() {
        None => event(&value, line, options, revision),
        Some([row]) => normalize_row(&line[row.clone()], options, revision),
        Some(rows) => Err(envelope(rows.len())),
    }
}

/// One row of an envelope: a line of its own that is no envelope again.
///
/// # Errors
///
/// The rejection that the mapping asks for.
pub fn normalize_row(
    row: &[u8],
    options: &Options,
    revision: Option<&Revision<'_>>,
) -> Result<Json, Rejection> {
    check_length(row, options)?;
    let value = read(row)?;
    match (&value, rows(&value)) {
        (Json::Object(_), None) => event(&value, row, options, revision),
        (Json::Object(_), Some(rows)) => Err(envelope(rows.len())),
        _ => Err(Rejection::Syntax(0)),
    }
}

/// All lines of a batch, in order: the events and the rejections.
#[must_use]
pub fn normalize_batch(lines: &[u8], options: &Options) -> (Vec<Json>, Vec<Rejected>) {
    normalize_revised_batch(lines, &[], options)
}

/// The same, where some lines were delivered before.
#[must_use]
pub fn normalize_revised_batch(
    lines: &[u8],
    revised: &[Revised<'_>],
    options: &Options,
) -> (Vec<Json>, Vec<Rejected>) {
    let mut events = Vec::new();
    let mut rejections = Vec::new();
    for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(|byte| b" \t\r".contains(byte)) {
            continue;
        }
        let of_line = revised
            .iter()
            .rev()
            .find(|revised| revised.line as usize == index + 1);
        let results: Vec<_> = match expand(line) {
            _ if of_line.is_some() => {
                vec![normalize(line, options, of_line.map(|revised| &revised.revision))]
            }
            Some(rows) => rows
                .into_iter()
                .map(|row| normalize_row(row, options, None))
                .collect(),
            None => vec![normalize(line, options, None)],
        };
        for result in results {
            match result {
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

/// The rows of an envelope, whatever its length; none if the line is no envelope.
#[must_use]
pub fn expand(line: &[u8]) -> Option<Vec<&[u8]>> {
    let spans = rows(&read(line).ok()?)?;
    Some(spans.into_iter().map(|span| &line[span]).collect())
}

fn event(
    value: &Json,
    line: &[u8],
    options: &Options,
    revision: Option<&Revision<'_>>,
) -> Result<Json, Rejection> {
    let record = Record::read(value)?;
    Ok(target::event(&record, &text(line), options, revision))
}

fn check_length(line: &[u8], options: &Options) -> Result<(), Rejection> {
    if line.len() > options.max_line_bytes as usize {
        return Err(Rejection::TooLong(options.max_line_bytes));
    }
    Ok(())
}

fn envelope(rows: usize) -> Rejection {
    Rejection::Envelope(u32::try_from(rows).unwrap_or(u32::MAX))
}

/// Where the rows of an envelope are; none if the value is no envelope.
pub(crate) fn rows(value: &Json) -> Option<Vec<core::ops::Range<usize>>> {
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
