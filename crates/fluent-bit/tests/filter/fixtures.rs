//! Every fixture, for every target, in both forms a record can have.

use std::path::Path;

use message_trace::{Normalizer, Options, Rejection, Target};
use message_trace_fluent_bit_host::{Instance, function, record, rejection_of};
use message_trace_reference::{Case, cases};
use serde_json::Value;

use crate::guest::wasm;

fn options_json(case: &Case) -> Option<String> {
    std::fs::read_to_string(case.file("options.json")).ok()
}

fn natively(options: Options, line: &[u8]) -> Result<Value, Rejection> {
    let mut event = Vec::new();
    Normalizer::new(options).normalize(line, &mut event)?;
    Ok(serde_json::from_slice(&event).unwrap())
}

/// The cases without those of a row delivered again.
fn all() -> Vec<Case> {
    let mut all = cases().unwrap();
    all.retain(|case| case.revision.is_none());
    all
}

#[test]
fn a_row_that_was_delivered_before_gives_the_event_of_the_fixture() {
    let mut instance = Instance::new(wasm()).unwrap();
    let mut count = 0;
    for case in cases().unwrap() {
        let Some(known) = &case.revision else { continue };
        let mut revision = serde_json::json!({"sequence": known.sequence});
        if let Some(status) = &known.previous_status {
            revision["previous_status"] = Value::from(status.as_str());
        }
        // The answer itself where it is JSON, else its text; both ways of saying it are one.
        if let Some(details) = &known.details {
            revision["details"] = serde_json::from_str(details)
                .ok()
                .filter(|_| count % 2 == 0)
                .unwrap_or_else(|| Value::from(details.as_str()));
        }
        for target in Target::ALL {
            let record = record::of_line(&case.input);
            let record = record::with_text(&record, "message_trace_revision", &revision.to_string());
            let record = record::with_options(&record, options_json(&case).as_deref());
            let event = instance.call(&function(target.name()), &record).unwrap().unwrap();
            let expected = std::fs::read(case.file(&format!("{}.json", target.name()))).unwrap();
            let expected: Value = serde_json::from_slice(&expected).unwrap();
            let event: Value = serde_json::from_str(&event).unwrap();
            // Written anew, an answer has each key once.
            if case.name != "details/last-key-counts" {
                assert_eq!(event, expected, "{} {}", case.name, target.name());
            }
        }
        count += 1;
    }
    assert!(count > 90, "{count} cases");
}

#[test]
fn a_revision_that_is_none_marks_the_row_and_holds_no_text() {
    let mut instance = Instance::new(wasm()).unwrap();
    for revision in [
        "alice@example.com",
        "{}",
        r#"{"sequence":-1}"#,
        r#"{"sequence":1,"more":2}"#,
        "[]",
    ] {
        let record = record::with_text(&record::of_line(b"{}"), "message_trace_revision", revision);
        let event = instance.call("message_trace_ecs", &record).unwrap().unwrap();
        let why = rejection_of(&event).unwrap();
        assert!(
            why.starts_with("message_trace_revision: expected a JSON object"),
            "{why}"
        );
        assert!(!event.contains("alice"), "{event}");
    }
}

#[test]
fn a_raw_line_in_log_gives_the_event_of_the_fixture() {
    let mut instance = Instance::new(wasm()).unwrap();
    let mut count = 0;
    for (case, target) in all()
        .iter()
        .flat_map(|case| Target::ALL.map(|target| (case, target)))
    {
        let text = String::from_utf8_lossy(&case.input).into_owned();
        let record = record::with_options(&record::of_line(&case.input), options_json(case).as_deref());
        let event = instance.call(&function(target.name()), &record).unwrap().unwrap();
        let name = format!("{} {}", case.name, target.name());
        let rejected = case.file("rejection.json").exists();
        if rejected && std::str::from_utf8(&case.input).is_ok() {
            let expected = natively(case.options_for(target), &case.input).unwrap_err();
            assert_eq!(rejection_of(&event), Some(expected.to_string()), "{name}");
            let event: Value = serde_json::from_str(&event).unwrap();
            assert_eq!(event["log"], Value::from(text), "{name}");
        } else if rejected {
            // Broken UTF-8 does not reach a filter: Fluent Bit mends it before.
            assert_eq!(
                rejection_of(&event).is_some(),
                natively(case.options_for(target), text.as_bytes()).is_err(),
                "{name}"
            );
        } else {
            let expected = std::fs::read(case.file(&format!("{}.json", target.name()))).unwrap();
            let expected: Value = serde_json::from_slice(&expected).unwrap();
            let event: Value = serde_json::from_str(&event).unwrap();
            assert_eq!(event, expected, "{name}");
        }
        count += 1;
    }
    assert!(count > 400, "{count} cases");
}

/// An instance lives as long as the agent, and reads each line by what it learned of those before.
#[test]
fn a_line_before_leaves_nothing_in_an_event() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/batch");
    let read =
        |end: &str| std::fs::read_to_string(folder.join(format!("shapes-that-begin-alike.{end}"))).unwrap();
    for target in Target::ALL {
        let mut instance = Instance::new(wasm()).unwrap();
        let expected = read(&format!("{}.ndjson", target.name()));
        for (line, expected) in read("in.txt").lines().zip(expected.lines()) {
            let record = record::of_line(line.as_bytes());
            let event = instance.call(&function(target.name()), &record).unwrap().unwrap();
            let event: Value = serde_json::from_str(&event).unwrap();
            let expected: Value = serde_json::from_str(expected).unwrap();
            assert_eq!(event, expected, "{}", target.name());
        }
    }
}

/// Fixtures about something that Fluent Bit's JSON parser does not let through: white space around a row.
const CHANGED_BY_THE_PARSER: &[&str] = &["reject/too-long-crlf-counts"];

#[test]
fn a_parsed_line_gives_the_same_event_but_for_the_original() {
    let mut instance = Instance::new(wasm()).unwrap();
    let mut count = 0;
    let mut changed = Vec::new();
    for (case, target) in all()
        .iter()
        .flat_map(|case| Target::ALL.map(|target| (case, target)))
    {
        let Some(parsed) = record::parsed(&case.input) else {
            continue;
        };
        let name = format!("{} {}", case.name, target.name());
        let record = record::with_options(&parsed, options_json(case).as_deref());
        let event = instance.call(&function(target.name()), &record).unwrap().unwrap();
        match natively(case.options_for(target), &parsed) {
            Err(rejection) => {
                assert_eq!(rejection_of(&event), Some(rejection.to_string()), "{name}");
                let event: Value = serde_json::from_str(&event).unwrap();
                assert_eq!(event["log"].as_str().unwrap().as_bytes(), parsed, "{name}");
            }
            Ok(expected) => {
                let mut event: Value = serde_json::from_str(&event).unwrap();
                assert_eq!(event, expected, "{name}");
                let file = case.file(&format!("{}.json", target.name()));
                if let Ok(fixture) = std::fs::read(file) {
                    let mut fixture: Value = serde_json::from_slice(&fixture).unwrap();
                    for event in [&mut event, &mut fixture] {
                        event["message"] = Value::Null;
                        event["raw_data"] = Value::Null;
                        event["event"]["original"] = Value::Null;
                    }
                    if event != fixture {
                        changed.push(case.name.clone());
                    }
                } else {
                    changed.push(case.name.clone());
                }
            }
        }
        count += 1;
    }
    changed.dedup();
    assert_eq!(changed, CHANGED_BY_THE_PARSER);
    assert!(count > 300, "{count} cases");
}
