//! An archive in a store of objects: what a folder promises, and what a store does to a program.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod failing;
mod fake;
mod polled;
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../poll/stand.rs"]
mod stand;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fake::{KEY_ID, SECRET, Store};
use stand::text;

/// The archive's address in every test.
const ARCHIVE: &str = "s3://mail/months/archive";

/// The program, with a store to go to.
fn program(store: &Store) -> Command {
    let mut program = stand::program();
    with_store(&mut program, store);
    program
}

fn with_store(program: &mut Command, store: &Store) {
    program
        .env("AWS_ENDPOINT_URL", store.endpoint())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        // Nobody is there: what goes to this machine goes through no proxy.
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .stdin(std::process::Stdio::null());
}

fn run(store: &Store, words: &[&str]) -> Output {
    let done = program(store).args(words).output().unwrap();
    for said in [&done.stdout, &done.stderr] {
        assert_silent(&text(said));
    }
    done
}

/// Neither the credential nor what the store repeats of it.
fn assert_silent(said: &str) {
    for canary in [KEY_ID, SECRET, "canary", "AWS4-HMAC", "Signature"] {
        assert!(!said.contains(canary), "{said}");
    }
}

fn row(number: usize, day: usize) -> String {
    format!(
        r#"{{"id":"{number:08x}-48cb-e80d-e8c0-196330437ae6","receivedDateTime":"2025-06-{day:02}T10:{:02}:00Z","senderAddress":"a{}@contoso.com","recipientAddress":"b{}@example.org","subject":"s{number}","size":{number},"fromIP":"192.0.2.1","toIP":"","status":"delivered"}}"#,
        number % 60,
        number % 7,
        number % 97,
    )
}

fn rows(numbers: std::ops::Range<usize>, days: usize) -> Vec<String> {
    numbers.map(|number| row(number, 1 + number % days)).collect()
}

/// A file with rows.
fn file(folder: &Path, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn archive(store: &Store, output: &str, file: &Path) -> Output {
    let domain = ["--organization-domain", "contoso.com"];
    run(
        store,
        &[
            &["archive", "--output", output],
            &domain[..],
            &[file.to_str().unwrap()],
        ]
        .concat(),
    )
}

/// The rows of an answer.
fn ask(store: &Store, folder: &Path, sql: &str) -> Vec<String> {
    let question = folder.join("question.sql");
    std::fs::write(&question, sql).unwrap();
    let words = ["query", question.to_str().unwrap(), "--archive", ARCHIVE, "--csv"];
    let answer = run(store, &words);
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    text(&answer.stdout).lines().skip(1).map(str::to_owned).collect()
}

const COUNT: &str = "SELECT COUNT(*), COUNT(DISTINCT event_id), SUM(size) FROM events";
