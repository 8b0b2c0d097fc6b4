//! One host against the native library.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use message_trace::{Normalizer, Target};
use message_trace_reference::{self as reference, Json};

use crate::host::{Calls, Host, Kind, Missing, Sameness};
use crate::jobs::{Answer, Call, Job};
use crate::protocol::{self, Outcome};
use crate::report::{Row, State};

/// Differences that are shown.
const MAX_SHOWN: usize = 5;

/// Gives every job to the host.
pub(crate) fn run(host: &Host, jobs: &[Job]) -> Row {
    let mut row = Row::new(host.name, host.at_least);
    let outcome = match &host.kind {
        Kind::Native => {
            natively(jobs, &mut row);
            Ok(())
        }
        Kind::InProcess(load) => match load() {
            Ok(mut calls) => within(calls.as_mut(), jobs, host.sameness, &mut row),
            Err(missing) => return row.missing(&missing, host.is_from_registry),
        },
        Kind::Process(command) => match command() {
            Ok(command) => {
                let mut native = Natively::default();
                protocol::run(command, jobs, |job, outcome| {
                    row.take(job, outcome, |answer| {
                        difference(&native.answer(job), answer, host.sameness)
                    });
                })
            }
            Err(missing) => return row.missing(&missing, host.is_from_registry),
        },
    };
    if let Err(error) = outcome {
        row.state = State::Failed(format!("{error:#}"));
    }
    row
}

/// A host in this process.
fn within(calls: &mut dyn Calls, jobs: &[Job], sameness: Sameness, row: &mut Row) -> Result<()> {
    let mut native = Natively::default();
    calls.prepare(jobs)?;
    for job in jobs {
        let outcome = calls.call(job).with_context(|| job.name.clone())?;
        row.take(job, outcome, |answer| {
            let expected = calls.expected(job).unwrap_or_else(|| native.answer(job));
            difference(&expected, answer, sameness)
        });
    }
    Ok(())
}

/// The native library itself is held to the reference implementation.
fn natively(jobs: &[Job], row: &mut Row) {
    let mut native = Natively::default();
    for job in jobs {
        let answer = job.natively(native.normalizer(job));
        row.take(job, Outcome::Answer(answer), |answer| by_reference(job, answer));
    }
}

/// A normalizer for each set of options.
#[derive(Default)]
struct Natively(HashMap<String, Normalizer>);

impl Natively {
    fn normalizer(&mut self, job: &Job) -> &mut Normalizer {
        let key = format!("{:?}", job.options);
        self.0
            .entry(key)
            .or_insert_with(|| Normalizer::new(job.options.clone()))
    }

    fn answer(&mut self, job: &Job) -> Answer {
        job.natively(self.normalizer(job))
    }
}

/// What differs, if anything does.
fn difference(expected: &Answer, found: &Answer, sameness: Sameness) -> Option<String> {
    let is_original_compared = sameness != Sameness::ValuesButOriginal;
    if sameness == Sameness::Bytes {
        if found.events != expected.events {
            return Some(first_difference(&expected.events, &found.events));
        }
    } else {
        let found = values(&found.events, is_original_compared);
        let expected = values(&expected.events, is_original_compared);
        if found.is_none() || found != expected {
            let text = |events: Option<Vec<serde_json::Value>>| {
                let events = events.unwrap_or_default();
                let texts: Vec<String> = events.iter().map(serde_json::Value::to_string).collect();
                texts.join("\n")
            };
            return Some(first_difference(
                text(expected).as_bytes(),
                text(found).as_bytes(),
            ));
        }
    }
    (found.rejections != expected.rejections).then(|| {
        format!(
            "expected the rejections {}, but found {}",
            shortened(&expected.rejections),
            shortened(&found.rejections)
        )
    })
}

fn by_reference(job: &Job, found: &Answer) -> Option<String> {
    let revision = match &job.call {
        Call::Revision(known) => Some(known.revision()),
        _ => None,
    };
    let (events, mut rejections) = match job.call {
        Call::Batch => {
            let (events, rejected) = reference::normalize_batch(&job.input, &job.options);
            let rejected: Vec<_> = rejected
                .iter()
                .map(|rejected| crate::jobs::reason_to_json(rejected.line, rejected.reason))
                .collect();
            (events, rejected)
        }
        _ => match reference::normalize(&job.input, &job.options, revision.as_ref()) {
            Ok(event) => (vec![event], Vec::new()),
            Err(reason) => (Vec::new(), vec![crate::jobs::reason_to_json(1, reason)]),
        },
    };
    let mut found_rejections = found.rejections.clone();
    for rejection in rejections.iter_mut().chain(&mut found_rejections) {
        // Where exactly reading stops is for each reader to choose.
        if rejection["reason"] == "syntax"
            && let Some(rejection) = rejection.as_object_mut()
        {
            rejection.remove("detail");
        }
    }
    let expected: Vec<String> = events.iter().map(Json::compact).collect();
    let events: Option<Vec<String>> = split(&found.events, &job.call)
        .map(|event| Json::read(event).ok().map(|event| event.compact()))
        .collect();
    if events.as_ref() != Some(&expected) {
        return Some("other events than the reference implementation gives".to_owned());
    }
    (found_rejections != rejections)
        .then(|| "other rejections than the reference implementation gives".to_owned())
}

