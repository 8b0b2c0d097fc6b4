//! The file sink: durable before acknowledged, nothing torn, nothing overwritten.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use message_trace_remedy::Remedy;
use message_trace_sinks::{Delivery, FileOptions, FileSink, Sink, SinkError};
use tempfile::TempDir;

use crate::sinks::{batch, read};

fn names(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_appended_and_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.ndjson");
    for numbers in [0..2, 2..3] {
        let mut sink = FileSink::open(&path, FileOptions::default()).unwrap();
        assert_eq!(sink.deliver(&batch(numbers)), Ok(Delivery::default()));
    }
    assert_eq!(read(&path), "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_torn_last_line_is_moved_aside_at_every_length() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.ndjson");
    let whole = batch(0..3).ndjson().to_vec();
    for length in 0..=whole.len() {
        let _ = std::fs::remove_file(folder.path().join("events.ndjson.torn"));
        std::fs::write(&path, &whole[..length]).unwrap();
        let mut sink = FileSink::open(&path, FileOptions::default()).unwrap();
        sink.deliver(&batch(9..10)).unwrap();
        let kept = whole[..length]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        assert_eq!(read(&path).as_bytes(), [&whole[..kept], b"{\"n\":9}\n"].concat());
        let torn = std::fs::read(folder.path().join("events.ndjson.torn"));
        if kept < length {
            assert_eq!(torn.unwrap(), [&whole[kept..length], b"\n"].concat(), "{length}");
        } else {
            assert_eq!(torn.unwrap_err().kind(), ErrorKind::NotFound, "{length}");
        }
    }
    // A torn line longer than a block of the search.
    std::fs::write(&path, [b"{}\n".to_vec(), vec![b'x'; 200_000]].concat()).unwrap();
    FileSink::open(&path, FileOptions::default()).unwrap();
    assert_eq!(read(&path), "{}\n");
}

static CLOCK: AtomicU64 = AtomicU64::new(1_768_896_900);

fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(CLOCK.load(Ordering::SeqCst))
}

#[test]
fn a_file_is_rotated_by_size_and_by_age_and_nothing_is_overwritten() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.ndjson");
    let options = FileOptions {
        rotate_bytes: Some(20),
        rotate_age: Some(Duration::from_hours(1)),
    };
    let mut sink = FileSink::open_with_clock(&path, options, clock).unwrap();
    // 16 bytes a batch: the second does not fit; a batch of 80 goes whole into a file of its own.
    for numbers in [0..2, 2..4, 4..14, 14..15] {
        sink.deliver(&batch(numbers)).unwrap();
    }
    CLOCK.fetch_add(3600, Ordering::SeqCst);
    sink.deliver(&batch(15..16)).unwrap();
    let rotated = [
        "events-20260120T081500Z-2.ndjson",
        "events-20260120T081500Z-3.ndjson",
        "events-20260120T081500Z.ndjson",
        "events-20260120T091500Z.ndjson",
        "events.ndjson",
    ];
    assert_eq!(names(&folder), rotated);
    let mut all: Vec<String> = names(&folder)
        .iter()
        .flat_map(|name| {
            read(&folder.path().join(name))
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    all.sort();
    let mut expected: Vec<_> = (0..16).map(|number| format!("{{\"n\":{number}}}")).collect();
    expected.sort();
    assert_eq!(all, expected);
    assert_eq!(read(&path), "{\"n\":15}\n");
}

#[test]
fn a_file_that_was_moved_away_is_made_anew() {
    let folder = TempDir::new().unwrap();
    let (path, aside) = (
        folder.path().join("events.ndjson"),
        folder.path().join("events.1"),
    );
    let mut sink = FileSink::open(&path, FileOptions::default()).unwrap();
    sink.deliver(&batch(0..1)).unwrap();
    std::fs::rename(&path, &aside).unwrap();
    sink.deliver(&batch(1..2)).unwrap();
    assert_eq!(
        (read(&aside).as_str(), read(&path).as_str()),
        ("{\"n\":0}\n", "{\"n\":1}\n")
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.ndjson");
    let open = |path: &Path| FileSink::open(path, FileOptions::default());
    let first = open(&path).unwrap();
    let second = open(&path).unwrap_err();
    assert_eq!(
        (&second, second.remedy()),
        (&SinkError::Locked(path.clone()), Remedy::Configure)
    );
    drop(first);
    assert!(open(&path).is_ok());
    let missing = open(&folder.path().join("no/events.ndjson")).unwrap_err();
    assert!(matches!(
        missing,
        SinkError::Storage {
            kind: ErrorKind::NotFound,
            ..
        }
    ));
    assert_eq!(missing.remedy(), Remedy::Storage);
    assert!(open(folder.path()).is_err());
    if Path::new("/dev/full").exists() {
        let mut full = open(Path::new("/dev/full")).unwrap();
        let error = full.deliver(&batch(0..1)).unwrap_err();
        assert!(
            matches!(
                error,
                SinkError::Storage {
                    kind: ErrorKind::StorageFull,
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(error.to_string().contains("free some"));
    }
}
