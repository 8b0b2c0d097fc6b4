//! `detect`: what is planted raises an alert, once, and what is quiet raises none.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fields;
#[cfg(feature = "streams")]
#[path = "../../../streams/tests/nats/server.rs"]
#[expect(dead_code, reason = "the tests of streams use more of it")]
mod nats;
#[path = "../wire/server.rs"]
#[expect(dead_code, reason = "the tests of the wire use more of it")]
mod server;
mod services;
mod sigma;
mod sinks;
mod stand;

use std::path::Path;

use serde_json::Value as Json;
use tempfile::TempDir;

use stand::{archive, row, run, text};

/// Days that are like each other.
fn quiet(lines: &mut String, days: std::ops::RangeInclusive<usize>) {
    for day in days {
        for user in 0..5 {
            for number in 0..4 {
                row(
                    lines,
                    day,
                    &format!("user{user}@contoso.com"),
                    &format!("partner{number}@example.org"),
                    20_000,
                );
            }
            row(
                lines,
                day,
                "news@example.net",
                &format!("user{user}@contoso.com"),
                20_000,
            );
        }
    }
}

fn detect(folder: &Path, more: &[&str]) -> (Option<i32>, Vec<Json>, String) {
    let archive = folder.join("archive");
    let words = [
        "detect",
        "--json",
        "--protect",
        "contoso.com",
        "--archive",
        archive.to_str().unwrap(),
    ];
    let done = run(&[&words[..], more].concat());
    let alerts = text(&done.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (done.status.code(), alerts, text(&done.stderr))
}

/// Rule and whom it is about, of alerts with an action.
fn found(alerts: &[Json], action: &str) -> Vec<(String, String)> {
    let mut found: Vec<_> = alerts
        .iter()
        .filter(|alert| alert["event"]["action"] == action)
        .map(|alert| {
            let who = alert["user"]["email"]
                .as_str()
                .or(alert["source"]["domain"].as_str());
            (
                alert["rule"]["id"].as_str().unwrap().to_owned(),
                who.unwrap().to_owned(),
            )
        })
        .collect();
    found.sort();
    found
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|&(rule, who)| (rule.to_owned(), who.to_owned()))
        .collect()
}

#[test]
fn what_is_planted_is_raised_once_and_closed_when_its_day_is_over() {
    let folder = TempDir::new().unwrap();
    let mut lines = String::new();
    quiet(&mut lines, 1..=25);
    archive(folder.path(), &lines);
    assert_eq!(detect(folder.path(), &[]).0, Some(0), "quiet days raise nothing");
    for number in 0..120 {
        row(
            &mut lines,
            25,
            "user1@contoso.com",
            &format!("buyer{number}@example.net"),
            9_000,
        );
    }
    for _ in 0..40 {
        row(&mut lines, 25, "user0@contoso.com", "reader@example.net", 9_000);
    }
    for _ in 0..6 {
        row(
            &mut lines,
            25,
            "user2@contoso.com",
            "drop@example.org",
            25_000_000,
        );
    }
    row(
        &mut lines,
        25,
        "user3@contoso.com",
        "us.er3@example.net",
        3_000_000,
    );
    row(&mut lines, 25, "ceo@c0ntoso.com", "user4@contoso.com", 10_000);
    archive(folder.path(), &lines);
    let planted = pairs(&[
        ("fan-out", "user1@contoso.com"),
        ("large-to-one", "user2@contoso.com"),
        ("lookalike-domain", "c0ntoso.com"),
        ("own-private-address", "user3@contoso.com"),
        ("unusual-volume", "user0@contoso.com"),
        ("unusual-volume", "user2@contoso.com"),
    ]);
    let (code, alerts, _) = detect(folder.path(), &[]);
    assert_eq!((code, found(&alerts, "raised")), (Some(1), planted.clone()));
    for alert in &alerts {
        assert_eq!(alert["event"]["kind"], "alert");
        fields::assert_known(alert);
        let details = &alert["m365"]["message_trace"]["alert"];
        assert_eq!(details["day"], "2025-06-25");
        assert!(!details["event_ids"].as_array().unwrap().is_empty(), "{alert}");
        assert!(
            alert["threat"]["technique"]["id"][0]
                .as_str()
                .unwrap()
                .starts_with('T')
        );
    }
    // What is observed is what is unusual.
    let observed = |who: &str| {
        let is_it = |alert: &&Json| alert["user"]["email"] == who && alert["rule"]["id"] == "unusual-volume";
        let details = &alerts.iter().find(is_it).unwrap()["m365"]["message_trace"]["alert"];
        (
            details["observed"].as_i64(),
            details["unit"].as_str().map(str::to_owned),
        )
    };
    assert_eq!(
        observed("user0@contoso.com"),
        (Some(40), Some("messages".to_owned()))
    );
    assert_eq!(
        observed("user2@contoso.com"),
        (Some(150_000_000), Some("bytes".to_owned()))
    );
    let (code, alerts, _) = detect(folder.path(), &[]);
    assert_eq!((code, alerts.len()), (Some(0), 0), "raised once");
    quiet(&mut lines, 26..=26);
    archive(folder.path(), &lines);
    let (code, alerts, _) = detect(folder.path(), &[]);
    assert_eq!(code, Some(0));
    assert_eq!(
        (found(&alerts, "closed"), found(&alerts, "raised")),
        (planted, Vec::new())
    );
    let (code, alerts, _) = detect(folder.path(), &[]);
    assert_eq!((code, alerts.len()), (Some(0), 0), "closed once");
}

