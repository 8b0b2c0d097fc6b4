//! What is delivered, and how a run ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use chrono::{Duration, Utc};
use message_trace_simulator::{Changes, Endpoint, Fault, Injection, RetryAfter, When};

use crate::stand::{Stand, events, program, text};

#[test]
fn once_delivers_every_row_byte_for_byte_and_a_second_run_nothing_again() {
    let stand = Stand::new(|_| {});
    let started = Utc::now();
    let output = stand.poll_once();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found = events(&output.stdout);
    // Rows of the last seconds may be on either side.
    let truth = stand.truth(started - Duration::seconds(5));
    assert!(truth.len() > 1_000);
    for (id, line) in &truth {
        assert_eq!(
            found[id]["event"]["original"].as_str(),
            Some(line.as_str()),
            "{id}"
        );
    }
    let later = stand.truth(Utc::now());
    assert!(
        found.keys().all(|id| later.contains_key(id)),
        "an event of no row"
    );
    let again = events(&stand.poll_once().stdout);
    assert!(
        again.keys().all(|id| !found.contains_key(id)),
        "{} again",
        again.len()
    );
    assert!(again.len() < 60);
}

#[test]
fn a_changed_row_comes_again_with_a_sequence_and_its_status_before() {
    let stand = Stand::new(|settings| {
        settings.changes = Changes {
            unsettled_per_mille: 1_000,
            ..Changes::default()
        };
        settings.changes.settle = vec![message_trace_simulator::Band {
            weight: 1,
            least: 4,
            most: 5,
        }];
        settings.from = Utc::now() - Duration::seconds(60);
        settings.rows_per_day = 86_400;
        settings.rhythm = message_trace_simulator::Rhythm::Even;
    });
    let first = events(&stand.poll_once().stdout);
    std::thread::sleep(std::time::Duration::from_secs(6));
    let second = events(&stand.poll_once().stdout);
    let mut with_status = 0;
    for (id, event) in second
        .iter()
        .filter(|(_, event)| event["event"]["sequence"].is_u64())
    {
        assert_eq!(event["event"]["sequence"], 1);
        if let Some(before) = event["m365"]["message_trace"]["previous_status"].as_str() {
            assert!(["gettingStatus", "pending"].contains(&before), "{before}");
            with_status += 1;
        } else {
            // Something else of the row changed: its id, which holds the status, did not.
            assert!(first.contains_key(id), "{id}");
        }
    }
    assert!(with_status > 0, "{} then {}", first.len(), second.len());
}

#[test]
fn faults_on_the_way_cost_time_only() {
    let stand = Stand::new(|settings| settings.rows_per_day = 12_000);
    stand.server.with(|simulator| {
        for (nth, fault) in [
            (1, Fault::Status(503, RetryAfter::Seconds(1))),
            (2, Fault::TooManyRequests(RetryAfter::Seconds(1))),
            (3, Fault::HtmlPage),
            (4, Fault::TokenExpired),
            (6, Fault::EmptyPage),
            (8, Fault::LoopingNextLink),
            (10, Fault::DeadNextLink(410)),
            (
                12,
                Fault::HostileNextLink("https://graph.example.net/v1.0/x".to_owned()),
            ),
            (13, Fault::Truncated(500)),
            (14, Fault::ResetWithin(300)),
        ] {
            simulator.inject(Injection {
                endpoint: Endpoint::List,
                when: When::Nth(nth),
                fault,
            });
        }
    });
    let started = Utc::now();
    let output = stand.poll_once();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found = events(&output.stdout);
    let truth = stand.truth(started - Duration::seconds(5));
    assert!(truth.keys().all(|id| found.contains_key(id)));
}

#[test]
fn a_stop_finishes_the_page_in_flight_and_the_next_run_goes_on() {
    let stand = Stand::new(|settings| settings.rows_per_day = 30_000);
    let mut child = stand
        .poll()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut output = Vec::new();
    reader.read_until(b'\n', &mut output).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    reader.read_to_end(&mut output).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    let first = events(&output);
    let started = Utc::now();
    let second = events(&stand.poll_once().stdout);
    assert!(
        first.keys().all(|id| !second.contains_key(id)),
        "a stop repeats nothing"
    );
    let truth = stand.truth(started - Duration::seconds(5));
    assert!(
        truth
            .keys()
            .all(|id| first.contains_key(id) || second.contains_key(id))
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_program_with_a_sentence_and_nothing_is_committed_that_it_did_not_take() {
    let stand = Stand::new(|settings| settings.rows_per_day = 30_000);
    let mut child = stand
        .poll()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(75), "not done is not 0");
    let says =
        "message-trace: the reader of standard output went away before all was delivered; nothing is lost";
    assert!(text(&ended.stderr).contains(says), "{}", text(&ended.stderr));
    let started = Utc::now();
    let all = events(&stand.poll_once().stdout);
    assert!(
        stand
            .truth(started - Duration::seconds(5))
            .keys()
            .all(|id| all.contains_key(id))
    );
}

#[test]
fn the_ledger_tells_what_was_collected() {
    let stand = Stand::new(|_| {});
    assert!(stand.poll_once().status.success());
    let ledger = |arguments: &[&str]| {
        let output = program()
            .arg("ledger")
            .arg(stand.ledger())
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let shown: serde_json::Value = serde_json::from_str(&ledger(&["--json"])).unwrap();
    assert_eq!(shown["missing"].as_array().unwrap().len(), 0, "{shown}");
    assert_eq!(shown["gaps"].as_array().unwrap().len(), 0);
    assert!(shown["lag_s"].as_i64().unwrap() < 60);
    assert!(shown["budget"]["used"].as_i64().unwrap() >= 2);
    assert!(ledger(&[]).contains("complete until"));
    assert!(ledger(&["--refill"]).starts_with("0 gaps"));
}
