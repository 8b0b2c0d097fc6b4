//! The Reporting Web Service as the source.

use chrono::{Duration, Utc};
use message_trace_simulator::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};

use crate::stand::{Stand, events, program, text};

fn poll(stand: &Stand, words: &[&str]) -> std::process::Output {
    let url = stand.server.base_url();
    let mut command = program();
    command
        .env("MESSAGE_TRACE_CLIENT_SECRET", CLIENT_SECRET)
        .args(["poll", "--source", "reporting", "--once", "--target", "ecs"])
        .args(["--tenant-id", TENANT_ID, "--client-id", CLIENT_ID])
        .args(["--reporting-url", &url, "--login-url", &url])
        .args(words)
        .arg("--ledger")
        .arg(stand.ledger());
    command.output().unwrap()
}

/// Every row over several pages, each once; a second run delivers nothing again; the ledger is that source's alone.
#[test]
fn the_older_service_is_polled_as_completely_as_graph() {
    let stand = Stand::new(|settings| settings.rows_per_day = 3_000);
    let started = Utc::now();
    let output = poll(&stand, &["--since", "48h"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found = events(&output.stdout);
    let truth = stand.truth(started - Duration::seconds(5));
    assert!(truth.len() > 4_000, "more than two pages");
    for id in truth.keys() {
        let (row, status) = id.rsplit_once('/').unwrap();
        // The older service knows no recalls.
        let status = if status == "recalled" { "delivered" } else { status };
        assert!(found.contains_key(&format!("{row}/{status}")), "{id}");
    }
    let event = found.values().next().unwrap();
    assert_eq!(event["event"]["provider"], "reporting-web-service");
    let second = poll(&stand, &[]);
    let again = events(&second.stdout);
    assert!(
        found.keys().all(|id| !again.contains_key(id)),
        "a second run repeats nothing"
    );
    // Graph's rows are others to the ledger: its bounds and its words for a row's fields differ.
    let other = stand.poll_once();
    assert_eq!(other.status.code(), Some(78), "{}", text(&other.stderr));
    assert!(
        text(&other.stderr).contains("is of another tenant or source"),
        "{}",
        text(&other.stderr)
    );
}

#[test]
fn what_it_does_not_have_is_said() {
    let stand = Stand::new(|settings| settings.rows_per_day = 100);
    let far = poll(&stand, &["--since", "31d"]);
    assert_eq!(far.status.code(), Some(78));
    assert!(text(&far.stderr).contains("at most 30d"), "{}", text(&far.stderr));
    let mut command = program();
    let unknown = command
        .env("MESSAGE_TRACE_CLIENT_SECRET", CLIENT_SECRET)
        .args(["poll", "--source", "reporting", "--cloud", "china", "--once"])
        .args(["--tenant-id", TENANT_ID, "--client-id", CLIENT_ID, "--ledger"])
        .arg(stand.ledger())
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(78));
    let says = "reporting-url: its address in this cloud is not known; set it";
    assert!(text(&unknown.stderr).contains(says), "{}", text(&unknown.stderr));
}
