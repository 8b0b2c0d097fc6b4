//! The program, rows and an archive.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

pub(crate) fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_message-trace"))
        .args(words)
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A message on a day of June.
pub(crate) fn row(lines: &mut String, day: usize, sender: &str, recipient: &str, size: usize) {
    let number = lines.len();
    writeln!(
        lines,
        r#"{{"id":"{number:08x}-48cb-e80d-e8c0-196330437ae6","receivedDateTime":"2025-06-{day:02}T10:30:00Z","senderAddress":"{sender}","recipientAddress":"{recipient}","subject":"s","size":{size},"fromIP":"192.0.2.1","toIP":"","status":"delivered"}}"#
    )
    .unwrap();
}

pub(crate) fn archive(folder: &Path, lines: &str) {
    let input = folder.join("rows.ndjson");
    std::fs::write(&input, lines).unwrap();
    let output = folder.join("archive");
    let words = ["archive", "--organization-domain", "contoso.com", "--output"];
    let done = run(&[&words[..], &[output.to_str().unwrap(), input.to_str().unwrap()]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
}
