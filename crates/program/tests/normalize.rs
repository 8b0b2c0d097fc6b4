//! `message-trace normalize`: flags, exit codes, order, rejects.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write as _;
use std::process::Stdio;

use predicates::prelude::*;
use serde_json::Value;
use support::{program, rejects, repository, values};

/// A row of format `graph` with a number in its subject.
fn row(number: u32) -> String {
    format!(
        r#"{{"id":"4451a062-48cb-e80d-e8c0-196330437ae6","receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"alice@example.com","recipientAddress":"bob@example.org","subject":"number {number}","status":"delivered"}}"#
    )
}

fn normalize(arguments: &[&str], stdin: impl Into<Vec<u8>>) -> assert_cmd::assert::Assert {
    program()
        .arg("normalize")
        .args(arguments)
        .write_stdin(stdin)
        .assert()
}

#[test]
fn seeds_come_out_equal_from_files_from_stdin_and_natively() {
    for name in [
        "graph-delivered",
        "reporting-getting-status",
        "reporting-null-subject",
    ] {
        let line = std::fs::read(repository(&format!("fixtures/{name}.in.txt"))).unwrap();
        let mut wanted: Value = serde_json::from_slice(
            &std::fs::read(repository(&format!("fixtures/{name}.sekoia.json"))).unwrap(),
        )
        .unwrap();
        // The function `normalize` keeps a line feed that it is given; a file is lines, which have none in them.
        let message = wanted["message"]
            .as_str()
            .unwrap()
            .trim_end_matches('\n')
            .to_owned();
        wanted["message"] = message.into();
        let file = repository(&format!("fixtures/{name}.in.txt"));
        let outputs = [
            program().arg("normalize").arg(&file).assert().success(),
            normalize(&["-"], line.clone()).success(),
            normalize(&["--native"], line).success(),
        ];
        for output in outputs {
            assert_eq!(
                values(&output.get_output().stdout),
                std::slice::from_ref(&wanted),
                "{name}"
            );
        }
    }
}

