//! The README's commands do what it says.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "poll/collector.rs"]
mod collector;

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{Duration, Utc};
use collector::Collector;
use message_trace_remedy::Remedy;
use message_trace_simulator::{CLIENT_ID, CLIENT_SECRET, Clock, Server, Settings, Simulator, TENANT_ID};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The first block of a language after a text.
fn block(after: &str, language: &str) -> String {
    let readme = document("README.md");
    let (_, rest) = readme.split_once(after).unwrap();
    let (_, rest) = rest.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

/// A folder with the program where the README has it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("dist")).unwrap();
    let program = folder.path().join("dist/message-trace");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_message-trace"), program).unwrap();
    folder
}

fn bash(folder: &Path, script: &str) -> Command {
    // The README has the program on the path once it is built.
    let path = format!(
        "{}:{}",
        folder.join("dist").display(),
        std::env::var("PATH").unwrap()
    );
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        // What this test run itself is given is no setting of the program.
        .env_remove("MESSAGE_TRACE_FLUENT_BIT")
        .env_remove("MESSAGE_TRACE_TANGENT")
        .env(
            "MESSAGE_TRACE_CACHE",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/machine-code"),
        );
    bash
}

#[test]
fn the_readme_shows_what_happens() {
    std::env::set_current_dir(root()).unwrap();
    let cases = trycmd::TestCases::new();
    cases.register_bin(
        "message-trace",
        std::path::Path::new(env!("CARGO_BIN_EXE_message-trace")),
    );
    cases.case("README.md");
}

#[test]
fn the_first_command_turns_rows_into_events() {
    let folder = folder();
    let row = document("fixtures/graph-delivered.in.txt");
    let page = format!("{{\"value\":[{row},{row}]}}");
    std::fs::write(folder.path().join("trace.json"), page).unwrap();
    let done = bash(folder.path(), &block("Then your own rows", "sh"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let events = std::fs::read_to_string(folder.path().join("events.ndjson")).unwrap();
    assert_eq!(events.lines().count(), 2);
    assert!(
        events.lines().all(|event| event.contains("\"direction\":\"")),
        "{events}"
    );
}

/// The README's `poll` with a tenant, a folder and a collector that there are.
#[test]
fn poll_polls_as_it_stands_there() {
    let mut settings = Settings::new(3, Utc::now() - Duration::hours(48));
    settings.rows_per_day = 200;
    let server = Server::start(Simulator::new(settings), Clock::wall(), 0).unwrap();
    let collector = Collector::start(|_, _| (200, ""));
    let folder = folder();
    let script = block("## Poll Graph", "sh");
    let mut filled = script.clone();
    for (word, value) in [
        ("SECRET=… ", format!("SECRET='{CLIENT_SECRET}' ")),
        ("--tenant-id TENANT ", format!("--tenant-id {TENANT_ID} ")),
        ("--client-id CLIENT ", format!("--client-id {CLIENT_ID} ")),
        ("https://collector.example.com/intake", collector.url()),
    ] {
        assert!(filled.contains(word), "the README has no {word:?}:\n{script}");
        filled = filled.replace(word, &value);
    }
    let polled = bash(folder.path(), &filled)
        .env("MESSAGE_TRACE_GRAPH_URL", server.base_url())
        .env("MESSAGE_TRACE_LOGIN_URL", server.base_url())
        .env("MESSAGE_TRACE_ONCE", "true")
        .output()
        .unwrap();
    assert!(
        polled.status.success(),
        "{}",
        String::from_utf8_lossy(&polled.stderr)
    );
    assert!(collector.ids().len() > 100);
    assert!(folder.path().join("ledger.db").exists());
}

#[test]
fn the_dead_letter_is_shown_replayed_and_dropped_as_it_stands_there() {
    let folder = folder();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let config = format!(
        "tenant-id = \"{TENANT_ID}\"\nclient-id = \"{CLIENT_ID}\"\nledger = '{}'\nsinks = \"file:events.ndjson\"\n",
        state.join("ledger.db").display()
    );
    std::fs::write(folder.path().join("poll.toml"), config).unwrap();
    let letter = serde_json::json!({
        "time": "2026-01-20T08:15:00Z", "sink": "https://gone.example.com", "reason": "status 400", "id": "1",
        "raw": document("fixtures/graph-delivered.in.txt"),
    });
    let dead = state.join("ledger.db.dead-letter.ndjson");
    std::fs::write(&dead, format!("{letter}\n")).unwrap();
    let script = block("### The dead letter", "sh");
    assert!(script.contains("/var/lib/message-trace/ledger.db"), "{script}");
    let filled = script.replace("/var/lib/message-trace", &state.display().to_string());
    let done = bash(folder.path(), &filled).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{said}");
    let shown = "2026-01-20T08:15:00Z  https://gone.example.com  status 400  1\n";
    assert_eq!(String::from_utf8(done.stdout).unwrap(), shown);
    for says in [
        "1 row in ",
        "1 row delivered, 0 refused again",
        "0 rows dropped, 0 left",
    ] {
        assert!(said.contains(says), "{said}");
    }
    let events = std::fs::read_to_string(folder.path().join("events.ndjson")).unwrap();
    assert_eq!(events.lines().count(), 1);
}

#[test]
fn every_command_of_the_build_script_that_is_named_is_one() {
    let help = Command::new("bash")
        .args(["build.sh", "help"])
        .current_dir(root())
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let mut found = 0;
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        for rest in document(name).split("./build.sh ").skip(1) {
            let word = rest
                .split(|c: char| !c.is_ascii_lowercase() && c != '-')
                .next()
                .unwrap();
            let is_there = help
                .lines()
                .any(|line| line.trim_start().split(' ').next() == Some(word));
            assert!(is_there, "{name}: ./build.sh {word}");
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn every_exit_code_has_its_row() {
    let readme = document("README.md");
    let (_, table) = readme.split_once("| exit code | means | do |").unwrap();
    let table = table.split_once("\n\n").unwrap().0;
    let rows: Vec<u8> = table
        .lines()
        .filter_map(|row| row.split('|').nth(1)?.trim().parse().ok())
        .collect();
    let mut codes: Vec<u8> = [0, 2].into_iter().chain(Remedy::ALL.map(Remedy::code)).collect();
    codes.sort_unstable();
    assert_eq!(rows, codes);
}

#[test]
fn saved_details_give_the_cause_that_the_readme_names() {
    let folder = folder();
    let script = block("## Why was it not delivered?", "sh");
    let ran = bash(folder.path(), &script).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let event = String::from_utf8(ran.stdout).unwrap();
    assert!(event.contains(r#""cause":"mailbox-full""#), "{event}");
    assert!(event.contains(r#""reason":"554 5.2.2 mailbox full""#), "{event}");
}
