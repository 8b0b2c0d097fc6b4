//! A record in, an event out.

use message_trace::{Normalizer, Rejection, Revision, Target};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::options::{Parsed, last_member, last_member_named, parse, same_end};
use crate::quoted;
use crate::revision::{Known, REVISION_KEY};

/// What a record begins with that holds a raw line.
const LOG: &[u8] = b"{\"log\":\"";

/// Turns the records of one filter into events.
///
/// The line is the text under `log`, where that is the first key or where the record is no row by itself; otherwise
/// the record is the line. The last key may be [`OPTIONS_KEY`](crate::OPTIONS_KEY), the one before it, or the last,
/// [`REVISION_KEY`]; both are taken out.
#[derive(Debug)]
pub struct Filter {
    /// The target of the function that was called; `None`: the options say it.
    target: Option<Target>,
    /// For records without options.
    plain: Normalizer,
    /// For records that end like the last one with options did.
    with_options: Option<WithOptions>,
    /// A line that had to be put together.
    line: Vec<u8>,
    /// The event, and what gives way to the next one.
    out: Vec<u8>,
}

#[derive(Debug)]
struct WithOptions {
    /// The end of the record: comma, key, options, closing brace.
    end: Vec<u8>,
    normalizer: Result<Normalizer, String>,
}

/// Why there is no event.
enum Refusal<'a> {
    Line(Rejection),
    /// What stands beside the row.
    Options(&'a str),
}

impl Filter {
    /// Makes a filter for `target`, or for the target that the options name.
    #[must_use]
    pub fn new(target: Option<Target>) -> Self {
        Self {
            target,
            plain: Normalizer::new(message_trace::Options {
                target: target.unwrap_or_default(),
                ..message_trace::Options::default()
            }),
            with_options: None,
            line: Vec::new(),
            out: Vec::new(),
        }
    }

    /// The event of a record, or the record's line with the reason why it gives none: always one JSON object, with a
    /// NUL behind it that is the only one.
    ///
    /// `record` is a JSON object as Fluent Bit writes it, without its NUL.
    pub fn event(&mut self, record: &[u8]) -> &[u8] {
        let Self {
            target,
            plain,
            with_options,
            line,
            out,
        } = self;
        out.clear();
        // Where the line ends the record, there are no options: nothing else need be looked at.
        let bare = record.starts_with(LOG) && {
            line.clear();
            let end = quoted::decode(&record[LOG.len()..], line);
            record.len() == LOG.len() + end + b"\"}".len()
        };
        let (body, normalizer) = match with_options {
            _ if bare => (record, None),
            Some(known) if same_end(record, &known.end) => (
                &record[..record.len() - known.end.len()],
                Some(&mut known.normalizer),
            ),
            _ => match last_member(record) {
                None => (record, None),
                Some(member) => {
                    let end = record[member.start..].to_vec();
                    let Parsed { options, problem } = parse(&record[member.value..record.len() - 1], *target);
                    let known = with_options.insert(WithOptions {
                        end,
                        normalizer: problem.map_or_else(|| Ok(Normalizer::new(options)), Err),
                    });
                    (&record[..member.start], Some(&mut known.normalizer))
                }
            },
        };
        // Where options were taken out, the closing brace went with them.
        let whole = normalizer.is_none();
        let known = if bare { None } else { known_of(body, whole) };
        // So did it with the revision.
        let (body, whole) = known.as_ref().map_or((body, whole), |(body, _)| (*body, false));
        let (revision, problem) = match &known {
            Some((_, Ok(known))) => (Some(known.revision()), None),
            Some((_, Err(problem))) => (None, Some(problem.as_str())),
            None => (None, None),
        };
        let result = match (normalizer, problem) {
            (_, Some(problem)) => Err(Refusal::Options(problem)),
            (None, None) => normalize(plain, body, whole, revision.as_ref(), line, out),
            (Some(Ok(normalizer)), None) => normalize(normalizer, body, whole, revision.as_ref(), line, out),
            (Some(Err(problem)), None) => Err(Refusal::Options(problem)),
        };
        if let Err(refusal) = result {
            refuse(&refusal, body, whole, out);
        }
        out.push(0);
        out
    }

