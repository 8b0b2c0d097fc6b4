//! What every host is given to do, and what the native library makes of it.

use std::time::Instant;

use anyhow::Result;
use message_trace::{Normalizer, Options, Rejected, Rejection, Target};
use message_trace_reference::{self as reference, Case, Delivered, Generator, Style};

/// Generated rows of each style.
const ROWS: usize = 5_000;
/// Rows handed over at once.
const ROWS_A_BATCH: usize = 500;
/// How often a timed batch is handed over; the quickest call counts.
const TIMES: u32 = 5;
/// The seeds of the rows: the same rows in every run, on every machine.
const REALISTIC: u64 = 20_260_102;
const NASTY: u64 = 20_260_103;

/// How a line is handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// One line, as it is.
    Line,
    /// One line that was delivered before.
    Revision(Delivered),
    /// Lines, as many as there are.
    Batch,
}

/// One call of a host.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What to say where it goes wrong.
    pub(crate) name: String,
    /// Which call.
    pub(crate) call: Call,
    /// The options, target included.
    pub(crate) options: Options,
    /// What is handed over.
    pub(crate) input: Vec<u8>,
    /// How many cases it stands for: lines of a generated batch, else one.
    pub(crate) cases: usize,
    /// Whether its time counts: realistic rows only.
    pub(crate) is_timed: bool,
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The events: one without a line feed for a line, each with one for a batch.
    pub(crate) events: Vec<u8>,
    /// The rejections, as JSON: `line`, `reason` and, but for `unknown-format`, `detail`.
    pub(crate) rejections: Vec<serde_json::Value>,
    /// The seconds that the call took.
    pub(crate) seconds: f64,
    /// For rows that the host is not handed as they are: why.
    pub(crate) declined: Vec<&'static str>,
}

/// Every fixture and the generated rows, for every target.
pub(crate) fn all() -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    let cases = reference::cases()?;
    let batches = reference::batches()?;
    let realistic = batches_of(Style::Realistic, REALISTIC, ROWS);
    let nasty = batches_of(Style::Nasty, NASTY, ROWS);
    for target in Target::ALL {
        jobs.extend(cases.iter().map(|case| of_line(case, target)));
        jobs.extend(batches.iter().map(|batch| Job {
            call: Call::Batch,
            ..of_line(&batch.case, target)
        }));
        for (style, batches) in [("realistic", &realistic), ("nasty", &nasty)] {
            jobs.extend(batches.iter().enumerate().map(|(index, input)| Job {
                name: format!("{style}-{index}"),
                call: Call::Batch,
                options: Options {
                    target,
                    organization_domains: vec!["example.com".to_owned()],
                    ..Options::default()
                },
                input: input.clone(),
                cases: ROWS_A_BATCH,
                is_timed: style == "realistic",
            }));
        }
    }
    Ok(jobs)
}

/// Realistic rows, each with a line feed.
pub(crate) fn realistic_rows(count: usize) -> Vec<u8> {
    batches_of(Style::Realistic, REALISTIC, count).concat()
}

impl Job {
    /// How often the host calls.
    pub(crate) const fn times(&self) -> u32 {
        if self.is_timed { TIMES } else { 1 }
    }

    /// What the native library makes of it.
    pub(crate) fn natively(&self, normalizer: &mut Normalizer) -> Answer {
        let mut answer = Answer {
            seconds: f64::INFINITY,
            ..Answer::default()
        };
        for _ in 0..self.times() {
            answer.events.clear();
            let start = Instant::now();
            let rejected = self.call_natively(normalizer, &mut answer.events);
            answer.seconds = answer.seconds.min(start.elapsed().as_secs_f64());
            answer.rejections = rejected.iter().map(to_json).collect();
        }
        answer
    }

    fn call_natively(&self, normalizer: &mut Normalizer, events: &mut Vec<u8>) -> Vec<Rejected> {
        let mut rejected = Vec::new();
        let result = match &self.call {
            Call::Line => normalizer.normalize(&self.input, events),
            Call::Revision(known) => normalizer.normalize_revision(&self.input, &known.revision(), events),
            Call::Batch => {
                normalizer.normalize_batch(&self.input, events, &mut rejected);
                Ok(())
            }
        };
        rejected.extend(result.err().map(|reason| Rejected { line: 1, reason }));
        rejected
    }
}

/// A rejection of a line.
pub(crate) fn reason_to_json(line: u32, reason: Rejection) -> serde_json::Value {
    to_json(&Rejected { line, reason })
}

fn to_json(rejected: &Rejected) -> serde_json::Value {
    without_sentence(serde_json::to_value(rejected).unwrap_or_default())
}

/// A rejection as it is compared: not every host gives the sentence beside the reason and its detail.
pub(crate) fn without_sentence(mut rejection: serde_json::Value) -> serde_json::Value {
    if let Some(rejection) = rejection.as_object_mut().filter(|it| it.contains_key("reason")) {
        rejection.remove("message");
    }
    rejection
}

fn of_line(case: &Case, target: Target) -> Job {
    let call = match &case.revision {
        None => Call::Line,
        Some(known) => Call::Revision(known.clone()),
    };
    Job {
        name: case.name.clone(),
        call,
        options: case.options_for(target),
        input: case.input.clone(),
        cases: 1,
        is_timed: false,
    }
}

fn batches_of(style: Style, seed: u64, rows: usize) -> Vec<Vec<u8>> {
    let mut generator = Generator::new(seed, style);
    let rows: Vec<String> = (0..rows).map(|_| generator.row() + "\n").collect();
    rows.chunks(ROWS_A_BATCH)
        .map(|rows| rows.concat().into_bytes())
        .collect()
}