#[test]
fn a_line_has_no_line_feed_whether_it_stands_alone_or_not() {
    let line = row(1);
    for native in [&[][..], &["--native"]] {
        let copies = |input: String| -> Vec<String> {
            let output = normalize(native, input).success();
            let events = values(&output.get_output().stdout);
            events
                .iter()
                .map(|event| event["message"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(copies(line.clone()), [line.as_str()]);
        assert_eq!(copies(format!("{line}\n")), [line.as_str()]);
        assert_eq!(copies(format!("{line}\n{line}\n")), [line.as_str(), &line]);
        assert_eq!(copies(format!("\n{line}\n\n")), [line.as_str()]);
    }
}

#[test]
fn files_come_out_in_the_order_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, number| {
        let path = folder.path().join(name);
        std::fs::write(&path, row(number)).unwrap();
        path
    };
    let output = program()
        .arg("normalize")
        .args([file("b", 2), file("a", 1), file("c", 3)])
        .assert()
        .success();
    let subjects: Vec<_> = values(&output.get_output().stdout)
        .iter()
        .map(|event| {
            event
                .pointer("/email/subject")
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(subjects, ["number 2", "number 1", "number 3"]);
}

#[test]
fn many_lines_keep_their_order_on_many_threads_and_equal_the_native_events() {
    let mut lines = String::new();
    for number in 0..20_000 {
        writeln!(lines, "{}", row(number)).unwrap();
    }
    let native = normalize(&["--native", "--threads", "1"], lines.clone()).success();
    let native = &native.get_output().stdout;
    assert_eq!(values(native).len(), 20_000);
    for threads in ["1", "2", "7"] {
        let output = normalize(&["--threads", threads], lines.clone()).success();
        assert!(
            output.get_output().stdout == *native,
            "{threads} threads give the same bytes"
        );
    }
}

#[test]
fn options_reach_the_component() {
    let ecs = [
        "--target",
        "ecs",
        "--organization-domain",
        "example.org",
        "--tenant-id",
        "t-1",
        "--no-original",
    ];
    for native in [&[][..], &["--native"]] {
        let output = normalize(&[&ecs[..], native].concat(), row(1)).success();
        let event = values(&output.get_output().stdout).remove(0);
        assert_eq!(event.pointer("/ecs/version").unwrap(), "9.4.0");
        assert_eq!(event.pointer("/email/direction").unwrap(), "inbound");
        assert_eq!(event.pointer("/organization/id").unwrap(), "t-1");
        assert_eq!(event.pointer("/event/original"), None);
    }
}

#[test]
fn rejected_lines_are_said_without_their_text_and_kept_in_the_rejects_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rejects.ndjson");
    let lines = format!(
        "{}\nsecret words\r\n{{\"a\":1}}\n{{\"id\":\"1\",\"receivedDateTime\":null}}\n",
        row(1)
    );
    let output = normalize(&["--rejects", file.to_str().unwrap()], lines)
        .success()
        .stderr(predicate::str::contains(
            "-:2: expected one JSON object, but reading stopped at byte 0 (syntax)",
        ))
        .stderr(predicate::str::contains(
            "-:3: expected a message-trace row, but found neither receivedDateTime nor Received (unknown-format)",
        ))
        .stderr(predicate::str::contains(
            "-:4: receivedDateTime is missing (missing-field)",
        ))
        .stderr(predicate::str::contains("secret").not())
        .stderr(predicate::str::contains("4 lines, 1 event, 3 rejected"));
    assert_eq!(values(&output.get_output().stdout).len(), 1);
    let rejected = rejects(&file);
    assert_eq!(rejected.len(), 3);
    assert_eq!(
        rejected.last().unwrap(),
        &serde_json::json!({
            "source": "-",
            "line": 4,
            "reason": "missing-field",
            "detail": "receivedDateTime",
            "raw": r#"{"id":"1","receivedDateTime":null}"#
        })
    );
    assert_eq!(rejected.first().unwrap().get("raw").unwrap(), "secret words\r");
}

#[test]
fn bytes_that_are_no_text_are_kept_as_base64() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rejects.ndjson");
    normalize(
        &["--rejects", file.to_str().unwrap()],
        [row(1).as_bytes(), b"\n\xff\xfe\xfd\n"].concat(),
    )
    .success();
    let rejected = rejects(&file);
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected.first().unwrap().get("raw_base64").unwrap(), "//79");
    assert_eq!(rejected.first().unwrap().get("raw"), None);
}

#[test]
fn ten_rejections_are_said_and_the_rest_is_counted() {
    let output = normalize(&[], format!("{}\n{}", row(1), "x\n".repeat(25))).success();
    let stderr = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert_eq!(
        stderr.lines().filter(|line| line.contains("(syntax)")).count(),
        10
    );
    assert!(
        stderr.contains("26 lines, 1 event, 25 rejected (15 not shown)"),
        "{stderr}"
    );
}

#[test]
fn strict_ends_with_1_only_when_something_was_rejected() {
    normalize(&["--strict"], format!("{}\nx\n", row(1))).code(1);
    normalize(&["--strict"], row(1)).code(0);
    normalize(&[], format!("{}\nx\n", row(1))).code(0);
    normalize(&[], "x").code(65);
    normalize(&["--strict"], "x").code(65);
}

#[test]
fn wrong_usage_ends_with_2() {
    normalize(&["--target", "splunk"], "").code(2);
    for nothing in ["", " ", "@", "."] {
        normalize(&["--organization-domain", nothing], "").code(2);
    }
    normalize(&["--threads", "0"], "").code(2);
    normalize(&["--max-line-bytes", "0"], "").code(2);
    normalize(&["--max-line-bytes", "8388609"], "").code(2);
    normalize(&["--native", "--component", "x.wasm"], "").code(2);
    normalize(&["--dates", "ymd"], "").code(2);
    normalize(&["--no-such-flag"], "").code(2);
    normalize(&["--organization-domain", "exa mple"], "")
        .code(2)
        .stderr(predicate::str::contains(
            "expected a mail domain such as example.com",
        ));
}

#[test]
fn file_that_is_read_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.ndjson");
    std::fs::write(&file, row(1)).unwrap();
    for flag in ["--output", "--rejects"] {
        program()
            .arg("normalize")
            .arg(&file)
            .arg(flag)
            .arg(&file)
            .assert()
            .code(2);
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), row(1));
}