    /// What is left of a record of `len` bytes that did not fit into the filter's memory.
    pub fn lost(&mut self, len: u32) -> &[u8] {
        self.out.clear();
        let message = format!(
            "{{\"error\":{{\"message\":\"the record of {len} bytes did not fit into the memory of the filter\"}},\
             \"event\":{{\"kind\":\"pipeline_error\"}}}}\0"
        );
        self.out.extend_from_slice(message.as_bytes());
        &self.out
    }
}

/// What a record says of its row, and the record before it.
fn known_of(body: &[u8], whole: bool) -> Option<(&[u8], Result<Known, String>)> {
    let inner = if whole { body.strip_suffix(b"}")? } else { body };
    let member = last_member_named(inner, REVISION_KEY)?;
    Some((&inner[..member.start], Known::parse(&inner[member.value..])))
}

fn normalize(
    normalizer: &mut Normalizer,
    body: &[u8],
    whole: bool,
    revision: Option<&Revision<'_>>,
    line: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal<'static>> {
    let mut event = |line: &[u8]| match revision {
        None => normalizer.normalize(line, out),
        Some(revision) => normalizer.normalize_revision(line, revision, out),
    };
    if body.starts_with(LOG) {
        // The line was decoded already.
        return event(line).map_err(Refusal::Line);
    }
    let result = if whole {
        event(body)
    } else {
        close(body, line);
        event(line)
    };
    match result {
        Err(Rejection::UnknownFormat) => {
            if whole {
                close(&body[..body.len() - 1], line);
            }
            let Some(log) = log_member(line) else {
                return Err(Refusal::Line(Rejection::UnknownFormat));
            };
            let mut text = Vec::new();
            quoted::decode(log, &mut text);
            event(&text).map_err(Refusal::Line)
        }
        result => result.map_err(Refusal::Line),
    }
}

/// Puts an object's closing brace back.
fn close(body: &[u8], line: &mut Vec<u8>) {
    line.clear();
    line.extend_from_slice(if body.is_empty() { b"{" } else { body });
    line.push(b'}');
}

/// The content of the string under `log`, wherever it stands.
#[cold]
fn log_member(record: &[u8]) -> Option<&[u8]> {
    #[derive(Deserialize)]
    struct Record<'a> {
        #[serde(borrow)]
        log: Option<&'a RawValue>,
    }
    let record: Record<'_> = serde_json::from_slice(record).ok()?;
    record.log?.get().strip_prefix('"').map(str::as_bytes)
}

/// Writes a row that gives no event: it stays in the stream, marked.
#[cold]
fn refuse(refusal: &Refusal<'_>, body: &[u8], whole: bool, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(LOG);
    let mut line = Vec::new();
    let mut closed = Vec::new();
    if body.starts_with(LOG) {
        quoted::decode(&body[LOG.len()..], &mut line);
    } else if whole {
        line.extend_from_slice(body);
    } else {
        close(body, &mut closed);
        line = closed;
    }
    if let Some(log) = log_member(&line).filter(|_| !body.starts_with(LOG)) {
        let mut text = Vec::new();
        quoted::decode(log, &mut text);
        line = text;
    }
    quoted::encode(&line, out);
    out.extend_from_slice(b"\",\"error\":{\"message\":\"");
    let message = match refusal {
        Refusal::Line(rejection) => rejection.to_string(),
        Refusal::Options(problem) => (*problem).to_owned(),
    };
    quoted::encode(message.as_bytes(), out);
    out.extend_from_slice(b"\"},\"event\":{\"kind\":\"pipeline_error\"}}");
}
