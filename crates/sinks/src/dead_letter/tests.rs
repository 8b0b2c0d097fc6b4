//! The file: each letter once, whoever writes, lists and removes at the same time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{DeadLetter, Letter, count_letters};
use crate::SinkError;

fn letter(number: u32) -> Letter {
    Letter {
        time: String::new(),
        sink: "https://collector.example.com".to_owned(),
        reason: "status 400".to_owned(),
        id: format!("id-{number}"),
        sequence: 0,
        details: None,
        previous_status: None,
        row: format!("{{\"n\":{number}}}").into_bytes(),
    }
}

fn ids(dead_letter: &DeadLetter) -> Vec<String> {
    let mut ids = Vec::new();
    let mut each = |letter: Option<Letter>| {
        ids.push(letter.map_or_else(|| "?".to_owned(), |letter| letter.id));
        true
    };
    dead_letter.read(&mut each).unwrap();
    ids
}

#[test]
fn a_letter_is_kept_once_by_this_program_and_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.ndjson");
    let mut first = DeadLetter::new(path.clone());
    assert_eq!((first.keep(&[]), path.exists()), (Ok(0), false));
    assert_eq!(first.keep(&[letter(1), letter(2), letter(1)]), Ok(2));
    assert_eq!(first.keep(&[letter(2), letter(3)]), Ok(1));
    let mut next = DeadLetter::new(path.clone());
    assert_eq!(next.count(), Ok(3));
    assert_eq!(next.keep(&[letter(1), letter(4)]), Ok(1));
    // The first sees what the other wrote.
    assert_eq!(first.keep(&[letter(4)]), Ok(0));
    assert_eq!((first.count(), count_letters(&path).unwrap()), (Ok(4), 4));
    assert_eq!(ids(&first), ["id-1", "id-2", "id-3", "id-4"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn letters_are_removed_while_others_are_kept_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.ndjson");
    let writers: Vec<_> = (0..2_u32)
        .map(|writer| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut dead_letter = DeadLetter::new(path);
                for number in 0..100 {
                    assert_eq!(dead_letter.keep(&[letter(number * 2 + writer)]), Ok(1));
                }
            })
        })
        .collect();
    let mut other = DeadLetter::new(path);
    let mut removed = 0;
    let is_even = |letter: Option<&Letter>| letter.is_some_and(|letter| letter.row.ends_with(b"0}"));
    while !writers.iter().all(std::thread::JoinHandle::is_finished) {
        removed += other.remove(&is_even).unwrap();
    }
    for writer in writers {
        writer.join().unwrap();
    }
    removed += other.remove(&is_even).unwrap();
    assert_eq!((removed, other.count()), (20, Ok(180)));
    assert!(!folder.path().join("dead.ndjson.new").exists());
}

#[test]
fn what_cannot_be_read_stays_and_what_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.ndjson");
    let mut dead_letter = DeadLetter::new(path.clone());
    dead_letter.keep(&[letter(1)]).unwrap();
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"by hand\n{\"torn");
    std::fs::write(&path, text).unwrap();
    assert_eq!(ids(&dead_letter), ["id-1", "?"]);
    assert_eq!(
        dead_letter.keep(&[letter(1), letter(2)]),
        Ok(1),
        "the torn line is moved aside"
    );
    assert_eq!(dead_letter.remove(&|letter| letter.is_some()), Ok(2));
    assert_eq!(ids(&dead_letter), ["?"]);
    assert_eq!(dead_letter.remove(&|_| true), Ok(1));
    assert_eq!(dead_letter.count(), Ok(0));
    let mut nowhere = DeadLetter::new(folder.path().join("no/dead.ndjson"));
    assert_eq!(nowhere.count(), Ok(0));
    assert!(matches!(
        nowhere.keep(&[letter(1)]),
        Err(SinkError::Storage { .. })
    ));
    assert!(matches!(
        DeadLetter::new(folder.path().to_owned()).count(),
        Err(SinkError::Storage { .. })
    ));
}
