//! Memory does not grow with what is read.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use support::program;

/// The most that may be resident, in KiB, of a program that has 10 MiB of its own before the first line.
const MAX_RESIDENT_KIB: u64 = 64 * 1024;
const OWN_KIB: u64 = 10 * 1024;
/// How much is written to the program, in bytes.
const STREAM_BYTES: usize = 300_000_000;

fn start(arguments: &[&str]) -> Child {
    Command::new(program().get_program())
        .env(
            "MESSAGE_TRACE_CACHE",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/machine-code"),
        )
        .arg("normalize")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The most that was resident of a process that still runs, in KiB.
fn peak_kib(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The most that may be resident. The engine of `query`, unoptimized here, is most of this program's code, and the loader
/// touches its addresses: what that takes is measured and comes on top.
fn most_kib() -> u64 {
    if cfg!(not(feature = "engine")) {
        return MAX_RESIDENT_KIB;
    }
    let mut waits = Command::new(program().get_program())
        .args(["lookalike", "--protect", "contoso.com", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let own = peak_kib(&waits);
    drop(waits.stdin.take());
    assert!(waits.wait().unwrap().success());
    MAX_RESIDENT_KIB - OWN_KIB + own
}

/// Writes a stream, reads the peak while the program still waits for more, and lets it end.
fn peak_of(arguments: &[&str], write: impl FnOnce(&mut ChildStdin)) -> u64 {
    peak_with_end(arguments, 0, write)
}

fn peak_with_end(arguments: &[&str], code: i32, write: impl FnOnce(&mut ChildStdin)) -> u64 {
    let mut child = start(arguments);
    let mut stdin = child.stdin.take().unwrap();
    write(&mut stdin);
    let peak = peak_kib(&child);
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(code));
    peak
}

const ROW: &str = r#"{"id":"4451a062-48cb-e80d-e8c0-196330437ae6","receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"alice@example.com","recipientAddress":"bob@example.org","subject":"Quarterly report","size":45678,"fromIP":"192.0.2.7","toIP":"","status":"delivered"}"#;

#[test]
fn rows_as_lines() {
    let chunk = format!("{ROW}\n").repeat(1000);
    let peak = peak_of(&["--threads", "2"], |stdin| {
        for _ in 0..STREAM_BYTES / chunk.len() {
            stdin.write_all(chunk.as_bytes()).unwrap();
        }
    });
    let most = most_kib();
    assert!(peak <= most, "{peak} KiB of {most}");
}

#[test]
fn rows_of_one_endless_page() {
    let chunk = format!("{ROW},\n").repeat(1000);
    let peak = peak_of(&["--threads", "2"], |stdin| {
        stdin.write_all(b"{\"value\":[").unwrap();
        for _ in 0..STREAM_BYTES / 6 / chunk.len() {
            stdin.write_all(chunk.as_bytes()).unwrap();
        }
        stdin.write_all(b"]}").unwrap();
    });
    let most = most_kib();
    assert!(peak <= most, "{peak} KiB of {most}");
}

#[test]
fn one_endless_line() {
    let chunk = vec![b'x'; 1_000_000];
    let peak = peak_of(&["--threads", "2"], |stdin| {
        for _ in 0..STREAM_BYTES / chunk.len() {
            stdin.write_all(&chunk).unwrap();
        }
        writeln!(stdin, "\n{ROW}").unwrap();
    });
    let most = most_kib();
    assert!(peak <= most, "{peak} KiB of {most}");
}

#[test]
fn rejections_of_everything() {
    let chunk = "no row\n".repeat(10_000);
    let folder = tempfile::tempdir().unwrap();
    let rejects = folder.path().join("rejects.ndjson");
    let peak = peak_with_end(
        &["--threads", "2", "--rejects", rejects.to_str().unwrap()],
        65,
        |stdin| {
            for _ in 0..STREAM_BYTES / 6 / chunk.len() {
                stdin.write_all(chunk.as_bytes()).unwrap();
            }
        },
    );
    let most = most_kib();
    assert!(peak <= most, "{peak} KiB of {most}");
}

#[test]
fn rows_that_wait_for_the_order_of_their_dates() {
    let row = "05/06/2026 10:30:00,alice@example.com,bob@example.org,Quarterly report,Delivered\n";
    let chunk = row.repeat(1000);
    let peak = peak_with_end(&["--threads", "2"], 65, |stdin| {
        stdin
            .write_all(b"Received,SenderAddress,RecipientAddress,Subject,Status\n")
            .unwrap();
        for _ in 0..STREAM_BYTES / 6 / chunk.len() {
            stdin.write_all(chunk.as_bytes()).unwrap();
        }
    });
    let most = most_kib();
    assert!(peak <= most, "{peak} KiB of {most}");
}
