//! Sigma's rules over archives: the program finds what `SQLite` finds with pySigma's conversions, and tells it as alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::fields;
use crate::stand::{archive, row, run, text};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The events of `integrations/tests`, and what each rule must find in them: `test_sigma.py` holds `SQLite` to the same.
fn planted() -> Json {
    let script = "import json, events as e\n\
                  hits = {name: [list(hit) for hit in found] for name, found in e.hits.items()}\n\
                  print(json.dumps({'events': e.events, 'quiet': e.quiet, 'hits': hits}))";
    let done = Command::new("python3")
        .args(["-B", "-c", script])
        .current_dir(repository("integrations/tests"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", text(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn archive_events(folder: &Path, events: &Json) {
    let lines: Vec<String> = events.as_array().unwrap().iter().map(Json::to_string).collect();
    archive(folder, &lines.join("\n"));
}

/// Exit code, alerts, and what was said.
fn detect(folder: &Path, more: &[&str]) -> (Option<i32>, Vec<Json>, String) {
    let archive = folder.join("archive");
    let words = [
        "detect",
        "--json",
        "--sigma-only",
        "--archive",
        archive.to_str().unwrap(),
    ];
    let done = run(&[&words[..], more].concat());
    let alerts = text(&done.stdout);
    let alerts = alerts.lines().map(|line| serde_json::from_str(line).unwrap());
    (done.status.code(), alerts.collect(), text(&done.stderr))
}

/// Short name, id, and whether it counts, of each file of the pack.
fn pack() -> BTreeMap<String, (String, bool)> {
    let entries = std::fs::read_dir(repository("integrations/sigma/rules")).unwrap();
    let read = entries.map(|entry| {
        let path = entry.unwrap().path();
        let rules = std::fs::read_to_string(&path).unwrap();
        let id = rules
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("id: "))
            .unwrap()
            .to_owned();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let short = stem.split_once("m365_message_trace_").unwrap().1.to_owned();
        (short, (id, rules.contains("\ncorrelation:")))
    });
    read.collect()
}

#[test]
fn each_rule_finds_what_sqlite_finds_and_nothing_else() {
    let planted = planted();
    let folder = TempDir::new().unwrap();
    archive_events(folder.path(), &planted["events"]);
    let (code, alerts, said) = detect(
        folder.path(),
        &["--no-state", "--since", "2026-11-01", "--sigma", "builtin"],
    );
    assert_eq!(code, Some(1), "{said}");
    let pack = pack();
    assert_eq!(pack.len(), 17);
    let sorted = |values: Vec<String>| {
        let mut values = values;
        values.sort();
        values
    };
    let texts = |values: &Json| -> Vec<String> {
        let values = values.as_array().unwrap().iter();
        values.map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    for (short, (id, is_correlation)) in &pack {
        let of_rule = alerts.iter().filter(|alert| alert["rule"]["id"] == id.as_str());
        let mut found = BTreeSet::new();
        for alert in of_rule {
            fields::assert_known(alert);
            let details = &alert["m365"]["message_trace"]["alert"];
            if *is_correlation {
                let values = details["facts"].as_object().unwrap().values();
                found.insert(sorted(
                    values.map(|value| value.as_str().unwrap().to_owned()).collect(),
                ));
            } else {
                let ids = texts(&details["event_ids"]);
                assert_eq!(details["observed"], ids.len(), "all events are named");
                found.extend(ids.into_iter().map(|id| vec![id]));
            }
        }
        let expected = planted["hits"][short].as_array().unwrap().iter();
        let expected: BTreeSet<Vec<String>> = expected.map(|hit| sorted(texts(hit))).collect();
        assert_eq!(found, expected, "{short}");
    }
    let known: BTreeSet<&str> = pack.values().map(|(id, _)| id.as_str()).collect();
    assert!(
        alerts
            .iter()
            .all(|alert| known.contains(alert["rule"]["id"].as_str().unwrap()))
    );
    // What an alert says of its rule.
    let fan_out = alerts
        .iter()
        .find(|alert| alert["rule"]["id"] == pack["fan_out"].0.as_str())
        .unwrap();
    assert_eq!(fan_out["rule"]["ruleset"], "sigma");
    assert!(
        fan_out["rule"]["reference"]
            .as_str()
            .unwrap()
            .starts_with("https://learn.microsoft.com/")
    );
    assert_eq!(fan_out["event"]["severity"], 47);
    assert_eq!(fan_out["threat"]["technique"]["id"][0], "T1078");
    assert_eq!(fan_out["user"]["email"], "user13@contoso.com");
    let details = &fan_out["m365"]["message_trace"]["alert"];
    assert_eq!(
        (
            &details["threshold"],
            details["event_ids"].as_array().unwrap().len()
        ),
        (&50.into(), 50)
    );
}

#[test]
fn no_rule_finds_anything_in_quiet_traffic() {
    let folder = TempDir::new().unwrap();
    archive_events(folder.path(), &planted()["quiet"]);
    let (code, alerts, said) = detect(folder.path(), &["--sigma", "builtin"]);
    assert_eq!((code, alerts.len()), (Some(0), 0), "{said}");
}

/// Two mails of one sender within a day.
const PAIRS: &str = "\
title: Outbound
id: pairs-outbound
name: outbound
logsource:
    product: m365
    service: message_trace
detection:
    selection:
        email.direction: outbound
    condition: selection
level: informational
---
title: Pairs
id: pairs
tags:
    - attack.exfiltration
    - attack.t1048.003
correlation:
    type: event_count
    rules:
        - outbound
    group-by:
        - source.user.email
    timespan: 1d
    condition:
        gte: 2
level: high
";

#[test]
fn a_rule_of_ones_own_is_raised_once_closed_and_wrong_ones_are_said() {
    let folder = TempDir::new().unwrap();
    let mut lines = String::new();
    // The first of the two is on the day before the one that is looked at.
    for (day, time) in [(19, "23:30"), (20, "00:30")] {
        let mut line = String::new();
        row(&mut line, day, "user1@contoso.com", "partner@example.org", 20_000);
        let id = format!("{day:08x}");
        lines.push_str(&line.replace("10:30", time).replace("00000000", &id));
    }
    archive(folder.path(), &lines);
    let rules = folder.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    std::fs::write(rules.join("pairs.yml"), PAIRS).unwrap();
    let rules_dir = rules.to_str().unwrap();
    let (code, alerts, said) = detect(folder.path(), &["--sigma", rules_dir, "--since", "2025-06-20"]);
    assert_eq!((code, alerts.len()), (Some(1), 1), "{said}");
    let alert = &alerts[0];
    assert_eq!(alert["event"]["id"], "pairs/user1@contoso.com/2025-06-20/raised");
    assert_eq!(alert["@timestamp"], "2025-06-20T00:30:00Z");
    assert_eq!(alert["event"]["severity"], 73);
    assert_eq!(alert["threat"]["technique"]["subtechnique"]["id"][0], "T1048.003");
    let details = &alert["m365"]["message_trace"]["alert"];
    assert_eq!(
        details["event_ids"].as_array().unwrap().len(),
        2,
        "both, though one is of the day before"
    );
    // Once; a wrong rule beside it is said with its place, and hinders nothing.
    std::fs::write(
        rules.join("wrong.yml"),
        PAIRS
            .replace("email.direction", "process.name")
            .replace("pairs", "wrong")
            .replace("outbound", "other"),
    )
    .unwrap();
    let (code, alerts, said) = detect(folder.path(), &["--sigma", rules_dir]);
    assert_eq!((code, alerts.len()), (Some(78), 0), "{said}");
    assert!(said.contains("wrong.yml:9: asks for 'process.name'"), "{said}");
    assert!(
        said.contains("wrong.yml:21: refers to 'other', which is no rule here"),
        "{said}"
    );
    assert!(said.contains("2 of Sigma's rules left out"), "{said}");
    std::fs::remove_file(rules.join("wrong.yml")).unwrap();
    let archived = folder.path().join("archive");
    let words = [
        "detect",
        "--explain",
        "--no-state",
        "--sigma-only",
        "--sigma",
        rules_dir,
        "--archive",
        archived.to_str().unwrap(),
    ];
    let shown = text(&run(&words).stdout);
    for says in [
        "2025-06-20  Pairs                 user1@contoso.com  2 messages",
        "Pairs: user1@contoso.com on 2025-06-20, 2 messages within 86400 s; the threshold is 2",
        "pairs.yml:13",
    ] {
        assert!(shown.contains(says), "{shown}");
    }
    // Closed when its day is over, and left alone where that is asked for.
    row(&mut lines, 22, "user2@contoso.com", "partner@example.org", 20_000);
    archive(folder.path(), &lines);
    let (code, alerts, said) = detect(folder.path(), &["--sigma", rules_dir]);
    assert_eq!(code, Some(0), "{said}");
    let closed: Vec<&Json> = alerts.iter().map(|alert| &alert["event"]["id"]).collect();
    assert_eq!(closed, ["pairs/user1@contoso.com/2025-06-20/closed"]);
    let thresholds = folder.path().join("thresholds.toml");
    std::fs::write(&thresholds, "[allow]\nusers = [\"User1@contoso.com\"]\n").unwrap();
    let allowed = [
        "--no-state",
        "--sigma",
        rules_dir,
        "--thresholds",
        thresholds.to_str().unwrap(),
    ];
    assert_eq!(detect(folder.path(), &allowed).0, Some(0));
    let (code, _, said) = detect(folder.path(), &["--sigma", "nowhere"]);
    assert_eq!(code, Some(74), "{said}");
}

#[test]
fn what_has_to_come_together_is_seen_in_order_of_time() {
    let folder = TempDir::new().unwrap();
    let mut lines = String::new();
    // Both within an hour; both, but hours apart; one alone; both, the other way round.
    for (sender, first, second) in [
        ("user1", Some("10:00"), Some("10:30")),
        ("user2", Some("10:00"), Some("15:30")),
        ("user3", Some("10:00"), None),
        ("user4", Some("10:30"), Some("10:00")),
    ] {
        for (recipient, time) in [("a@example.org", first), ("b@example.net", second)] {
            let Some(time) = time else { continue };
            let mut line = String::new();
            row(&mut line, 20, &format!("{sender}@contoso.com"), recipient, 20_000);
            let id = format!("{:08x}", lines.len());
            // The archive is written in another order than that of time.
            lines.insert_str(0, &line.replace("10:30", time).replace("00000000", &id));
        }
    }
    archive(folder.path(), &lines);
    let rule = |name: &str, domain: &str| {
        format!(
            "title: {name}\nid: {name}\nlogsource:\n    product: m365\n    service: message_trace\ndetection:\n    \
             selection:\n        destination.user.domain: {domain}\n    condition: selection\n---\n"
        )
    };
    let file = folder.path().join("together.yml");
    let found = |kind: &str| -> BTreeSet<String> {
        let together = format!(
            "title: Together\nid: together\ncorrelation:\n    type: {kind}\n    rules:\n        - first\n        - second\n    \
             group-by:\n        - source.user.email\n    timespan: 1h\nlevel: high\n"
        );
        let rules = rule("first", "example.org") + &rule("second", "example.net") + &together;
        std::fs::write(&file, rules).unwrap();
        let (code, alerts, said) = detect(folder.path(), &["--no-state", "--sigma", file.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{said}");
        let who = alerts
            .iter()
            .map(|alert| alert["user"]["email"].as_str().unwrap().to_owned());
        who.collect()
    };
    let set = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| format!("{name}@contoso.com")).collect()
    };
    assert_eq!(found("temporal"), set(&["user1", "user4"]));
    assert_eq!(found("temporal_ordered"), set(&["user1"]));
}

#[test]
fn an_archive_of_an_earlier_version_is_read() {
    let folder = TempDir::new().unwrap();
    let mut lines = String::new();
    row(&mut lines, 20, "user1@contoso.com", "user1@example.net", 20_000);
    archive(folder.path(), &lines);
    let place = folder.path().join("archive");
    let day = place.join("day=2025-06-20");
    let columns = "event_id, sequence, time, sender, recipient, subject, message_id, trace_id, status, outcome, direction, size, \
                   source_ip, destination_ip, is_bounce, cause, organization, tenant_id, day, sender_domain, recipient_domain";
    let question = folder.path().join("before.sql");
    std::fs::write(&question, format!("SELECT {columns} FROM events")).unwrap();
    let before = folder.path().join("events-before.parquet");
    let asked = |more: &[&str]| run(&[&["query", "--archive", place.to_str().unwrap()][..], more].concat());
    let done = asked(&[question.to_str().unwrap(), "--parquet", before.to_str().unwrap()]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    for file in std::fs::read_dir(&day).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    std::fs::copy(&before, day.join("events-before.parquet")).unwrap();
    let (code, alerts, said) = detect(folder.path(), &["--no-state", "--sigma", "builtin"]);
    assert_eq!((code, alerts.len()), (Some(1), 1), "{said}");
    assert_eq!(alerts[0]["rule"]["name"], "Mail to the Sender's Own Name Outside");
    // What is added to it is found too.
    row(&mut lines, 20, "user2@contoso.com", "user2@example.net", 20_000);
    archive(folder.path(), &lines);
    let (code, alerts, said) = detect(folder.path(), &["--no-state", "--sigma", "builtin"]);
    assert_eq!((code, alerts.len()), (Some(1), 2), "{said}");
}