/// Documents that leave little by little, to two mailboxes that were new when it began.
#[test]
fn what_is_taken_out_over_days_is_added_up() {
    let folder = TempDir::new().unwrap();
    let mut lines = String::new();
    quiet(&mut lines, 1..=25);
    let mut copies = |user: usize, size: usize| {
        for day in 22..=25 {
            for mailbox in 0..2 {
                let to = format!("drop{user}-{mailbox}@example.org");
                row(&mut lines, day, &format!("user{user}@contoso.com"), &to, size);
            }
        }
    };
    copies(0, 10_000_000);
    // Just below; to mailboxes of which one was written to before; to mailboxes of which one wrote before.
    copies(1, 9_900_000);
    copies(2, 10_000_000);
    copies(3, 10_000_000);
    row(&mut lines, 10, "user2@contoso.com", "drop2-0@example.org", 9_000);
    row(&mut lines, 10, "drop3-0@example.org", "user3@contoso.com", 9_000);
    archive(folder.path(), &lines);
    let (code, alerts, said) = detect(folder.path(), &["--no-state"]);
    assert_eq!(
        (code, found(&alerts, "raised")),
        (Some(1), pairs(&[("unusual-volume", "user0@contoso.com")])),
        "{said}"
    );
    assert_eq!(alerts[0]["m365"]["message_trace"]["alert"]["day"], "2025-06-25");
}

#[test]
fn thresholds_change_from_what_on_and_whom_to_leave_alone() {
    let folder = TempDir::new().unwrap();
    let mut lines = String::new();
    quiet(&mut lines, 1..=25);
    for user in ["user1", "user2"] {
        for number in 0..80 {
            row(
                &mut lines,
                25,
                &format!("{user}@contoso.com"),
                // Sixty buyers, one of whom gets twenty more.
                &format!("buyer{}@example.net", number.min(60)),
                9_000,
            );
        }
    }
    archive(folder.path(), &lines);
    let file = folder.path().join("thresholds.toml");
    let with = |toml: &str| {
        std::fs::write(&file, toml).unwrap();
        detect(
            folder.path(),
            &["--no-state", "--thresholds", file.to_str().unwrap()],
        )
    };
    let rules = |alerts: &[Json]| -> Vec<(String, String)> { found(alerts, "raised") };
    assert_eq!(rules(&with("").1).len(), 4);
    let allowed = with("[allow]\nusers = [\"User1@contoso.com\"]\n[rules.unusual-volume]\nenabled = false\n");
    assert_eq!(rules(&allowed.1), pairs(&[("fan-out", "user2@contoso.com")]));
    assert_eq!(rules(&with("[rules.fan-out]\nat-least = 85\n").1).len(), 2);
    let (code, _, said) = with("[rules.fanout]\nat-least = 81\n");
    assert_eq!(code, Some(2));
    assert!(
        said.contains("names a rule fanout that there is not; there are unusual-volume"),
        "{said}"
    );
    // A file that is none says what to do.
    let state = folder.path().join("archive/detect-state.json");
    std::fs::write(&state, "{").unwrap();
    let (code, _, said) = detect(folder.path(), &[]);
    assert_eq!(code, Some(74), "{said}");
    assert!(said.contains("move the file away"), "{said}");
    std::fs::remove_file(&state).unwrap();
    // In words.
    let place = folder.path().join("archive");
    let words = [
        "detect",
        "--explain",
        "--no-state",
        "--archive",
        place.to_str().unwrap(),
    ];
    let said = text(&run(&words).stdout);
    assert!(
        said.contains("user1@contoso.com on 2025-06-25, 80 messages"),
        "{said}"
    );
    assert!(said.contains("messages 80, usually 4"), "{said}");
}
