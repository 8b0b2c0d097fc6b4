//! What is asked for: days, domains, thresholds.

use serde_json::Value as Json;

use super::made::{DAY_MS, JUNE_MS, Message, archived, messages, payload, report, run, text, times};

#[test]
fn days_are_bounds_and_a_day_without_mail_is_a_gap() {
    let all = messages();
    let folder = archived(&all);
    let made = report(folder.path(), &["--since", "2025-06-02", "--until", "2025-06-05"]);
    let (from, to) = (JUNE_MS + DAY_MS, JUNE_MS + 5 * DAY_MS);
    let within = all
        .iter()
        .filter(|message| (from..to).contains(&message.time))
        .count();
    assert_eq!(made.payload["rows"]["count"], within);
    assert_eq!(made.payload["rows"]["selection"], "all");
    let times = times(&made.payload);
    assert!(times[0] >= from && times[times.len() - 1] < to);
    let gaps = made.payload["quality"]["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1);
    assert_eq!(
        (&gaps[0]["from"], &gaps[0]["to"]),
        (&(JUNE_MS + 3 * DAY_MS).into(), &(JUNE_MS + 4 * DAY_MS).into())
    );
    assert!(gaps[0]["reason"].as_str().unwrap().contains("no message"));
    assert_eq!(made.payload["quality"].get("coverage"), None);

    // A time without any mail is a report too.
    let none = report(folder.path(), &["--since", "2026-01-01"]);
    assert_eq!(none.payload["rows"]["count"], 0);
    assert!(none.html.contains("no message of this time"), "{}", none.html);
    assert!(none.said.contains("0 messages"), "{}", none.said);

    let turned = [
        "report",
        "--archive",
        "archive",
        "--terminal",
        "--since",
        "2025-06-05",
        "--until",
        "2025-06-02",
    ];
    let done = run(folder.path(), &turned);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("is after"), "{}", text(&done.stderr));
}

#[test]
fn the_detections_are_those_of_detect() {
    let folder = archived(&planted());
    let made = report(folder.path(), &[]);
    let words = [
        "detect",
        "--archive",
        "archive",
        "--since",
        "2025-06-01",
        "--no-state",
        "--json",
    ];
    assert_eq!(
        shown(&made.payload),
        raised(&text(&run(folder.path(), &words).stdout))
    );
    let detections = made.payload["detections"].as_array().unwrap();
    assert!(detections.is_sorted_by_key(|of| std::cmp::Reverse(of["time"].as_i64())));

    let fan_out = detections
        .iter()
        .find(|of| of["rule"]["id"] == "fan-out")
        .unwrap();
    assert_eq!(fan_out["entity"], "user1@contoso.com");
    assert_eq!(fan_out["query"], "from:user1@contoso.com");
    assert_eq!(
        (&fan_out["threshold"], &fan_out["unit"]),
        (&50.into(), &"recipients".into())
    );
    assert_eq!(
        (&fan_out["level"], &fan_out["isOpen"]),
        (&"medium".into(), &true.into())
    );
    assert_eq!(fan_out["technique"], serde_json::json!(["T1078"]));
    // The hour that it was in, not the day.
    let hour = JUNE_MS + 5 * DAY_MS + 36_000_000;
    assert_eq!(
        (&fan_out["from"], &fan_out["to"]),
        (&hour.into(), &(hour + 3_600_000).into())
    );
    let alike = detections
        .iter()
        .find(|of| of["rule"]["id"] == "lookalike-domain")
        .unwrap();
    assert_eq!(
        (&alike["query"], &alike["level"]),
        (&"domain:c0ntoso.com".into(), &"high".into())
    );
    assert!(!folder.path().join("archive/detect-state.json").exists());
}