/// The events of a batch; a line's only event, if it gave one.
fn split<'a>(events: &'a [u8], call: &Call) -> impl Iterator<Item = &'a [u8]> {
    let is_batch = *call == Call::Batch;
    events
        .split(move |byte| is_batch && *byte == b'\n')
        .filter(|event| !event.is_empty())
}

/// The events as JSON values; `None` where they are none.
fn values(events: &[u8], is_original_compared: bool) -> Option<Vec<serde_json::Value>> {
    let events = serde_json::Deserializer::from_slice(events).into_iter();
    let mut events: Vec<serde_json::Value> = events.collect::<Result<_, _>>().ok()?;
    if !is_original_compared {
        for event in events.iter_mut().filter_map(serde_json::Value::as_object_mut) {
            event.remove("message");
            event.remove("raw_data");
            if let Some(ecs) = event.get_mut("event").and_then(serde_json::Value::as_object_mut) {
                ecs.remove("original");
            }
        }
    }
    Some(events)
}

/// Which event, and from where on. The rows are the fixtures' and the generator's own, so they can be shown.
fn first_difference(expected: &[u8], found: &[u8]) -> String {
    let at = expected
        .iter()
        .zip(found)
        .take_while(|(one, other)| one == other)
        .count();
    let line = expected[..at].split(|byte| *byte == b'\n').count();
    let around = |bytes: &[u8]| {
        let piece = &bytes[at.saturating_sub(20).min(bytes.len())..(at + 60).min(bytes.len())];
        String::from_utf8_lossy(piece).into_owned()
    };
    format!(
        "event {line}, byte {at}: expected …{:?}…, but found …{:?}…",
        around(expected),
        around(found)
    )
}

fn shortened(rejections: &[serde_json::Value]) -> String {
    let text = serde_json::to_string(rejections).unwrap_or_default();
    text.chars().take(200).collect()
}

impl Row {
    fn take(&mut self, job: &Job, outcome: Outcome, difference: impl FnOnce(&Answer) -> Option<String>) {
        let answer = match outcome {
            Outcome::Answer(answer) => answer,
            Outcome::Declined(why) => {
                self.declined += job.cases;
                if !self.declined_because.contains(&why) {
                    self.declined_because.push(why);
                }
                return;
            }
        };
        self.declined += answer.declined.len();
        for why in &answer.declined {
            if !self.declined_because.iter().any(|known| known == why) {
                self.declined_because.push((*why).to_owned());
            }
        }
        let target = position(job.options.target);
        self.cases[target] += job.cases.saturating_sub(answer.declined.len());
        if let Some(difference) = difference(&answer) {
            self.different[target] += 1;
            if self.differences.len() < MAX_SHOWN {
                let target = job.options.target.name();
                self.differences
                    .push(format!("{} {target}: {difference}", job.name));
            }
        }
        if job.is_timed {
            self.timed_rows += job.cases;
            self.seconds += answer.seconds;
        }
    }

    fn missing(mut self, missing: &Missing, is_from_registry: bool) -> Self {
        self.state = if is_from_registry {
            State::Failed(missing.0.clone())
        } else {
            State::Skipped(missing.0.clone())
        };
        self
    }
}

fn position(target: Target) -> usize {
    Target::ALL
        .iter()
        .position(|other| *other == target)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::difference;
    use crate::host::Sameness;
    use crate::jobs::Answer;

    fn answer(events: &str) -> Answer {
        Answer {
            events: events.as_bytes().to_vec(),
            ..Answer::default()
        }
    }

    #[test]
    fn bytes_values_and_all_but_the_original_are_compared() {
        let expected = answer(r#"{"message":"a","b":1,"event":{"original":"c"}}"#);
        let spaced = answer(r#"{"b":1, "message":"a","event":{"original":"c"}}"#);
        let other_original = answer(r#"{"message":"x","b":1,"event":{"original":"y"}}"#);
        let other = answer(r#"{"message":"a","b":2,"event":{"original":"c"}}"#);
        let broken = answer("{");
        for (found, same_bytes, same_values, same_fields) in [
            (&expected, true, true, true),
            (&spaced, false, true, true),
            (&other_original, false, false, true),
            (&other, false, false, false),
            (&broken, false, false, false),
        ] {
            for (sameness, is_same) in [
                (Sameness::Bytes, same_bytes),
                (Sameness::Values, same_values),
                (Sameness::ValuesButOriginal, same_fields),
            ] {
                assert_eq!(
                    difference(&expected, found, sameness).is_none(),
                    is_same,
                    "{sameness:?}"
                );
            }
        }
    }

    #[test]
    fn rejections_and_missing_events_are_differences() {
        let expected = answer("{}");
        let refused = Answer {
            rejections: vec![json!({ "line": 1, "reason": "syntax" })],
            ..answer("{}")
        };
        for sameness in [Sameness::Bytes, Sameness::Values, Sameness::ValuesButOriginal] {
            assert!(difference(&expected, &refused, sameness).is_some());
            assert!(difference(&expected, &answer(""), sameness).is_some());
            assert!(difference(&expected, &answer("{}{}"), sameness).is_some());
        }
    }
}
