//! A store that fails: what is retried, what is said, and what is never said.

use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::fake::{Fault, Manner, SECRET, Store};
use crate::{ARCHIVE, COUNT, archive, ask, assert_silent, file, program, rows, run, text};

fn store(plan: impl Fn(&crate::fake::Request) -> Option<Fault> + Send + Sync + 'static) -> Store {
    Store::start(Manner {
        plan: Box::new(plan),
        ..Manner::default()
    })
}

/// Every other request fails, each in its own way; nothing of it is seen but that it takes longer.
#[test]
fn what_fails_for_a_moment_is_tried_again() {
    let store = store(|request| match request.nth % 8 {
        1 => Some(Fault::Answer(500, "InternalError")),
        3 => Some(Fault::CutRequest),
        5 => Some(Fault::CutAnswer),
        7 => Some(Fault::Answer(503, "SlowDown")),
        _ => None,
    });
    let folder = TempDir::new().unwrap();
    for part in 0..2 {
        let input = file(folder.path(), "rows", &rows(part * 300..part * 300 + 400, 3));
        let done = archive(&store, ARCHIVE, &input);
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
    let sum: usize = (0..700).sum();
    assert_eq!(ask(&store, folder.path(), COUNT), [format!("700,700,{sum}")]);
    assert_eq!(
        (store.uploads(), store.keys().len()),
        (0, 3),
        "{:?}",
        store.keys()
    );
}

/// Each fault of a store ends with what to do, soon, and shows nothing of what the store said.
#[test]
fn what_does_not_pass_is_said_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let input = file(folder.path(), "rows", &rows(0..10, 1));
    for (status, code, ends, says) in [
        (404, "NoSuchBucket", 78, "there is no such bucket"),
        (403, "AccessDenied", 77, "s3:ListBucket"),
        (403, "SignatureDoesNotMatch", 78, "AWS_SECRET_ACCESS_KEY"),
        (403, "RequestTimeTooSkewed", 78, "clock"),
        (400, "AuthorizationHeaderMalformed", 78, "set AWS_REGION"),
        (400, "ExpiredToken", 78, "expired"),
        (301, "PermanentRedirect", 78, "set AWS_REGION"),
        (503, "SlowDown", 75, "nothing is lost"),
    ] {
        let store = store(move |_| Some(Fault::Answer(status, code)));
        let begun = Instant::now();
        let done = archive(&store, ARCHIVE, &input);
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(ends), "{said}");
        assert!(said.contains(says) && said.contains(ARCHIVE), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        // What passes on its own is tried seven times, all else once.
        let tries = if ends == 75 { 7 } else { 1 };
        assert_eq!(store.requests(), tries, "{said}");
        let words = ["detect", "--archive", ARCHIVE, "--no-state"];
        if ends != 75 {
            assert_eq!(run(&store, &words).status.code(), Some(ends), "{code}");
            assert_eq!(
                run(&store, &["report", "--archive", ARCHIVE, "--terminal"])
                    .status
                    .code(),
                Some(ends)
            );
        }
    }
}

fn set(command: &mut Command, variable: &str, value: &str) {
    command.env(variable, value);
}

#[test]
fn what_cannot_be_reached_or_read_is_said() {
    let store = store(|_| None);
    let folder = TempDir::new().unwrap();
    let input = file(folder.path(), "rows", &rows(0..10, 1));
    let input = input.to_str().unwrap();
    let ends = |change: &dyn Fn(&mut Command), archive: &str, code: i32, says: &str| {
        let mut command = program(&store);
        change(&mut command);
        let done = command
            .args(["archive", "--output", archive, input])
            .output()
            .unwrap();
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{said}");
        assert!(said.contains(says), "{said}");
        assert_silent(&said);
    };
    ends(
        &|command| set(command, "AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ARCHIVE,
        75,
        "cannot be reached",
    );
    // No variable makes it right.
    ends(
        &|command| {
            set(command, "AWS_ENDPOINT_URL", "http://minio.example.com");
            set(command, "AWS_ALLOW_HTTP", "true");
        },
        ARCHIVE,
        2,
        "AWS_ENDPOINT_URL: ",
    );
    ends(
        &|command| set(command, "AWS_ACCESS_KEY_ID", "another"),
        ARCHIVE,
        78,
        "the credential is refused",
    );
    ends(
        &|command| {
            command.env_remove("AWS_SECRET_ACCESS_KEY");
        },
        ARCHIVE,
        78,
        "check AWS_ACCESS_KEY_ID",
    );
    ends(&|_| (), "s3://another/archive", 78, "there is no such bucket");
    ends(
        &|_| (),
        &format!("s3://key:{SECRET}@mail/archive"),
        2,
        "never into the address",
    );
    ends(&|_| (), "ftp://mail/archive", 2, "expected s3://BUCKET/PREFIX");
    ends(
        &|_| (),
        "az://container/archive",
        78,
        "AZURE_STORAGE_ACCOUNT_NAME",
    );
    let nothing = run(
        &store,
        &["query", "top-senders", "--archive", "s3://mail/nothing"],
    );
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("archive --output s3://mail/nothing FILE"));
}

/// The read fails when the answer has begun: an error, and no half of an answer taken for a whole one.
#[test]
fn an_object_that_cannot_be_read_is_an_error_and_no_gap() {
    let store = store(|request| {
        let is_data = request.method == "GET" && request.key.ends_with(".parquet");
        is_data.then_some(Fault::Answer(403, "AccessDenied"))
    });
    let folder = TempDir::new().unwrap();
    // Rows are kept, and cannot be compacted, which takes nothing away.
    for part in 0..2 {
        let input = file(folder.path(), "rows", &rows(part * 10..part * 10 + 10, 1));
        let done = archive(&store, ARCHIVE, &input);
        assert_eq!(done.status.code(), Some(77), "{}", text(&done.stderr));
    }
    assert!(
        store.keys().len() >= 2 && store.uploads() == 0,
        "{:?}",
        store.keys()
    );
    let words = ["query", "top-senders", "--archive", ARCHIVE];
    let asked = run(&store, &words);
    assert_eq!(
        (asked.status.code(), text(&asked.stdout)),
        (Some(77), String::new())
    );
    assert!(
        text(&asked.stderr).contains("s3:GetObject"),
        "{}",
        text(&asked.stderr)
    );
}
