//! A stream between polling and the SIEM: `poll --raw`, then two workers of `transform`, against a real `nats-server`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../streams/tests/nats/server.rs"]
#[expect(dead_code, reason = "the tests of streams use more of it")]
mod server;
#[path = "poll/stand.rs"]
#[expect(dead_code, reason = "the tests of polling use more of it")]
mod stand;

use std::collections::BTreeMap;

use chrono::{Duration, Utc};
use message_trace_simulator::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};
use server::Nats;
use stand::{Stand, program, text};

/// Every row that the service shows is an event in the result once.
#[test]
fn rows_go_through_a_stream_to_any_number_of_workers() {
    let Some(nats) = Nats::start() else { return };
    nats.stream("ROWS", &["rows"]);
    nats.stream("EVENTS", &["events", "events.rejects"]);
    let stand = Stand::new(|settings| settings.rows_per_day = 3_000);
    let config = stand.path("poll.toml");
    let url = nats.address("rows");
    std::fs::write(&config, format!("[[sinks]]\ntype = \"nats\"\nurl = \"{url}\"\n")).unwrap();
    let graph = stand.server.base_url();
    let started = Utc::now();
    let mut poll = program();
    let polled = poll
        .env("MESSAGE_TRACE_CLIENT_SECRET", CLIENT_SECRET)
        .args([
            "poll",
            "--raw",
            "--once",
            "--tenant-id",
            TENANT_ID,
            "--client-id",
            CLIENT_ID,
        ])
        .args(["--graph-url", &graph, "--login-url", &graph])
        .arg("--config")
        .arg(&config)
        .arg("--ledger")
        .arg(stand.ledger())
        .output()
        .unwrap();
    assert!(polled.status.success(), "{}", text(&polled.stderr));
    let (rows, events) = (
        nats.address("ROWS").to_string(),
        nats.address("events").to_string(),
    );
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let mut worker = program();
            worker
                .args([
                    "transform",
                    "--once",
                    "--target",
                    "ecs",
                    "--input",
                    &rows,
                    "--output",
                    &events,
                ])
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for worker in workers {
        let done = worker.wait_with_output().unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
        assert!(
            text(&done.stderr).contains("nothing is left rows="),
            "{}",
            text(&done.stderr)
        );
    }
    let mut found = BTreeMap::new();
    for message in nats.messages("EVENTS") {
        assert_eq!(message.subject, "events");
        let event: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
        let id = event["event"]["id"].as_str().unwrap().to_owned();
        assert_eq!(message.header("Nats-Msg-Id"), Some(id.clone()));
        *found.entry(id).or_insert(0) += 1;
    }
    let truth = stand.truth(started - Duration::seconds(5));
    assert!(truth.len() > 4_000 && truth.keys().all(|id| found.get(id) == Some(&1)));
}

#[test]
fn what_cannot_be_is_said_with_the_fix() {
    let ends = |words: &[&str], code: i32, says: &str| {
        let mut command = program();
        let ended = command.args(words).output().unwrap();
        assert_eq!(ended.status.code(), Some(code), "{}", text(&ended.stderr));
        assert!(text(&ended.stderr).contains(says), "{}", text(&ended.stderr));
    };
    let words = [
        "transform",
        "--target",
        "ecs",
        "--once",
        "--output",
        "nats://127.0.0.1:9/events",
        "--input",
    ];
    ends(
        &[&words[..], &["http://127.0.0.1/rows"]].concat(),
        2,
        "expected nats://HOST/NAME or kafka://HOST/NAME",
    );
    ends(
        &[&words[..], &["kafka://127.0.0.1/rows"]].concat(),
        78,
        "not of one service",
    );
    let input = [&words[..], &["nats://127.0.0.1:9/ROWS"]].concat();
    ends(&input, 75, "no connection to the host");
    ends(
        &[&input[..], &["--user", "worker"]].concat(),
        78,
        "--password-variable or --password-file",
    );
    ends(
        &[&input[..], &["--user", "w", "--password-variable", "NOT_SET"]].concat(),
        78,
        "NOT_SET is not set",
    );
    let Some(nats) = Nats::start() else { return };
    let (rows, events) = (
        nats.address("ROWS").to_string(),
        nats.address("events").to_string(),
    );
    let missing = [
        "transform",
        "--target",
        "ecs",
        "--input",
        &rows,
        "--output",
        &events,
    ];
    ends(&missing, 78, "NATS has no stream ROWS; create it");
    nats.stream("ROWS", &["rows"]);
    nats.publish("rows", &[("no row".to_owned(), Vec::new())]);
    ends(&missing, 78, "NATS has no stream for the subject; create one");
}
