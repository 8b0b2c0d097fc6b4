//! Every fixture, every target: what comes out is what the files say. `BLESS=1 cargo test --test golden` rewrites the
//! expected files from the reference; the diff is then read against the mapping, line by line.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use message_trace::{Normalizer, Rejection, Target};
use message_trace_reference::{self as reference, Case, Delivered, Expected, Json, rejection_json};
use std::fs;

#[test]
fn lines_give_what_the_fixtures_say() {
    let mut wrong = Vec::new();
    for case in &reference::cases().unwrap() {
        for target in Target::ALL {
            let expected = case.expected(target).unwrap();
            let mut event = Vec::new();
            let outcome = run(case, target, &mut event);
            let actual = match &outcome {
                Ok(()) => Expected::Event(Json::read(&event).expect("an event is JSON")),
                Err(rejection) => Expected::Rejection(rejection_json(rejection, None)),
            };
            if !same(&actual, &expected) {
                wrong.push(format!(
                    "{} {}\n  expected {}\n  found    {}",
                    case.name,
                    target.name(),
                    show(&expected),
                    show(&actual)
                ));
            }
            if outcome.is_err() {
                assert!(
                    event.is_empty(),
                    "{}: a rejection leaves the output as it was",
                    case.name
                );
            }
            if let Err(Rejection::Syntax(at)) = outcome {
                assert!(
                    at as usize <= case.input.len(),
                    "{}: offset {at} is beyond the line",
                    case.name
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn batches_give_what_the_fixtures_say() {
    for batch in &reference::batches().unwrap() {
        for target in Target::ALL {
            let (mut events, mut rejected) = (Vec::new(), Vec::new());
            let count = Normalizer::new(batch.case.options_for(target)).normalize_batch(
                &batch.case.input,
                &mut events,
                &mut rejected,
            );
            let expected = batch.events(target).unwrap();
            let label = format!("{} {}", batch.case.name, target.name());
            assert_eq!(count as usize, expected.len(), "{label}");
            assert!(
                events.is_empty() || events.ends_with(b"\n"),
                "{label}: a line feed after each event"
            );
            let found: Vec<Json> = events
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| Json::read(line).expect("an event is JSON"))
                .collect();
            assert_eq!(texts(&found), texts(&expected), "{label}");
            let rejections: Vec<String> = rejected
                .iter()
                .map(|rejected| rejection_json(&rejected.reason, Some(rejected.line)).compact())
                .collect();
            let expected: Vec<String> = match batch.rejections().unwrap() {
                Json::Array(elements) => elements.iter().map(|(_, element)| element.compact()).collect(),
                other => panic!("{label}: {}", other.compact()),
            };
            assert_eq!(rejections, expected, "{label}");
        }
    }
}

/// The fixtures and the reference are held to each other, so that neither moves alone.
#[test]
fn the_reference_gives_what_the_fixtures_say() {
    let bless = std::env::var_os("BLESS").is_some();
    for case in &reference::cases().unwrap() {
        for target in Target::ALL {
            let outcome = reference_line(case, target);
            if bless {
                bless_case(case, target, &outcome);
            }
            assert!(
                same(&outcome, &case.expected(target).unwrap()),
                "{} {}",
                case.name,
                target.name()
            );
        }
    }
    for batch in &reference::batches().unwrap() {
        for target in Target::ALL {
            let (events, rejected) =
                reference::normalize_batch(&batch.case.input, &batch.case.options_for(target));
            let rejections: Json = rejected
                .iter()
                .map(|rejected| rejection_json(&rejected.reason, Some(rejected.line)))
                .collect();
            if bless {
                let lines: String = texts(&events).into_iter().map(|event| event + "\n").collect();
                let path = batch.case.file(&format!("{}.ndjson", target.name()));
                reference::bless(&path, &lines).unwrap();
                reference::bless(&batch.case.file("rejections.json"), &rejections.pretty()).unwrap();
            }
            assert_eq!(
                texts(&events),
                texts(&batch.events(target).unwrap()),
                "{}",
                batch.case.name
            );
            assert_eq!(
                rejections.compact(),
                batch.rejections().unwrap().compact(),
                "{}",
                batch.case.name
            );
        }
    }
}

/// The seeds' pairs: `message` is the raw line to the last byte.
#[test]
fn a_sekoia_message_is_the_raw_line() {
    for case in &reference::cases().unwrap() {
        let mut event = Vec::new();
        if !case.name.starts_with("envelope/") && run(case, Target::Sekoia, &mut event).is_ok() {
            let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
            assert_eq!(
                event["message"].as_str().unwrap().as_bytes(),
                case.input,
                "{}",
                case.name
            );
        }
    }
}

fn run(case: &Case, target: Target, event: &mut Vec<u8>) -> Result<(), Rejection> {
    let mut normalizer = Normalizer::new(case.options_for(target));
    match &case.revision {
        None => normalizer.normalize(&case.input, event),
        Some(delivered) => normalizer.normalize_revision(&case.input, &delivered.revision(), event),
    }
}

fn reference_line(case: &Case, target: Target) -> Expected {
    let revision = case.revision.as_ref().map(Delivered::revision);
    match reference::normalize(&case.input, &case.options_for(target), revision.as_ref()) {
        Ok(event) => Expected::Event(event),
        Err(rejection) => Expected::Rejection(rejection_json(&rejection, None)),
    }
}

/// The seeds' own expectations are never written over: where the reference differs, the test fails.
fn bless_case(case: &Case, target: Target, outcome: &Expected) {
    let own = case.file(&format!("{}.json", target.name()));
    let rejection = case.file("rejection.json");
    let (path, stale, value) = match outcome {
        Expected::Event(event) => (own, rejection, event),
        Expected::Rejection(reason) => (rejection, own, reason),
    };
    if stale.exists() {
        fs::remove_file(stale).unwrap();
    }
    let is_seed = target == Target::Sekoia
        && [
            "graph-delivered",
            "reporting-getting-status",
            "reporting-null-subject",
        ]
        .contains(&case.name.as_str());
    if !is_seed {
        reference::bless(&path, &value.pretty()).unwrap();
    }
}

/// Equal as values, in the same order of keys; how a number or a text is spelled is left open.
fn same(one: &Expected, other: &Expected) -> bool {
    show(one) == show(other)
}

fn show(expected: &Expected) -> String {
    match expected {
        Expected::Event(json) | Expected::Rejection(json) => json.compact(),
    }
}

fn texts(events: &[Json]) -> Vec<String> {
    events.iter().map(Json::compact).collect()
}
