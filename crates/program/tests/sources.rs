//! Sources of every sort for `message-trace normalize`: what cannot be read, what is no trace, dates, folders, Ctrl-C.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Stdio;

use predicates::prelude::*;
use support::{program, values};

/// A row of format `graph` with a number in its subject.
fn row(number: u32) -> String {
    format!(
        r#"{{"receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"alice@example.com","recipientAddress":"bob@example.org","subject":"number {number}","status":"delivered"}}"#
    )
}

fn run(stdin: impl Into<Vec<u8>>, arguments: &[&str]) -> assert_cmd::assert::Assert {
    program()
        .arg("normalize")
        .args(arguments)
        .write_stdin(stdin)
        .assert()
}

#[test]
fn what_is_no_message_trace_is_said_once_and_ends_with_65() {
    for (bytes, what) in [
        (&b"\x7fELF\x02\x01\x01\x00\x00\n\x00\x01\n"[..], "a binary file"),
        (b"PK\x03\x04\x14\x00\x06\x00", "an Excel workbook"),
        (
            b"alice@example.com,Invoice\nbob@example.org,Hello\n",
            "neither JSON nor a table",
        ),
        (b"{\"a\":1}\n{\"b\":2}\n", "no row has receivedDateTime"),
        (b"[{\"a\":1},{\"b\":2}]", "no row has receivedDateTime"),
    ] {
        let output = run(bytes, &["--strict"]).code(65).stdout("");
        let said = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        assert_eq!(said.lines().count(), 2, "one sentence and the summary: {said}");
        assert!(
            said.contains("not a message trace: ") && said.contains(what),
            "{said}"
        );
        assert!(!said.contains("alice") && !said.contains("not shown"), "{said}");
    }
}

/// Rows of a report with these dates, their subjects their numbers.
fn dated(dates: &[&str]) -> String {
    let mut text = "Received,SenderAddress,RecipientAddress,Subject,Status\n".to_owned();
    for (date, number) in dates.iter().zip(1..) {
        let row = format!("{date},alice@example.com,bob@example.org,number {number},Delivered\n");
        text.push_str(&row);
    }
    text
}

#[test]
fn a_row_that_proves_the_order_of_day_and_month_settles_it_for_all_rows() {
    for (dates, times, says) in [
        (
            ["05/06/2026", "2026-06-07T00:00:00Z", "13/06/2026"],
            ["2026-06-05", "2026-06-07", "2026-06-13"],
            "-: the dates are day-first, as line 4 proves",
        ),
        (
            ["05/06/2026", "05/05/2026", "06/13/2026"],
            ["2026-05-06", "2026-05-05", "2026-06-13"],
            "-: the dates are month-first, as line 4 proves",
        ),
        (
            ["13/06/2026", "05/06/2026", "04/06/2026"],
            ["2026-06-13", "2026-06-05", "2026-06-04"],
            "-: the dates are day-first, as line 2 proves",
        ),
    ] {
        let output = run(dated(&dates), &["--strict"])
            .success()
            .stderr(predicate::str::contains(says).and(predicate::str::contains("3 rows, 3 events")));
        let found: Vec<_> = values(&output.get_output().stdout)
            .iter()
            .map(|event| {
                event
                    .get("@timestamp")
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .get(..10)
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(found, times, "{dates:?}");
    }
}

#[test]
fn rows_that_prove_both_orders_prove_none() {
    let output = run(dated(&["13/06/2026", "06/13/2026", "05/06/2026"]), &[])
        .success()
        .stderr(
            predicate::str::contains("-:4: the date may be day-first")
                .and(predicate::str::contains("1 row has")),
        );
    assert_eq!(values(&output.get_output().stdout).len(), 2);
}

#[test]
fn a_file_that_cannot_be_read_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.ndjson");
    std::fs::write(&good, row(1)).unwrap();
    let cut = folder.path().join("cut.gz");
    std::fs::write(&cut, b"\x1f\x8b\x08\x00 no gzip").unwrap();
    let missing = folder.path().join("missing.ndjson");
    let output = program()
        .arg("normalize")
        .args([&good, &missing, &cut, &good])
        .assert()
        .code(74)
        .stderr(predicate::str::contains("missing.ndjson: No such file"))
        .stderr(predicate::str::contains("cannot read").count(2))
        .stderr(predicate::str::contains(
            "2 lines, 2 events, 0 rejected, 2 files not read",
        ));
    assert_eq!(values(&output.get_output().stdout).len(), 2);
}

#[test]
fn a_folder_stands_for_the_files_in_it_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, number) in [
        ("b.ndjson", 2),
        ("a.ndjson", 1),
        ("below/c.ndjson", 3),
        (".hidden", 4),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, row(number)).unwrap();
    }
    let output = program().arg("normalize").arg(folder.path()).assert().success();
    let subjects: Vec<_> = values(&output.get_output().stdout)
        .iter()
        .map(|event| event.pointer("/email/subject").unwrap().clone())
        .collect();
    assert_eq!(subjects, ["number 1", "number 2", "number 3"]);
}

#[test]
fn a_dash_is_stdout_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        program()
            .current_dir(folder.path())
            .arg("normalize")
            .args(arguments)
            .write_stdin(format!("{}\nx\n", row(1)))
            .assert()
    };
    let output = run(&["-o", "-"]).success();
    assert_eq!(values(&output.get_output().stdout).len(), 1);
    let output = run(&["-o", "events", "--rejects", "-"]).success();
    assert_eq!(
        values(&output.get_output().stdout)
            .remove(0)
            .get("reason")
            .unwrap(),
        "syntax"
    );
    run(&["--rejects", "-"])
        .code(2)
        .stderr(predicate::str::contains("cannot go into the same file"));
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["events"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_run_with_a_sentence_and_130() {
    use std::io::{BufRead as _, BufReader, Write as _};

    let mut command = std::process::Command::new(program().get_program());
    let mut child = command
        .env("MESSAGE_TRACE_CACHE", "")
        .arg("normalize")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    write!(stdin, "{}\n{}\n", row(1), row(2)).unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(events.next().unwrap().unwrap().contains("number 1"));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    // The input stays open: nothing but the signal ends the run.
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("stopped before the end"), "{said}");
    assert!(said.contains("2 lines, 2 events, 0 rejected"), "{said}");
    drop(stdin);
}
