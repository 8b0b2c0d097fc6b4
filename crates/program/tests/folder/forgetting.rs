//! `--folder-remember`: what was not read for that long is forgotten, and nothing sooner.

use std::time::Duration;

use crate::stand::{Stand, id, lines, table};

const DAYS: [&str; 2] = ["--folder-remember", "10d"];

/// Lets days pass. No clock can be set here: what the ledger remembers grows older instead.
fn wait(stand: &Stand, days: u64) {
    let seconds = i64::try_from(Duration::from_hours(24 * days).as_secs()).unwrap();
    let ledger = rusqlite::Connection::open(stand.path(stand.ledger)).unwrap();
    for (table, column) in [("row", "received_s"), ("file", "seen_s")] {
        let older = format!("UPDATE {table} SET {column} = {column} - ?1");
        assert!(ledger.execute(&older, [seconds]).unwrap() > 0);
    }
}

/// How many rows and how many files the ledger remembers.
fn remembered(stand: &Stand) -> (i64, i64) {
    let ledger = rusqlite::Connection::open(stand.path(stand.ledger)).unwrap();
    let count = |table: &str| {
        let count = format!("SELECT count(*) FROM {table}");
        ledger.query_row(&count, [], |row| row.get(0)).unwrap()
    };
    (count("row"), count("file"))
}

fn delivered(stand: &Stand) -> Vec<String> {
    let ran = stand.once_with("in", &DAYS);
    assert_eq!(ran.code, 0, "{}", ran.said);
    ran.ids()
}

#[test]
fn a_row_is_remembered_from_when_it_was_read_last() {
    let stand = Stand::new();
    stand.write("a.ndjson", lines(0..3, "delivered"));
    stand.write("b.ndjson", lines(3..5, "delivered"));
    assert_eq!(delivered(&stand).len(), 5);
    wait(&stand, 9);
    // Not yet forgotten; and from now on remembered for ten days more.
    stand.write("c.csv", table(3..5, "Delivered", 1));
    assert!(delivered(&stand).is_empty());
    assert_eq!(remembered(&stand), (5, 3));
    wait(&stand, 9);
    // The rows of the first file are forgotten, the file that is still there is not.
    assert!(delivered(&stand).is_empty());
    assert_eq!(remembered(&stand), (2, 3));
    assert!(delivered(&stand).is_empty());
    // So a copy of these rows in another form is new, and one of the others is not.
    stand.write("d.csv", table(0..5, "Delivered", 1));
    assert_eq!(delivered(&stand), [0, 1, 2].map(|number| id(number, "delivered")));
}

#[test]
fn a_file_that_is_gone_is_remembered_as_long() {
    let stand = Stand::new();
    stand.write("a.ndjson", lines(0..3, "delivered"));
    stand.write("b.ndjson", lines(3..5, "delivered"));
    assert_eq!(delivered(&stand).len(), 5);
    std::fs::remove_file(stand.path("in/b.ndjson")).unwrap();
    wait(&stand, 9);
    assert!(delivered(&stand).is_empty());
    assert_eq!(remembered(&stand), (5, 2));
    // It comes back, and is known by what was read of it.
    stand.write("b.ndjson", lines(3..5, "delivered"));
    assert!(delivered(&stand).is_empty());
    std::fs::remove_file(stand.path("in/b.ndjson")).unwrap();
    wait(&stand, 11);
    assert!(delivered(&stand).is_empty());
    assert_eq!(remembered(&stand), (0, 1));
    // Nothing of it is known any more.
    stand.write("b.ndjson", lines(3..5, "delivered"));
    assert_eq!(delivered(&stand), [3, 4].map(|number| id(number, "delivered")));
}
