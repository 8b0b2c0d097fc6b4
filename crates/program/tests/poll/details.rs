//! Why messages were not delivered, asked in the same budget.

use std::collections::BTreeMap;
use std::fs::File;

use chrono::{Duration, Utc};
use message_trace_simulator::{Endpoint, Fault, Injection, RetryAfter, When};
use serde_json::Value;

use crate::stand::{Stand, text};

/// Every event of an output, by id, the highest sequence of each; and how many of each id there were.
pub(crate) fn newest(output: &[u8]) -> (BTreeMap<String, Value>, BTreeMap<String, usize>) {
    let (mut events, mut counts) = (BTreeMap::<String, Value>::new(), BTreeMap::new());
    let sequence = |event: &Value| event["event"]["sequence"].as_u64().unwrap_or(0);
    for line in output
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let Ok(event) = serde_json::from_slice::<Value>(line) else {
            // A program that was killed within a line.
            continue;
        };
        let id = event["event"]["id"].as_str().unwrap().to_owned();
        *counts.entry(id.clone()).or_default() += 1;
        match events.get(&id) {
            Some(known) if sequence(known) > sequence(&event) => {}
            _ => drop(events.insert(id, event)),
        }
    }
    (events, counts)
}

fn failed(events: &BTreeMap<String, Value>) -> Vec<(&String, &Value)> {
    events.iter().filter(|(id, _)| id.ends_with("/failed")).collect()
}

fn cause(event: &Value) -> Option<&str> {
    event["m365"]["message_trace"]["cause"].as_str()
}

#[test]
fn every_failed_row_has_its_cause_within_the_run_and_is_not_asked_about_again() {
    let stand = Stand::new(|settings| settings.rows_per_day = 500);
    let output = stand
        .poll()
        .args(["--once", "--details", "failed"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (events, counts) = newest(&output.stdout);
    let failed = failed(&events);
    assert!((4..30).contains(&failed.len()), "{} failed", failed.len());
    let mut causes = BTreeMap::<&str, usize>::new();
    for (id, event) in &failed {
        assert_eq!(event["event"]["sequence"], 1, "{id}");
        assert_eq!(
            counts[*id], 2,
            "{id}: the row at once, and again with its details"
        );
        *causes.entry(cause(event).unwrap()).or_default() += 1;
        assert!(
            event["event"]["reason"].as_str().unwrap().starts_with("55"),
            "{event}"
        );
    }
    assert!(causes.len() >= 3, "{causes:?}");
    assert!(!causes.contains_key("other"), "{causes:?}");
    assert!(
        events
            .iter()
            .all(|(id, event)| id.ends_with("/failed") || cause(event).is_none())
    );
    assert!(
        text(&output.stderr).contains(&format!("delivered={}", failed.len())),
        "{}",
        text(&output.stderr)
    );
    let again = stand
        .poll()
        .args(["--once", "--details", "failed"])
        .output()
        .unwrap();
    let (again, _) = newest(&again.stdout);
    assert!(
        again.keys().all(|id| !events.contains_key(id)),
        "nothing is told twice"
    );
}

#[test]
fn faults_of_the_details_call_cost_no_row_and_are_made_up_for() {
    let stand = Stand::new(|settings| settings.rows_per_day = 400);
    stand.server.with(|simulator| {
        for (nth, fault) in [
            (1, Fault::Status(503, RetryAfter::Seconds(1))),
            (2, Fault::TooManyRequests(RetryAfter::Seconds(1))),
            (3, Fault::HtmlPage),
            (4, Fault::TokenExpired),
            (5, Fault::Status(404, RetryAfter::Absent)),
            (6, Fault::Truncated(40)),
        ] {
            simulator.inject(Injection {
                endpoint: Endpoint::Details,
                when: When::Nth(nth),
                fault,
            });
        }
    });
    let started = Utc::now();
    let run = || {
        stand
            .poll()
            .args(["--once", "--details", "failed"])
            .output()
            .unwrap()
    };
    let first = run();
    assert!(first.status.success(), "{}", text(&first.stderr));
    let (events, _) = newest(&first.stdout);
    assert!(
        stand
            .truth(started - Duration::seconds(5))
            .keys()
            .all(|id| events.contains_key(id))
    );
    let without = failed(&events)
        .into_iter()
        .filter(|(_, event)| cause(event).is_none())
        .count();
    let all = failed(&events).len();
    assert!(
        without <= 3 && without < all,
        "{without} of {all} without a cause"
    );
    assert!(
        text(&first.stderr).contains(&format!("waiting={without}")),
        "{}",
        text(&first.stderr)
    );
}

/// The older service is asked in its own words.
#[test]
fn the_reporting_web_service_is_asked_too() {
    let stand = Stand::new(|settings| settings.rows_per_day = 300);
    let url = stand.server.base_url();
    let output = stand
        .poll()
        .args([
            "--once",
            "--details",
            "failed",
            "--source",
            "reporting",
            "--reporting-url",
            &url,
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (events, _) = newest(&output.stdout);
    let failed = failed(&events);
    assert!(!failed.is_empty());
    for (id, event) in failed {
        assert!(cause(event).is_some(), "{id}: {event}");
    }
}

#[test]
fn a_kill_at_any_moment_leaves_every_failed_row_with_its_cause() {
    let stand = Stand::new(|settings| settings.rows_per_day = 500);
    let path = stand.path("events.ndjson");
    let mut chance = fastrand::Rng::with_seed(3);
    for _ in 0..15 {
        let out = File::options().append(true).create(true).open(&path).unwrap();
        let mut child = stand
            .poll()
            .args(["--details", "failed", "--once"])
            .stdout(out)
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(chance.u64(30..500)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let out = File::options().append(true).open(&path).unwrap();
    let started = Utc::now();
    let last = stand
        .poll()
        .args(["--once", "--details", "failed"])
        .stdout(out)
        .output()
        .unwrap();
    assert!(last.status.success(), "{}", text(&last.stderr));
    let (events, _) = newest(&std::fs::read(&path).unwrap());
    assert!(
        stand
            .truth(started - Duration::seconds(5))
            .keys()
            .all(|id| events.contains_key(id))
    );
    let failed = failed(&events);
    assert!(failed.len() > 3);
    for (id, event) in failed {
        assert!(cause(event).is_some(), "{id}");
    }
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_way_out() {
    let stand = Stand::new(|settings| settings.rows_per_day = 10);
    for (arguments, sentence) in [
        (
            ["--details", "fail"].as_slice(),
            "expected none, all, or statuses",
        ),
        (
            &["--details", "failed", "--raw"],
            "raw rows have no place for details",
        ),
    ] {
        let output = stand.poll().args(arguments).arg("--once").output().unwrap();
        assert_eq!(output.status.code(), Some(78), "{}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains(sentence),
            "{}",
            text(&output.stderr)
        );
    }
}
