//! Fluent Bit's filter, in an interpreter by Fluent Bit's rules: each row as `{"log": …}` with the options behind it.

use std::time::Instant;

use anyhow::{Context as _, Result};
use message_trace_fluent_bit_host::{Instance, function, record};

use crate::host::{Calls, Missing, artifact};
use crate::jobs::{Answer, Call, Job};
use crate::protocol::Outcome;
use crate::rows::{Natively, lines, revision_json};

/// Loads the filter.
pub(crate) fn load() -> Result<Box<dyn Calls>, Missing> {
    let filter = artifact("dist/message-trace-fluent-bit.wasm")?;
    let instance = Instance::new(&filter).map_err(|error| Missing(format!("{error:#}")))?;
    Ok(Box::new(Filter {
        instance,
        native: Natively::default(),
    }))
}

struct Filter {
    instance: Instance,
    native: Natively,
}

impl Calls for Filter {
    fn call(&mut self, job: &Job) -> Result<Outcome> {
        let options = serde_json::to_string(&job.options)?;
        let lines = lines(job);
        let records: Vec<Vec<u8>> = lines
            .iter()
            .map(|line| {
                let record = record::of_line(line.text);
                let record = match &job.call {
                    Call::Revision(known) => {
                        record::with_text(&record, "message_trace_revision", &revision_json(known))
                    }
                    _ => record,
                };
                record::with_options(&record, Some(&options))
            })
            .collect();
        let function = function(job.options.target.name());
        let mut answer = Answer {
            seconds: f64::INFINITY,
            ..Answer::default()
        };
        for _ in 0..job.times() {
            let start = Instant::now();
            let events: Vec<Option<String>> = records
                .iter()
                .map(|record| self.instance.call(&function, record))
                .collect::<Result<_>>()?;
            answer.seconds = answer.seconds.min(start.elapsed().as_secs_f64());
            answer.events.clear();
            answer.rejections.clear();
            for (line, event) in lines.iter().zip(&events) {
                answer.push_marked(*line, event.as_deref().context("a record was dropped")?);
            }
        }
        Ok(Outcome::Answer(answer))
    }

    fn expected(&mut self, job: &Job) -> Option<Answer> {
        let mut answer = Answer::default();
        for line in lines(job) {
            self.native.push(job, line, &mut answer);
        }
        Some(answer)
    }
}
