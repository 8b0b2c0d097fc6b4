//! What happened to one message on its way to one recipient: the answer of `getDetailsByRecipient`, or of the Reporting Web
//! Service's `MessageTraceDetail`, as JSON. Nothing in it costs an event: what cannot be read is kept as text.

use message_trace_details::Details as Said;

use crate::format::{Line, Shapes, rows};
use crate::json::{Reader, Scalar, Value, decode_into};
use crate::record::{Instant, Status, TraceRecord};

/// The longest details that are read, in bytes.
pub(crate) const MAX_BYTES: usize = 1_048_576;

const TOO_LONG: &str = "details: longer than 1048576 bytes";
const UNREAD: &str = "details: expected an answer that holds the steps of a message";
const NO_TIME: &str = "details: expected the time of a step";

/// The details of a row.
#[derive(Debug)]
pub(crate) struct Details<'a> {
    /// The steps, and why the message was not delivered.
    pub(crate) said: &'a Said,
    /// The text, where it holds no steps.
    pub(crate) unread: Option<&'a str>,
    /// What is wrong with it.
    pub(crate) problem: Option<&'static str>,
}

impl<'a> Details<'a> {
    /// Reads the details of a row into `said`, which is empty. Never fails, and leaves nothing in `shapes`.
    #[cold]
    #[inline(never)]
    pub(crate) fn read(
        text: &'a str,
        record: &TraceRecord<'_>,
        shapes: &mut Shapes,
        said: &'a mut Said,
    ) -> Self {
        let (mut unread, mut problem) = (None, None);
        if text.len() > MAX_BYTES {
            problem = Some(TOO_LONG);
        } else if read_steps(text.as_bytes(), shapes, said).is_none() {
            said.clear();
            unread = Some(text);
            problem = Some(UNREAD);
        } else if !said.has_times() {
            problem = Some(NO_TIME);
        }
        let status = record.status.and_then(|status| Status::known(status.bytes()));
        // One that arrived needs no reason.
        if !matches!(
            status,
            Some(Status::Delivered | Status::Resolved | Status::Recalled)
        ) {
            said.judge();
        }
        Self {
            said,
            unread,
            problem,
        }
    }
}

/// Reads the steps of an answer; `None` if it is none.
fn read_steps(text: &[u8], shapes: &mut Shapes, said: &mut Said) -> Option<()> {
    let Ok(Line::Envelope(start, depth)) = shapes.read_without_learning(text) else {
        return None;
    };
    for row in rows(text, start, depth) {
        read_step(&text[row], said)?;
    }
    Some(())
}

/// Reads one step; `None` if it is no object.
fn read_step(text: &[u8], said: &mut Said) -> Option<()> {
    let mut reader = Reader::new(text);
    reader.open(b'{').ok()?;
    said.begin_step();
    let mut first = true;
    while reader.more(b'}', first).ok()? {
        first = false;
        let key = reader.key().ok()?;
        let value = match reader.value().ok()? {
            Value::Scalar(Scalar::String(span)) => decoded(&text[span.start..span.end]),
            _ => String::new(),
        };
        said.set(&decoded(&text[key.start..key.end]), value, Instant::text_of_odata);
    }
    Some(())
}

#[inline(never)]
fn decoded(content: &[u8]) -> String {
    let mut text = Vec::new();
    decode_into(content, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
