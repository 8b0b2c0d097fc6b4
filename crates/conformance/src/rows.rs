//! Hosts that are handed rows one by one and mark a refused row with its message, instead of a batch call.

use std::collections::{BTreeMap, HashMap, VecDeque};

use anyhow::{Result, ensure};
use message_trace::{Normalizer, Options};
use message_trace_reference::Delivered;
use serde_json::{Value, json};

use crate::jobs::{Answer, Call, Job};
use crate::protocol::Outcome;

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

/// What a host makes of all jobs that takes the rows of many at once: `declines` says which rows it is not handed, and
/// why; `run` hands it those of the jobs with the same options, and gives one line for each, in order.
pub(crate) fn at_once(
    jobs: &[Job],
    declines: impl Fn(&Job, Line<'_>) -> Option<&'static str>,
    mut run: impl FnMut(&Options, &[Line<'_>]) -> Result<Vec<String>>,
) -> Result<VecDeque<Outcome>> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    let mut groups: BTreeMap<String, (&Options, Vec<usize>, Vec<Line<'_>>)> = BTreeMap::new();
    for (index, job) in jobs.iter().enumerate() {
        if matches!(job.call, Call::Revision(_)) {
            outcomes.push(Outcome::Declined(NO_REVISIONS.to_owned()));
            continue;
        }
        let (_, indexes, handed) = groups
            .entry(format!("{:?}", job.options))
            .or_insert_with(|| (&job.options, Vec::new(), Vec::new()));
        let mut answer = Answer::default();
        for line in lines(job) {
            if let Some(why) = declines(job, line) {
                answer.declined.push(why);
            } else {
                indexes.push(index);
                handed.push(line);
            }
        }
        outcomes.push(Outcome::Answer(answer));
    }
    for (options, indexes, handed) in groups.into_values() {
        let events = run(options, &handed)?;
        ensure!(
            events.len() == handed.len(),
            "{} rows in, but {} out",
            handed.len(),
            events.len()
        );
        for ((index, line), event) in indexes.into_iter().zip(handed).zip(&events) {
            if let Outcome::Answer(answer) = &mut outcomes[index] {
                answer.push_marked(line, event);
            }
        }
    }
    Ok(outcomes.into())
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
        let rejection = serde_json::from_str::<Value>(event)
            .ok()
            .filter(|event| event["event"]["kind"] == "pipeline_error")
            .map(|event| event["error"]["message"].as_str().unwrap_or_default().to_owned());
        self.push(line, rejection.map_or(Ok(event.as_bytes()), Err));
    }
}

/// What is known of a row, as a member of the row says it.
pub(crate) fn revision_json(known: &Delivered) -> String {
    let Delivered {
        sequence,
        previous_status,
        details,
    } = known;
    json!({ "sequence": sequence, "previous_status": previous_status, "details": details }).to_string()
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
    pub(crate) fn push(&mut self, job: &Job, line: Line<'_>, answer: &mut Answer) {
        let options = &job.options;
        let normalizer = self
            .normalizers
            .entry(format!("{options:?}"))
            .or_insert_with(|| Normalizer::new(options.clone()));
        self.event.clear();
        let text = String::from_utf8_lossy(line.text);
        let result = match &job.call {
            Call::Revision(known) => {
                normalizer.normalize_revision(text.as_bytes(), &known.revision(), &mut self.event)
            }
            _ => normalizer.normalize(text.as_bytes(), &mut self.event),
        };
        let result = result.map(|()| self.event.as_slice());
        answer.push(line, result.map_err(|rejection| rejection.to_string()));
    }
}
