//! Tangent's mapper, under a host that offers Tangent's world and reads rows with Tangent's own library.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use message_trace::{Normalizer, Rejection};
use message_trace_reference::Json;
use message_trace_tangent_host::{Compiled, Plugin, Row};

use crate::host::{Calls, Missing, artifact};
use crate::jobs::{Answer, Call, Job};
use crate::protocol::Outcome;
use crate::rows::{Natively, lines, revision_json};

/// Loads the mapper.
pub(crate) fn load() -> Result<Box<dyn Calls>, Missing> {
    let mapper = artifact("dist/message-trace-tangent.wasm")?;
    let compiled = Compiled::new(&mapper).map_err(|error| Missing(format!("{error:#}")))?;
    Ok(Box::new(Mapper {
        compiled,
        plugins: HashMap::new(),
        native: Natively::default(),
    }))
}

struct Mapper {
    compiled: Compiled,
    /// One for each set of options.
    plugins: HashMap<String, Plugin>,
    native: Natively,
}

impl Calls for Mapper {
    fn call(&mut self, job: &Job) -> Result<Outcome> {
        let mut config = serde_json::to_value(&job.options)?;
        config["revisions"] = true.into();
        let config = config.to_string();
        let plugin = match self.plugins.entry(config) {
            Entry::Occupied(plugin) => plugin.into_mut(),
            Entry::Vacant(place) => {
                let plugin = self.compiled.load(place.key())?;
                place.insert(plugin)
            }
        };
        let mut answer = Answer {
            seconds: f64::INFINITY,
            ..Answer::default()
        };
        let (mut shown, mut rows) = (Vec::new(), Vec::new());
        for line in lines(job) {
            match row(plugin, &with_revision(line.text, job), job) {
                Ok(row) => {
                    shown.push(line);
                    rows.push(row);
                }
                Err(why) => answer.declined.push(why),
            }
        }
        for _ in 0..job.times() {
            let rows = rows.clone();
            let start = Instant::now();
            let events = plugin.process(rows)?;
            answer.seconds = answer.seconds.min(start.elapsed().as_secs_f64());
            let events = String::from_utf8(events).context("the events are not UTF-8")?;
            answer.events.clear();
            answer.rejections.clear();
            ensure!(
                events.lines().count() == shown.len(),
                "expected a line for each row"
            );
            for (line, event) in shown.iter().zip(events.lines()) {
                answer.push_marked(*line, event);
            }
        }
        Ok(Outcome::Answer(answer))
    }

    fn expected(&mut self, job: &Job) -> Option<Answer> {
        let plugin = self.compiled.load("{}").ok()?;
        let mut answer = Answer::default();
        for line in lines(job)
            .into_iter()
            .filter(|line| row(&plugin, &with_revision(line.text, job), job).is_ok())
        {
            self.native.push(job, line, &mut answer);
        }
        Some(answer)
    }
}

/// The line with what is known of it as its last member, in a job of a row that was delivered before.
fn with_revision(line: &[u8], job: &Job) -> Vec<u8> {
    let text = line.trim_ascii_end();
    match (&job.call, text.strip_suffix(b"}")) {
        (Call::Revision(known), Some(inner)) => {
            let member = format!(",\"message_trace_revision\":{}}}", revision_json(known));
            [inner, member.as_bytes()].concat()
        }
        _ => line.to_vec(),
    }
}

/// The row of a line, if Tangent shows it to the mapper, and shows it whole; else why not. Each of these is a fixture of
/// the mapper's own tests.
pub(crate) fn row(plugin: &Plugin, line: &[u8], job: &Job) -> Result<Row, &'static str> {
    let row = Row::read(line).ok_or("what Tangent cannot read reaches no mapper")?;
    if !plugin.wants(&row) {
        return Err("no row: no selector picks it");
    }
    let result = Normalizer::new(job.options.clone()).normalize(line, &mut Vec::new());
    if let Err(Rejection::TooLong(_) | Rejection::TooDeep(_)) = result {
        return Err("a view has no length and no depth");
    }
    let Ok(Json::Object(members)) = Json::read(line) else {
        return Err("what Tangent reads and the normalizer does not");
    };
    let mut keys: Vec<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("of a key that appears twice Tangent shows the first value");
    }
    let is_other = |(key, value): &(String, Json)| match value {
        Json::Text(text) => row.lookup(key).is_some_and(|shown| shown != text.as_str()),
        Json::Number(number) => number == "-0",
        _ => false,
    };
    if members.iter().any(is_other) {
        return Err("Tangent shows NUL for half a surrogate pair, and 0 for -0");
    }
    Ok(row)
}
