//! What is polled goes into a store, whatever dies or fails meanwhile.

use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::fake::{Fault, Manner, Store};
use crate::stand::{Stand, events, text};
use crate::{ARCHIVE, ask, assert_silent, with_store};

fn poll(stand: &Stand, store: &Store) -> Command {
    let mut poll = stand.poll();
    poll.args([
        "--once",
        "--log",
        "debug",
        "--sink",
        &format!("archive:{ARCHIVE}"),
    ]);
    with_store(&mut poll, store);
    poll
}

fn archived(stand: &Stand, store: &Store) -> Vec<String> {
    ask(
        store,
        stand.folder.path(),
        "SELECT event_id FROM events ORDER BY event_id",
    )
}

#[test]
fn a_kill_leaves_no_event_out_and_none_twice() {
    let stand = Stand::new(|settings| settings.rows_per_day = 20_000);
    let store = Store::start(Manner {
        lag: Duration::from_millis(100),
        plan: Box::new(|request| {
            request
                .is_upload()
                .then_some(Fault::Slow(Duration::from_millis(100)))
        }),
        ..Manner::default()
    });
    let mut output = Vec::new();
    for (number, pause_ms) in [150, 400, 700, 1_100, 0].into_iter().enumerate() {
        let path = stand.path(&format!("out-{number}"));
        let mut poll = poll(&stand, &store);
        poll.stdout(File::create(&path).unwrap()).stderr(Stdio::null());
        let mut polling = poll.spawn().unwrap();
        if pause_ms > 0 {
            std::thread::sleep(Duration::from_millis(pause_ms));
            polling.kill().unwrap();
        }
        let ended = polling.wait().unwrap();
        assert!(ended.success() || pause_ms > 0, "{ended}");
        output.extend(std::fs::read(path).unwrap());
        output.push(b'\n');
    }
    std::thread::sleep(Duration::from_millis(200));
    let mut expected: Vec<String> = output
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
        .map(|event| event["event"]["id"].as_str().unwrap().to_owned())
        .collect();
    expected.sort();
    expected.dedup();
    assert!(expected.len() > 20_000, "{}", expected.len());
    assert_eq!(archived(&stand, &store), expected);
}

/// The store is away for longer than one upload is tried, and fails now and then after that.
#[test]
fn no_event_is_lost_when_the_store_fails_for_a_while() {
    let stand = Stand::new(|settings| settings.rows_per_day = 3_000);
    let uploads = AtomicUsize::new(0);
    let store = Store::start(Manner {
        plan: Box::new(move |request| {
            if !request.is_upload() {
                return None;
            }
            match uploads.fetch_add(1, Ordering::Relaxed) {
                0..9 => Some(Fault::Answer(503, "SlowDown")),
                nth if nth % 3 == 0 => Some(Fault::CutRequest),
                nth if nth % 3 == 1 => Some(Fault::CutAnswer),
                _ => None,
            }
        }),
        ..Manner::default()
    });
    let (mut said, mut ended) = (String::new(), Vec::new());
    let mut expected = Vec::new();
    // What the store did not take waits beside the ledger, for the next run.
    while ended.last() != Some(&Some(0)) && ended.len() < 8 {
        let done = poll(&stand, &store).output().unwrap();
        said.push_str(&text(&done.stderr));
        ended.push(done.status.code());
        expected.extend(events(&done.stdout).into_keys());
    }
    assert!(
        ended.len() > 1 && ended.ends_with(&[Some(75), Some(0)]),
        "{ended:?}: {said}"
    );
    assert!(said.contains("the store answers 503 for now"), "{said}");
    assert_silent(&said);
    expected.sort();
    expected.dedup();
    assert!(expected.len() > 3_000, "{}", expected.len());
    assert_eq!(archived(&stand, &store), expected);
}

#[test]
fn a_store_that_refuses_is_said_before_anything_is_asked() {
    let stand = Stand::new(|settings| settings.rows_per_day = 10);
    let store = Store::start(Manner::default());
    for (archive, check, code, says) in [
        ("s3://another/archive", false, 78, "there is no such bucket"),
        (
            "s3://key:canary@mail/archive",
            false,
            78,
            "never into the address",
        ),
        ("s3://another/archive", true, 78, "there is no such bucket"),
        (ARCHIVE, true, 0, "is there and takes events"),
    ] {
        let mut poll = stand.poll_to(["--sink", &format!("archive:{archive}"), "--target", "ecs"]);
        with_store(&mut poll, &store);
        let done = poll.args(check.then_some("--check-sinks")).output().unwrap();
        let said = text(&done.stderr) + &text(&done.stdout);
        assert_eq!(done.status.code(), Some(code), "{said}");
        assert!(said.contains(says), "{said}");
        assert_silent(&said);
    }
    assert_eq!(store.keys().len(), 0);
}
