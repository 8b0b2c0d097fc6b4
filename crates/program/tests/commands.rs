//! What the program says of itself and of its commands.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use predicates::prelude::*;
use serde_json::Value;
use support::program;

#[test]
fn about_says_what_is_inside() {
    let output = program().args(["about", "--json"]).assert().success();
    let about: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let embedded = message_trace_host::EMBEDDED_SHA256;
    assert_eq!(about.pointer("/component/sha256").unwrap(), embedded);
    assert_eq!(
        about.pointer("/component/imports").unwrap(),
        &serde_json::json!([])
    );
    assert_eq!(about.pointer("/ecs").unwrap(), "9.4.0");
    assert_eq!(
        about.pointer("/targets").unwrap(),
        &serde_json::json!(["sekoia", "ecs", "ocsf"])
    );
    program()
        .arg("about")
        .assert()
        .success()
        .stdout(predicate::str::contains(embedded))
        .stdout(predicate::str::is_match("imports +none").unwrap());
}

#[test]
fn help_of_every_command_has_examples() {
    for command in [
        &[][..],
        &["normalize"],
        &["poll"],
        &["ledger"],
        &["simulate"],
        &["about"],
    ] {
        let output = program().args(command).arg("--help").assert().success();
        let help = String::from_utf8(output.get_output().stdout.clone()).unwrap();
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        // A terminal of 80 columns does not break them, so that they can be pasted.
        for line in examples.lines() {
            assert!(line.chars().count() < 80, "{line}");
        }
    }
    for command in ["normalize", "poll", "ledger", "simulate"] {
        program()
            .args([command, "--help"])
            .assert()
            .stdout(predicate::str::contains("Exit codes:"));
    }
}
