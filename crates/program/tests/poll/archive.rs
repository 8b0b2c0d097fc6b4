//! An archive as a sink: what the service showed, each event once, whatever died meanwhile.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::details::newest;
use crate::stand::{Stand, program, text};

/// Event id and sequence of all that is in an archive.
fn archived(archive: &Path) -> Vec<(String, u64)> {
    let question = archive.with_extension("sql");
    std::fs::write(
        &question,
        "SELECT event_id, sequence FROM events ORDER BY event_id",
    )
    .unwrap();
    let answer = program()
        .args(["query", question.to_str().unwrap(), "--json", "--archive"])
        .arg(archive)
        .output()
        .unwrap();
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    let line = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        (
            row["event_id"].as_str().unwrap().to_owned(),
            row["sequence"].as_u64().unwrap_or(0),
        )
    };
    text(&answer.stdout).lines().map(line).collect()
}

#[test]
fn an_archive_has_what_another_sink_has_each_event_once() {
    let stand = Stand::new(|settings| settings.rows_per_day = 300);
    let archive = stand.path("archive");
    let sink = format!("archive:{}", archive.display());
    let mut output = Vec::new();
    for _ in 0..2 {
        let polled = stand
            .poll()
            .args(["--once", "--details", "failed", "--sink", &sink])
            .output()
            .unwrap();
        assert!(polled.status.success(), "{}", text(&polled.stderr));
        output.extend(polled.stdout);
    }
    let (events, _) = newest(&output);
    let mut expected: Vec<(String, u64)> = events
        .iter()
        .map(|(id, event)| (id.clone(), event["event"]["sequence"].as_u64().unwrap_or(0)))
        .collect();
    expected.sort();
    assert!(expected.len() > 300 && expected.iter().any(|(_, sequence)| *sequence > 0));
    assert_eq!(archived(&archive), expected);
}

#[test]
fn a_kill_leaves_no_event_out_and_none_twice() {
    let stand = Stand::new(|settings| settings.rows_per_day = 20_000);
    let archive = stand.path("archive");
    let sink = format!("archive:{}", archive.display());
    let begin = |name: &str| -> Child {
        stand
            .poll()
            .args(["--once", "--sink", &sink])
            .stdout(File::create(stand.path(name)).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    for (number, pause_ms) in [150, 400, 700, 1_100].into_iter().enumerate() {
        let mut polling = begin(&format!("out-{number}"));
        std::thread::sleep(std::time::Duration::from_millis(pause_ms));
        polling.kill().unwrap();
        polling.wait().unwrap();
    }
    assert!(begin("out-last").wait().unwrap().success());
    let mut output = Vec::new();
    for name in ["out-0", "out-1", "out-2", "out-3", "out-last"] {
        output.extend(std::fs::read(stand.path(name)).unwrap());
        output.push(b'\n');
    }
    let (events, _) = newest(&output);
    let found: Vec<String> = archived(&archive).into_iter().map(|(id, _)| id).collect();
    assert!(
        found.is_sorted_by(|one, next| one < next),
        "an event is there once"
    );
    // The other sink may have an event that the archive had no time for, in a run that was killed; the next run brings it again.
    let expected: Vec<String> = events.into_keys().collect();
    assert!(expected.len() > 20_000, "{}", expected.len());
    assert_eq!(found, expected);
}

#[test]
fn what_no_archive_can_be_is_refused_before_anything_is_asked() {
    let stand = Stand::new(|settings| settings.rows_per_day = 10);
    let missing = format!("archive:{}", stand.path("no/such/archive").display());
    let fine = format!("archive:{}", stand.path("archive").display());
    for (flags, code, says) in [
        (["--sink", &missing, "--target", "ecs"], 74, "no/such/archive"),
        (["--sink", &fine, "--target", "sekoia"], 78, "ecs and ocsf"),
    ] {
        let stopped = stand.poll_to(flags).output().unwrap();
        let said = text(&stopped.stderr);
        assert_eq!(stopped.status.code(), Some(code), "{said}");
        assert!(said.contains(says), "{said}");
    }
}
