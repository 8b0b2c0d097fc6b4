//! A store that fails: what is retried, what is said, and what is never said.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
        assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
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
    // As Azure's own command line has it; the key is right, and nobody is there.
    ends(
        &|command| {
            set(command, "AZURE_STORAGE_ACCOUNT", "account");
            set(command, "AZURE_STORAGE_KEY", "Y2FuYXJ5");
            set(command, "AZURE_STORAGE_ENDPOINT", "http://127.0.0.1:9/account");
        },
        "az://container/archive",
        75,
        "cannot be reached",
    );
    ends(
        &|command| {
            set(command, "AZURE_STORAGE_USE_EMULATOR", "true");
            set(command, "AZURITE_BLOB_STORAGE_URL", "http://azurite.example.com");
        },
        "az://container/archive",
        2,
        "AZURE_STORAGE_ENDPOINT: ",
    );
    ends(
        &|command| set(command, "GOOGLE_SERVICE_ACCOUNT_KEY", "{\"canary\": 1}"),
        "gs://bucket/archive",
        78,
        "check GOOGLE_APPLICATION_CREDENTIALS",
    );
    ends(
        &|command| set(command, "GOOGLE_BASE_URL", "http://storage.example.com"),
        "gs://bucket/archive",
        2,
        "GOOGLE_BASE_URL: ",
    );
    let nothing = run(
        &store,
        &["query", "top-senders", "--archive", "s3://mail/nothing"],
    );
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("archive --output s3://mail/nothing FILE"));
}

/// An answer that ends too soon is asked for again five times, an archive whose objects go away is listed twenty times.
#[test]
fn every_patience_has_an_end() {
    let folder = TempDir::new().unwrap();
    let cut = store(|request| request.is_list().then_some(Fault::CutAnswer));
    let done = archive(&cut, ARCHIVE, &file(folder.path(), "rows", &rows(0..10, 1)));
    let said = text(&done.stderr);
    assert_eq!((done.status.code(), cut.requests()), (Some(75), 5), "{said}");
    assert!(said.contains("went away in the middle"), "{said}");
    let looked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looked);
    let going = store(move |request| {
        counted.fetch_add(
            usize::from(request.is_list_of("months/archive/")),
            Ordering::Relaxed,
        );
        (request.method == "HEAD").then_some(Fault::Answer(404, "NoSuchKey"))
    });
    // It is kept, and not compacted by who cannot find it.
    assert!(
        archive(&going, ARCHIVE, &file(folder.path(), "rows", &rows(0..10, 1)))
            .status
            .success()
    );
    looked.store(0, Ordering::Relaxed);
    let asked = run(&going, &["query", "top-senders", "--archive", ARCHIVE]);
    let said = text(&asked.stderr);
    assert_eq!(asked.status.code(), Some(75), "{said}");
    assert!(said.contains("ask again"), "{said}");
    // Each time two listings that agree.
    assert_eq!(looked.load(Ordering::Relaxed), 20 * 2, "{said}");
}

#[test]
fn a_store_gets_sixteen_requests_at_a_time() {
    let store = store(|_| Some(Fault::Slow(Duration::from_millis(10))));
    let folder = TempDir::new().unwrap();
    let done = archive(&store, ARCHIVE, &file(folder.path(), "rows", &rows(0..280, 28)));
    assert!(done.status.success(), "{}", text(&done.stderr));
    let asked = run(
        &store,
        &[
            "query",
            "top-senders",
            "--since",
            "2025-06-01",
            "--archive",
            ARCHIVE,
        ],
    );
    assert!(asked.status.success(), "{}", text(&asked.stderr));
    let most = store.most_at_once();
    assert!((9..=16).contains(&most), "{most}");
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