/// Rule, whom it is about, and what was observed: of what `detect` printed.
fn raised(alerts: &str) -> Vec<(String, String, i64)> {
    let alerts = alerts
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let told = alerts.map(|alert| {
        let who = alert["user"]["email"].as_str();
        let who = who.or(alert["source"]["domain"].as_str()).unwrap();
        let observed = &alert["m365"]["message_trace"]["alert"]["observed"];
        let rule = alert["rule"]["id"].as_str().unwrap();
        (rule.to_owned(), who.to_owned(), observed.as_i64().unwrap())
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

/// The same of what a report shows.
fn shown(payload: &Json) -> Vec<(String, String, i64)> {
    let detections = payload["detections"].as_array().unwrap().iter();
    let told = detections.map(|of| {
        (
            of["rule"]["id"].as_str().unwrap().to_owned(),
            of["entity"].as_str().unwrap().to_owned(),
            of["observed"].as_i64().unwrap(),
        )
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

/// A rule that counts what another one finds, and one that stands alone.
const SIGMA: &str = "\
title: Mail to example.com
id: partner
logsource:
    product: m365
    service: message_trace
detection:
    selection:
        destination.user.domain: example.com
    condition: selection
level: low
---
title: Much mail to example.com
id: much
name: much
tags:
    - attack.exfiltration
    - attack.t1048.003
correlation:
    type: value_count
    rules:
        - partner
    group-by:
        - source.user.email
    timespan: 30m
    condition:
        field: destination.user.email
        gte: 80
level: critical
---
title: Mail of user1
id: single
logsource:
    product: m365
detection:
    selection:
        source.user.email: user1@contoso.com
        destination.user.domain: example.com
    condition: selection
level: low
";

#[test]
fn alerts_of_sigma_are_shown_beside_the_own_ones() {
    let folder = archived(&planted());
    std::fs::write(folder.path().join("rules.yml"), SIGMA).unwrap();
    let own = shown(&report(folder.path(), &[]).payload);
    let made = report(folder.path(), &["--sigma", "rules.yml", "--sigma", "builtin"]);
    let words =
        "detect --archive archive --since 2025-06-01 --no-state --json --sigma rules.yml --sigma builtin";
    let words: Vec<&str> = words.split(' ').collect();
    let all = shown(&made.payload);
    assert_eq!(all, raised(&text(&run(folder.path(), &words).stdout)));
    assert!(own.iter().all(|alert| all.contains(alert)) && all.len() > own.len());
    let detections = made.payload["detections"].as_array().unwrap();
    assert!(detections.is_sorted_by_key(|of| std::cmp::Reverse(of["time"].as_i64())));
    let found = |rule: &str| detections.iter().find(|of| of["rule"]["id"] == rule).unwrap();
    let much = found("much");
    // From half an hour before the eightieth message up to the ninetieth.
    let first = JUNE_MS + 5 * DAY_MS + 36_000_000 + 79_000;
    let expected = serde_json::json!({
        "rule": { "id": "much", "name": "Much mail to example.com" }, "level": "critical",
        "time": JUNE_MS + 5 * DAY_MS, "entity": "user1@contoso.com", "from": first - 1_800_000, "to": first + 10_001,
        "observed": 90, "threshold": 80, "unit": "of destination.user.email",
        "reason": "Much mail to example.com: user1@contoso.com on 2025-06-06, 90 of destination.user.email within 1800 s; \
                   the threshold is 80",
        "technique": ["T1048"], "query": "from:user1@contoso.com", "isOpen": true,
    });
    assert_eq!(much, &expected);
    let single = found("single");
    assert_eq!(
        (
            &single["technique"],
            single.get("threshold"),
            &single["query"],
            &single["observed"]
        ),
        (
            &serde_json::json!([]),
            None,
            &"from:user1@contoso.com".into(),
            &90.into()
        )
    );
    // Who are two is told as two.
    let pair = SIGMA.replace(
        "        - source.user.email\n",
        "        - source.user.email\n        - destination.user.domain\n",
    );
    std::fs::write(folder.path().join("pair.yml"), pair).unwrap();
    let made = report(folder.path(), &["--sigma", "pair.yml"]);
    let detections = made.payload["detections"].as_array().unwrap();
    let much = detections.iter().find(|of| of["rule"]["id"] == "much").unwrap();
    assert_eq!(
        (&much["entity"], &much["query"]),
        (
            &"user1@contoso.com, example.com".into(),
            &"from:user1@contoso.com to:@example.com".into()
        )
    );
    // Days bound them too.
    let before = report(folder.path(), &["--until", "2025-06-05", "--sigma", "rules.yml"]);
    let is_later = |of: &&Json| of["time"].as_i64() >= Some(JUNE_MS + 5 * DAY_MS);
    assert_eq!(
        before.payload["detections"]
            .as_array()
            .unwrap()
            .iter()
            .filter(is_later)
            .count(),
        0
    );
}

#[test]
fn where_sigma_finds_too_much_the_own_alerts_stay() {
    let mut all = planted();
    let chatty = |number: i64| {
        Message::new(
            6,
            40_000 + number,
            &format!("staff{number}@contoso.com"),
            "a@example.com",
        )
    };
    all.extend((0..1_005).map(chatty));
    let folder = archived(&all);
    let rule = "title: Mail to example.com\nid: partner\nlogsource:\n    product: m365\ndetection:\n    selection:\n        \
                destination.user.email: a@example.com\n    condition: selection\n";
    std::fs::write(folder.path().join("rules.yml"), rule).unwrap();
    let own = shown(&report(folder.path(), &[]).payload);
    let made = report(folder.path(), &["--sigma", "rules.yml"]);
    let all = shown(&made.payload);
    assert_eq!(all.len(), 1_000);
    assert!(!own.is_empty() && own.iter().all(|alert| all.contains(alert)));
    let note = format!(
        "The newest {} of 1,005 alerts of Sigma's rules.",
        1_000 - own.len()
    );
    assert!(
        made.payload["quality"]["notes"]
            .as_array()
            .unwrap()
            .contains(&note.into())
    );
}

#[test]
fn a_wrong_rule_of_sigma_is_left_out_and_said() {
    let folder = archived(&planted());
    let wrong = SIGMA.replace("destination.user.domain", "event.original");
    std::fs::write(folder.path().join("rules.yml"), wrong).unwrap();
    let words = "report --archive archive --template template.html -o report.html --sigma rules.yml";
    let words: Vec<&str> = words.split(' ').collect();
    let done = run(folder.path(), &words);
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(78), "{said}");
    let payload = payload(&std::fs::read_to_string(folder.path().join("report.html")).unwrap());
    let notes = payload["quality"]["notes"].as_array().unwrap();
    let mut notes = notes.iter().map(|note| note.as_str().unwrap());
    let note = notes.find(|note| note.starts_with("rules.yml:8: ")).unwrap();
    assert!(said.contains(note), "{note}\n{said}");
    assert!(
        shown(&payload).iter().any(|(rule, ..)| rule == "fan-out"),
        "the others are asked"
    );
}

/// Mail with one who writes to ninety in a minute and a half.
fn planted() -> Vec<Message> {
    let mut all = messages();
    let spoken = |number: i64| {
        Message::new(
            6,
            36_000 + number,
            "user1@contoso.com",
            &format!("somebody{number}@example.com"),
        )
    };
    all.extend((0..90).map(spoken));
    all
}

#[test]
fn thresholds_and_days_change_what_is_detected() {
    let folder = archived(&planted());
    let made = report(folder.path(), &[]);
    let detections = made.payload["detections"].as_array().unwrap();
    std::fs::write(
        folder.path().join("thresholds.toml"),
        "[rules.fan-out]\nenabled = false\n",
    )
    .unwrap();
    let quiet = report(folder.path(), &["--thresholds", "thresholds.toml"]);
    assert_eq!(
        quiet.payload["detections"].as_array().unwrap().len(),
        detections.len() - 1
    );
    let before = report(folder.path(), &["--until", "2025-06-05"]);
    let is_of_the_sixth = |of: &&Json| of["time"].as_i64() == Some(JUNE_MS + 5 * DAY_MS);
    assert_eq!(
        before.payload["detections"]
            .as_array()
            .unwrap()
            .iter()
            .filter(is_of_the_sixth)
            .count(),
        0
    );
}

#[test]
fn domains_are_taken_as_they_are_named() {
    let folder = archived(&messages());
    let made = report(
        folder.path(),
        &[
            "--domain",
            "Contoso.com",
            "--domain",
            "example.org",
            "--protect",
            "examp1e.org",
            "--rows",
            "1",
        ],
    );
    assert_eq!(
        made.payload["domains"],
        serde_json::json!(["contoso.com", "example.org"])
    );
    assert_eq!(made.payload["protected"], serde_json::json!(["examp1e.org"]));
    assert_eq!(
        made.payload["summary"]["lookalikes"][0]["resembles"],
        "examp1e.org"
    );
    let done = run(
        folder.path(),
        &[
            "report",
            "--archive",
            "archive",
            "--terminal",
            "--protect",
            "nonsense",
        ],
    );
    assert_eq!(done.status.code(), Some(2));
    assert!(
        text(&done.stderr).contains("--protect takes domains"),
        "{}",
        text(&done.stderr)
    );
}
