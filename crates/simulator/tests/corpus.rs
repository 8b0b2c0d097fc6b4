//! The corpus: real lengths, every oddity, the same bytes for the same seed, documentation names only.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use message_trace_simulator::{LineFormat, write_lines};
use serde_json::Value;

fn lines(seed: u64, count: u64, format: LineFormat) -> Vec<u8> {
    let mut out = Vec::new();
    write_lines(&mut out, seed, count, format).unwrap();
    out
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    assert_eq!(
        lines(1, 3_000, LineFormat::Mixed),
        lines(1, 3_000, LineFormat::Mixed)
    );
    assert_ne!(
        lines(1, 3_000, LineFormat::Mixed),
        lines(2, 3_000, LineFormat::Mixed)
    );
}

#[test]
fn every_line_is_an_object_of_its_format_and_lengths_are_real() {
    let formats = [
        (LineFormat::Graph, "receivedDateTime", 340..420),
        (LineFormat::ReportingVerbose, "__metadata", 680..790),
        (LineFormat::ReportingLight, "Received", 470..560),
    ];
    for (format, key, lengths) in formats {
        let bytes = lines(5, 5_000, format);
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            assert!(serde_json::from_slice::<Value>(line).unwrap().get(key).is_some());
        }
        let mean = bytes.len() / 5_000;
        assert!(lengths.contains(&mean), "{format:?}: {mean}");
    }
}

#[test]
fn every_oddity_is_there() {
    let bytes = lines(9, 20_000, LineFormat::Mixed);
    let text = String::from_utf8(bytes).unwrap();
    for oddity in [
        "\"toIP\":\"\"",
        "\"fromIP\":null",
        "\"fromIP\":\"\"",
        "\"messageId\":null",
        "\"subject\":null",
        "\"subject\":\"\"",
        "\"senderAddress\":\"<>\"",
        "\"senderAddress\":null",
        "\"senderAddress\":\"\"",
        "\"FromIP\":null",
        "\"ToIP\":null",
        "2001:db8:",
        "\\\"Lobby\\\"",
        "C:\\\\share",
        "\\u003c",
        "\\u00fc",
        "\\ud83c\\udf89",
        "o'neil",
        "für",
        "お見積り",
        "\"status\":\"recalled\"",
        "\"status\":\"gettingStatus\"",
        "\"status\":\"expanded\"",
        "postmaster@example.com",
        "/Date(",
    ] {
        assert!(text.contains(oddity), "{oddity}");
    }
}

#[test]
fn names_and_addresses_are_for_documentation() {
    for line in String::from_utf8(lines(3, 5_000, LineFormat::Graph))
        .unwrap()
        .lines()
    {
        let row: Value = serde_json::from_str(line).unwrap();
        for key in ["senderAddress", "recipientAddress"] {
            let Some((_, domain)) = row[key].as_str().unwrap_or_default().rsplit_once('@') else {
                continue;
            };
            let domain = domain.to_lowercase();
            let safe = ["example.com", "example.net", "example.org", ".example", ".test"];
            assert!(safe.iter().any(|end| domain.ends_with(end)), "{domain}");
        }
        let ip = row["fromIP"].as_str().unwrap_or_default();
        let ranges = ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"];
        assert!(
            ip.is_empty() || ranges.iter().any(|start| ip.starts_with(start)),
            "{ip}"
        );
    }
}

#[test]
fn fractions_of_a_second_are_mixed() {
    let text = String::from_utf8(lines(3, 2_000, LineFormat::Graph)).unwrap();
    let digits = text
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let time = row["receivedDateTime"].as_str().unwrap().to_owned();
            time.trim_end_matches('Z')
                .split_once('.')
                .map_or(0, |(_, fraction)| fraction.len())
        })
        .collect::<HashSet<_>>();
    assert_eq!(digits, HashSet::from([0, 3, 6, 7]));
}
