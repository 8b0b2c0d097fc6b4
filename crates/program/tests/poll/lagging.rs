//! A sink that is down: it falls behind alone, catches up, and costs the others nothing.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::Utc;
use message_trace_simulator::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};

use crate::collector::Collector;
use crate::stand::{Stand, program, text};

fn poll(stand: &Stand, collectors: &[&Collector]) -> Command {
    let url = stand.server.base_url();
    let mut command = program();
    command
        .env("MESSAGE_TRACE_CLIENT_SECRET", CLIENT_SECRET)
        .args(["poll", "--once", "--since", "48h", "--target", "ecs"])
        .args(["--tenant-id", TENANT_ID, "--client-id", CLIENT_ID])
        .args(["--graph-url", &url, "--login-url", &url])
        .arg("--ledger")
        .arg(stand.ledger());
    for collector in collectors {
        command.args(["--sink", &collector.url()]);
    }
    command
}

/// The sinks that the ledger says are behind.
fn behind(stand: &Stand) -> Vec<(String, u64)> {
    let mut command = program();
    let shown = command
        .arg("ledger")
        .arg(stand.ledger())
        .arg("--json")
        .output()
        .unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let lags = shown["behind"].as_array().unwrap();
    lags.iter()
        .map(|lag| {
            (
                lag["sink"].as_str().unwrap().to_owned(),
                lag["rows"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_sink_that_is_down_falls_behind_alone_and_catches_up() {
    let stand = Stand::new(|settings| settings.rows_per_day = 6_000);
    let is_back = Arc::new(AtomicBool::new(false));
    let up = Collector::start(|_, _| (200, ""));
    let is_up = Arc::clone(&is_back);
    // It has worked once: a sink that never did is no sink that is down.
    let down = Collector::start(move |nth, _| {
        (
            if nth == 0 || is_up.load(Ordering::SeqCst) {
                200
            } else {
                503
            },
            "",
        )
    });
    let started = Utc::now() - chrono::Duration::seconds(5);
    let ended = poll(&stand, &[&up, &down]).output().unwrap();
    assert_eq!(ended.status.code(), Some(75), "{}", text(&ended.stderr));
    assert!(
        text(&ended.stderr).contains("it falls behind alone"),
        "{}",
        text(&ended.stderr)
    );
    let truth: BTreeSet<String> = stand.truth(started).into_keys().collect();
    assert!(truth.is_subset(&up.ids()) && up.repeats() == 0);
    let lag = behind(&stand);
    assert!(
        lag.len() == 1 && down.url().contains(&lag[0].0) && lag[0].1 > 0,
        "{lag:?}"
    );

    is_back.store(true, Ordering::SeqCst);
    let ended = poll(&stand, &[&up, &down]).output().unwrap();
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert!(behind(&stand).is_empty());
    assert_eq!(down.ids(), up.ids());
    // Of the page that it failed in, the request that it had taken comes again, under the same ids.
    assert!(down.repeats() <= 1000, "{}", down.repeats());
    assert_eq!(up.repeats(), 0, "what fails elsewhere is never given again");
}

#[test]
fn when_all_are_down_polling_waits() {
    let stand = Stand::new(|settings| settings.rows_per_day = 200);
    let seen = Arc::new(AtomicBool::new(false));
    let collector = || {
        let seen = Arc::clone(&seen);
        // Both fail on their first request, and work from then on.
        Collector::start(move |nth, _| {
            seen.store(true, Ordering::SeqCst);
            (if nth == 0 { 503 } else { 200 }, "")
        })
    };
    let (first, second) = (collector(), collector());
    let ended = poll(&stand, &[&first, &second]).output().unwrap();
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert!(behind(&stand).is_empty());
    assert_eq!((first.repeats(), second.repeats()), (0, 0));
    assert_eq!(first.ids(), second.ids());
}
