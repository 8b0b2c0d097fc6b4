//! Lists: order, pages, and that paging shows every visible row once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::HashSet;

use chrono::Duration;
use common::{Client, at, json, window};
use message_trace_simulator::{Latency, Paging, Settings};

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

#[test]
fn a_full_page_is_about_two_megabytes_and_takes_seconds() {
    let mut settings = Settings::new(3, at(2026, 3, 2, 0));
    settings.rows_per_day = 40_000;
    settings.latency = Latency::measured();
    settings.base_url = Some("http://127.0.0.1:8080".to_owned());
    let mut client = Client::new(settings);
    let now = at(2026, 3, 3, 0);
    let reply = client.ask(now, &window(now - Duration::days(1), now, 5_000));
    assert_eq!(json(&reply)["value"].as_array().unwrap().len(), 5_000);
    assert!((1_700_000..2_300_000).contains(&reply.response.body().len()));
    assert!((2_000..4_000).contains(&reply.delay.as_millis()));
    let next = json(&reply)["@odata.nextLink"].as_str().unwrap().to_owned();
    assert!(next.starts_with("http://127.0.0.1:8080/v1.0/admin/exchange/tracing/messageTraces?$filter="));
    assert!(next.contains("&$top=5000&$skiptoken="));
}

#[test]
fn a_row_that_appears_between_two_pages_moves_offsets_and_no_positions() {
    for (paging, repeats) in [(Paging::Position, false), (Paging::Offset, true)] {
        let mut settings = Settings::new(3, at(2026, 3, 2, 0));
        settings.paging = paging;
        let mut client = Client::new(settings);
        let now = at(2026, 3, 2, 12);
        let first = json(&client.ask(now, &window(now - Duration::hours(2), now, 100)));
        let later = now + Duration::hours(1);
        let second = json(&client.ask(later, first["@odata.nextLink"].as_str().unwrap()));
        let keys = |page: &serde_json::Value| {
            let rows = page["value"].as_array().unwrap();
            rows.iter()
                .map(|row| (row["id"].to_string(), row["recipientAddress"].to_string()))
                .collect::<HashSet<_>>()
        };
        assert_eq!(!keys(&first).is_disjoint(&keys(&second)), repeats);
    }
}
