//! The example does what it says, and the README shows it as it is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(fixture: &str) -> Output {
    let line = File::open(root().join("fixtures").join(fixture)).unwrap();
    let mut example = Command::new(env!("CARGO_BIN_EXE_wasmtime-host"));
    example.arg(root().join("dist/message-trace.wasm")).stdin(line);
    example.output().unwrap()
}

#[test]
fn a_line_becomes_its_event() {
    let done = run("graph-delivered.in.txt");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let event: Value = serde_json::from_slice(&done.stdout).unwrap();
    let expected = read_to_string(root().join("fixtures/graph-delivered.sekoia.json")).unwrap();
    assert_eq!(event, serde_json::from_str::<Value>(&expected).unwrap());
}

#[test]
fn a_refused_line_is_said() {
    let done = run("reject/missing-field-graph-null.in.txt");
    assert_eq!(String::from_utf8_lossy(&done.stdout), "");
    let problem = String::from_utf8_lossy(&done.stderr);
    assert!(
        problem.contains("MissingField(\"receivedDateTime\")"),
        "{problem}"
    );
}

#[test]
fn the_readme_shows_the_example() {
    let readme = read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("### From Rust").nth(1).unwrap();
    let shown = section
        .split("```")
        .nth(1)
        .unwrap()
        .strip_prefix("rust\n")
        .unwrap();
    let code = read_to_string(root().join("examples/wasmtime-host/src/main.rs")).unwrap();
    assert!(
        code.ends_with(shown),
        "expected the end of main.rs in the README, but found\n{shown}"
    );
    assert!(shown.contains("fn main()"), "{shown}");
}
