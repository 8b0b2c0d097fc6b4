//! Lists: order, pages, and that paging shows every visible row once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::HashSet;

use chrono::Duration;
use common::{Client, at};
use message_trace_simulator::{Paging, Settings};

#[test]
fn pages_hold_every_visible_row_once_newest_first() {
    for paging in [Paging::Position, Paging::Offset] {
        let mut settings = Settings::new(3, at(2026, 3, 2, 0));
        settings.paging = paging;
        let mut client = Client::new(settings);
        let now = at(2026, 3, 2, 18);
        let rows = client.rows(now, at(2026, 3, 2, 6), now, 300);
        let wanted = client
            .simulator
            .tenant()
            .rows(at(2026, 3, 2, 6), now)
            .filter_map(|row| Some(row.graph_line(row.state_at(now)?, false)))
            .map(|line| serde_json::from_str(&line).unwrap())
            .collect::<Vec<serde_json::Value>>();
        assert!(wanted.len() > 1_000, "{}", wanted.len());
        let reversed = wanted.into_iter().rev().collect::<Vec<_>>();
        assert_eq!(rows, reversed);
        let times = rows.iter().map(time).collect::<Vec<_>>();
        assert!(times.is_sorted_by(|newer, older| newer >= older));
    }
}

#[test]
fn a_key_is_an_id_and_a_recipient_and_an_id_is_not() {
    let mut client = Client::new(Settings::new(4, at(2026, 3, 2, 0)));
    let now = at(2026, 3, 3, 0);
    let rows = client.rows(now, now - Duration::days(1), now, 5_000);
    let keys = rows
        .iter()
        .map(|row| {
            (
                row["id"].as_str().unwrap(),
                row["recipientAddress"].as_str().unwrap().to_lowercase(),
            )
        })
        .collect::<HashSet<_>>();
    let ids = rows
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect::<HashSet<_>>();
    assert_eq!(keys.len(), rows.len());
    assert!(ids.len() < rows.len());
}

fn time(row: &serde_json::Value) -> chrono::DateTime<chrono::Utc> {
    row["receivedDateTime"].as_str().unwrap().parse().unwrap()
}
