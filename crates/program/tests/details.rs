//! `message-trace normalize --details`: saved answers put to the rows that they belong to.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write as _;

use predicates::prelude::*;
use serde_json::Value;
use support::{program, repository, values};

const ROW: &str = r#"{"id":"4451a062-48cb-e80d-e8c0-196330437ae6","receivedDateTime":"2025-06-13T10:30:00Z","status":"failed"}"#;

/// Every fixture with details, out of two files: through the component and natively, with the same bytes.
#[test]
fn saved_details_say_why_a_message_was_not_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, answers) = (
        folder.path().join("rows.ndjson"),
        folder.path().join("details.ndjson"),
    );
    let shelf = repository("fixtures/cause");
    let mut names: Vec<String> = std::fs::read_dir(&shelf)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".details.txt").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() > 60);
    let (mut lines, mut saved) = (String::new(), String::new());
    for (number, name) in names.iter().enumerate() {
        let read = |ending: &str| std::fs::read_to_string(shelf.join(format!("{name}.{ending}"))).unwrap();
        let mut row: Value = serde_json::from_str(&read("in.txt")).unwrap();
        row["id"] = format!("4451a062-48cb-480d-8196-{number:012x}").into();
        let answer: Value = serde_json::from_str(&read("details.txt")).unwrap();
        // Ids are spelled as other tools spell them.
        let asked = serde_json::json!({
            "id": row["id"].as_str().unwrap().to_uppercase(),
            "recipientAddress": row["recipientAddress"].as_str().unwrap().to_uppercase(),
            "details": answer,
        });
        writeln!(lines, "{row}").unwrap();
        writeln!(saved, "{asked}").unwrap();
    }
    std::fs::write(&rows, lines).unwrap();
    std::fs::write(&answers, saved).unwrap();
    let run = |native: bool| {
        let mut command = program();
        command.args(["normalize", "--target", "ecs", "--details"]);
        command.arg(&answers).arg(&rows);
        if native {
            command.arg("--native");
        }
        command
            .assert()
            .success()
            .stderr(predicate::str::contains(format!(
                "{0} of {0} answers' rows have details; 1 failed for a cause that is not known",
                names.len()
            )))
            .get_output()
            .stdout
            .clone()
    };
    let events = run(false);
    assert!(events == run(true), "the component and the library differ");
    for (name, event) in names.iter().zip(values(&events)) {
        let wanted = std::fs::read(shelf.join(format!("{name}.ecs.json"))).unwrap();
        let wanted: Value = serde_json::from_slice(&wanted).unwrap();
        let trace = |event: &Value| event["m365"]["message_trace"]["cause"].clone();
        assert_eq!(trace(&event), trace(&wanted), "{name}");
        assert_eq!(event["event"]["reason"], wanted["event"]["reason"], "{name}");
        assert_eq!(event["rule"], wanted["rule"], "{name}");
    }
}

#[test]
fn a_file_of_details_that_is_none_is_said_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let answers = folder.path().join("details.ndjson");
    std::fs::write(&answers, "\n{\"alice@example.com\":1}\n").unwrap();
    let answers = answers.to_str().unwrap();
    let normalize = |arguments: &[&str]| {
        program()
            .arg("normalize")
            .args(arguments)
            .write_stdin(ROW)
            .assert()
    };
    normalize(&["--target", "ecs", "--details", answers])
        .code(65)
        .stderr(
            predicate::str::contains("details.ndjson:2: expected an answer")
                .and(predicate::str::contains("alice").not()),
        );
    normalize(&["--details", "no-such-file"])
        .code(74)
        .stderr(predicate::str::contains("cannot read no-such-file"));
}