#[test]
fn file_that_cannot_be_read_or_written_ends_with_74_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.ndjson");
    program()
        .arg("normalize")
        .arg(&missing)
        .assert()
        .code(74)
        .stderr(predicate::str::contains("missing.ndjson"));
    program()
        .arg("normalize")
        .arg(folder.path())
        .assert()
        .code(74)
        .stderr(predicate::str::contains("the folder holds no files"));
    let nowhere = folder.path().join("no-folder").join("events.ndjson");
    normalize(&["--output", nowhere.to_str().unwrap()], row(1))
        .code(74)
        .stderr(predicate::str::contains("events.ndjson"));
    let broken = folder.path().join("broken.gz");
    std::fs::write(&broken, b"\x1f\x8b\x08\x00 no gzip").unwrap();
    program()
        .arg("normalize")
        .arg(&broken)
        .assert()
        .code(74)
        .stderr(predicate::str::contains("broken.gz"));
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_ends_with_74() {
    normalize(&["--output", "/dev/full"], row(1))
        .code(74)
        .stderr(predicate::str::contains("/dev/full"));
}

#[test]
fn output_goes_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    normalize(&["--output", file.to_str().unwrap()], row(7))
        .success()
        .stdout("");
    assert_eq!(values(&std::fs::read(&file).unwrap()).len(), 1);
}

#[test]
fn pretty_events_hold_the_same_values_in_the_same_order() {
    let plain = normalize(&["--target", "ecs"], row(1)).success();
    let pretty = normalize(&["--target", "ecs", "--pretty"], row(1)).success();
    let (plain, pretty) = (&plain.get_output().stdout, &pretty.get_output().stdout);
    assert!(pretty.starts_with(b"{\n  \""));
    assert!(pretty.ends_with(b"}\n"));
    let plain_value: Value = serde_json::from_slice(plain).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(pretty).unwrap(), plain_value);
    let keys = |json: &[u8]| {
        std::str::from_utf8(json)
            .unwrap()
            .match_indices("\":")
            .map(|(at, _)| {
                let before = std::str::from_utf8(json).unwrap().get(..at).unwrap();
                before.rsplit('"').next().unwrap().to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(plain), keys(pretty));
}

#[test]
fn blank_lines_and_empty_sources_give_nothing() {
    normalize(&[], "")
        .success()
        .stdout("")
        .stderr(predicate::str::contains("0 lines, 0 events, 0 rejected"));
    normalize(&["--strict"], "\n\n  \n").success().stdout("");
    normalize(&["--strict"], "\n").success().stdout("");
}

#[test]
fn line_beyond_the_limit_is_passed_over_and_its_beginning_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rejects.ndjson");
    // Beyond one batch, so that the reader has to pass it over, and within one, so that the normalizer refuses it.
    for length in [3_000_000_u64, 2_000] {
        let long = "y".repeat(usize::try_from(length).unwrap());
        let lines = format!("{}\n{long}\n{}\n", row(1), row(2));
        let output = normalize(
            &["--max-line-bytes", "1000", "--rejects", file.to_str().unwrap()],
            lines,
        )
        .success()
        .stderr(predicate::str::contains("-:2: longer than 1000 bytes (too-long)"));
        assert_eq!(values(&output.get_output().stdout).len(), 2);
        let rejected = rejects(&file);
        let rejected = rejected.first().unwrap();
        assert_eq!(rejected.get("line").unwrap(), 2);
        assert_eq!(rejected.get("detail").unwrap(), "1000");
        let kept = rejected.get("raw").unwrap().as_str().unwrap().len() as u64;
        assert_eq!(kept, length.min(4096));
        let cut = rejected.get("raw_truncated_from_bytes").and_then(Value::as_u64);
        assert_eq!(cut, (length > kept).then_some(length));
    }
}

#[test]
fn reader_of_the_events_who_has_had_enough_ends_it_quietly() {
    let mut lines = String::new();
    for number in 0..20_000 {
        writeln!(lines, "{}", row(number)).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.ndjson");
    std::fs::write(&file, lines).unwrap();
    let mut command = std::process::Command::new(program().get_program());
    let mut child = command
        .env("MESSAGE_TRACE_CACHE", "")
        .arg("normalize")
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn events_of_a_slow_writer_come_at_once() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut command = std::process::Command::new(program().get_program());
    let mut child = command
        .env("MESSAGE_TRACE_CACHE", "")
        .arg("normalize")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}", row(1)).unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(events.next().unwrap().unwrap().contains("number 1"));
    writeln!(stdin, "{}", row(2)).unwrap();
    assert!(events.next().unwrap().unwrap().contains("number 2"));
    writeln!(stdin, "{}", row(3)).unwrap();
    assert!(events.next().unwrap().unwrap().contains("number 3"));
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
