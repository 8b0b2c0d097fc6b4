//! The program's own host: the component under wasmtime, in this process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Instant;

use anyhow::Result;
use message_trace_host::{Cache, Host, Reason, Transform};
use serde_json::{Value, json};

use crate::host::{Calls, Missing};
use crate::jobs::{Answer, Call, Job};
use crate::protocol::Outcome;

/// Loads the component that the program carries.
pub(crate) fn load() -> Result<Box<dyn Calls>, Missing> {
    let host = Host::embedded(&Cache::of_user()).map_err(|error| Missing(format!("{error:#}")))?;
    Ok(Box::new(Program {
        host,
        transforms: HashMap::new(),
    }))
}

struct Program {
    host: Host,
    /// One for each set of options.
    transforms: HashMap<String, Box<dyn Transform>>,
}

impl Calls for Program {
    fn call(&mut self, job: &Job) -> Result<Outcome> {
        let transform = match self.transforms.entry(serde_json::to_string(&job.options)?) {
            Entry::Occupied(transform) => transform.into_mut(),
            Entry::Vacant(place) => place.insert(self.host.transform(&job.options)?),
        };
        let mut answer = Answer {
            seconds: f64::INFINITY,
            ..Answer::default()
        };
        for _ in 0..job.times() {
            let start = Instant::now();
            (answer.events, answer.rejections) = call(transform.as_mut(), job);
            answer.seconds = answer.seconds.min(start.elapsed().as_secs_f64());
        }
        Ok(Outcome::Answer(answer))
    }
}

fn call(transform: &mut dyn Transform, job: &Job) -> (Vec<u8>, Vec<Value>) {
    let line = match &job.call {
        Call::Batch => {
            let batch = transform.normalize_batch(&job.input);
            let refused = batch
                .refused
                .iter()
                .map(|refused| to_json(refused.line, &refused.reason));
            return (batch.events, refused.collect());
        }
        Call::Line => transform.normalize(&job.input),
        Call::Revision(known) => transform.normalize_revision(&job.input, &known.revision()),
    };
    match line {
        Ok(event) => (event.into_bytes(), Vec::new()),
        Err(reason) => (Vec::new(), vec![to_json(1, &reason)]),
    }
}

fn to_json(line: u32, reason: &Reason) -> Value {
    let mut rejection = json!({ "line": line, "reason": reason.name() });
    let detail = match reason {
        Reason::Syntax(number)
        | Reason::Envelope(number)
        | Reason::TooLong(number)
        | Reason::TooDeep(number) => {
            json!(number)
        }
        Reason::MissingField(field) | Reason::InvalidField(field) => json!(field),
        Reason::UnknownFormat | Reason::AmbiguousDate => return rejection,
        Reason::Fault(_) => json!(reason.detail()),
    };
    rejection["detail"] = detail;
    rejection
}
