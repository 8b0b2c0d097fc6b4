//! Hosts that are handed rows one by one and mark a refused row with its message, instead of a batch call.

use std::collections::HashMap;

use message_trace::{Normalizer, Options};
use serde_json::{Value, json};

use crate::jobs::{Answer, Call, Job};

/// Why such a host has no call for a row that was delivered before.
pub(crate) const NO_REVISIONS: &str = "a row that was delivered before is a poller's business";

/// A row of a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: u32,
    /// Without the line feed that ends it in a batch.
    pub(crate) text: &'a [u8],
}

/// The rows of a job: the line as it is, or those of a batch; lines of white space only are passed over, but counted.
pub(crate) fn lines(job: &Job) -> Vec<Line<'_>> {
    if job.call != Call::Batch {
        return vec![Line {
            number: 1,
            text: &job.input,
        }];
    }
    (1..)
        .zip(job.input.split(|byte| *byte == b'\n'))
        .map(|(number, text)| Line { number, text })
        .filter(|line| !line.text.trim_ascii().is_empty())
        .collect()
}

impl Answer {
    /// Takes the event of a row, or the message of the one that was refused.
    pub(crate) fn push(&mut self, line: Line<'_>, event: Result<&[u8], String>) {
        match event {
            Ok(event) => {
                self.events.extend_from_slice(event);
                self.events.push(b'\n');
            }
            Err(message) => self
                .rejections
                .push(json!({ "line": line.number, "message": message })),
        }
    }

    /// Takes what a host made of a row, an event or the row with its mark.
    pub(crate) fn push_marked(&mut self, line: Line<'_>, event: &str) {
        let refusal = serde_json::from_str::<Value>(event)
            .ok()
            .filter(|event| event["event"]["kind"] == "pipeline_error")
            .map(|event| event["error"]["message"].as_str().unwrap_or_default().to_owned());
        self.push(line, refusal.map_or(Ok(event.as_bytes()), Err));
    }
}

/// What the library makes of rows.
#[derive(Default)]
pub(crate) struct Natively {
    normalizers: HashMap<String, Normalizer>,
    event: Vec<u8>,
}

impl Natively {
    /// The event of a row, or the message of the one that is refused. Bytes that are no UTF-8 are mended before: they
    /// reach no such host.
    pub(crate) fn push(&mut self, options: &Options, line: Line<'_>, answer: &mut Answer) {
        let normalizer = self
            .normalizers
            .entry(format!("{options:?}"))
            .or_insert_with(|| Normalizer::new(options.clone()));
        self.event.clear();
        let text = String::from_utf8_lossy(line.text);
        let result = normalizer.normalize(text.as_bytes(), &mut self.event);
        let result = result.map(|()| self.event.as_slice());
        answer.push(line, result.map_err(|rejection| rejection.to_string()));
    }
}
