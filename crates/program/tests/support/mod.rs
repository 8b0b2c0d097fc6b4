//! What the tests of the program share.
#![allow(
    dead_code,
    clippy::missing_panics_doc,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// The program, with a cache of machine code that all tests share and nobody else.
pub fn program() -> Command {
    let mut command = Command::cargo_bin("message-trace").unwrap();
    command.env(
        "MESSAGE_TRACE_CACHE",
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("machine-code"),
    );
    command
}

/// A file of the repository.
pub fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

/// The objects of a rejects file.
pub fn rejects(file: &Path) -> Vec<Value> {
    values(&std::fs::read(file).unwrap())
}

/// The values of NDJSON.
pub fn values(ndjson: &[u8]) -> Vec<Value> {
    std::str::from_utf8(ndjson)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
