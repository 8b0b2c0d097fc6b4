//! The fixtures themselves: complete, and nobody's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use message_trace::Target;
use message_trace_reference as reference;
use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;

/// The hosts kept for documentation, and what a tenant's first domain looks like.
const HOSTS: [&str; 9] = [
    "example.com",
    "example.net",
    "example.org",
    "example.edu",
    "example",
    "example.onmicrosoft.com",
    "invalid",
    "test",
    "localhost",
];

/// Hosts that only look like one: the last part of a file name, of a type, or a case about sub-domains.
const NOT_HOSTS: [&str; 1] = ["notexample.com"];

const SEEDS: [&str; 3] = [
    "graph-delivered",
    "reporting-getting-status",
    "reporting-null-subject",
];

#[test]
fn every_line_has_its_expectations_and_every_expectation_its_line() {
    let shelves = fs::read_dir(reference::folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        // Material of others.
        .filter(|shelf| !["schema", "corpora"].contains(&shelf.as_str()));
    for shelf in shelves.chain([String::new()]) {
        let folder = reference::folder().join(shelf);
        let names: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        for name in &names {
            let Some((case, ending)) = name.split_once('.') else {
                continue;
            };
            if name == "README.md" {
                continue;
            }
            assert!(names.contains(&format!("{case}.in.txt")), "{name} has no line");
            assert!(
                case.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{name}: lower-case words and hyphens"
            );
            if ending != "in.txt" {
                continue;
            }
            let has = |ending: &str| names.contains(&format!("{case}.{ending}"));
            if folder.ends_with("batch") {
                assert!(has("rejections.json"), "{case}");
                for target in Target::ALL {
                    assert!(
                        has(&format!("{}.ndjson", target.name())),
                        "{case} {}",
                        target.name()
                    );
                }
            } else {
                for target in Target::ALL {
                    let event = has(&format!("{}.json", target.name()));
                    assert!(
                        event != has("rejection.json"),
                        "{case} {}: an event or a rejection",
                        target.name()
                    );
                }
            }
        }
    }
}

/// Every case but the seeds stands on a shelf.
#[test]
fn the_top_shelf_holds_the_seeds_only() {
    let cases = reference::cases().unwrap();
    let top = cases.iter().filter(|case| !case.name.contains('/'));
    assert_eq!(top.map(|case| case.name.as_str()).collect::<Vec<_>>(), SEEDS);
}

#[test]
fn there_are_cases_of_every_kind() {
    let cases = reference::cases().unwrap();
    assert!(cases.len() >= 80, "only {} cases", cases.len());
    let kinds = [
        "address/",
        "bounce/",
        "direction/",
        "envelope/",
        "graph/",
        "id/",
        "ip/",
        "message-id/",
        "options/",
        "reject/envelope",
        "reject/invalid-field",
        "reject/missing-field",
        "reject/syntax",
        "reject/too-deep",
        "reject/too-long",
        "reject/unknown-format",
        "reporting/",
        "revision/",
        "size/",
        "status/",
        "text/",
        "time/",
    ];
    for kind in kinds {
        assert!(
            cases.iter().any(|case| case.name.starts_with(kind)),
            "no case of {kind}"
        );
    }
}

/// Raw lines hold documentation names, addresses and networks only.
#[test]
fn the_fixtures_name_nobody() {
    let mut wrong = Vec::new();
    let batches = reference::batches().unwrap().into_iter().map(|batch| batch.case);
    for case in reference::cases().unwrap().into_iter().chain(batches) {
        if SEEDS.contains(&case.name.as_str()) {
            continue;
        }
        let text = String::from_utf8_lossy(&case.input).into_owned();
        let is_word = |letter: char| letter.is_alphanumeric() || "-._".contains(letter);
        for host in text
            .split('@')
            .skip(1)
            .map(|rest| rest.split(|letter| !is_word(letter)).next().unwrap())
        {
            let host = host.trim_end_matches('.').to_lowercase();
            if !host.is_empty() && !host.starts_with("odata.") && host != "b" && !is_documentation_host(&host)
            {
                wrong.push(format!("{}: {host}", case.name));
            }
        }
        for word in text
            .split(|letter: char| !is_word(letter))
            .filter(|word| word.contains('.'))
        {
            let tail = word.rsplit('.').next().unwrap().to_lowercase();
            if ["com", "net", "org", "edu", "de", "fr", "io"].contains(&tail.as_str())
                && !is_documentation_host(&word.to_lowercase())
            {
                wrong.push(format!("{}: {word}", case.name));
            }
        }
        for word in text.split(|letter: char| !letter.is_ascii_hexdigit() && !".:".contains(letter)) {
            if let Ok(address) = word.parse::<IpAddr>()
                && !is_documentation_address(address)
            {
                wrong.push(format!("{}: {address}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn is_documentation_host(host: &str) -> bool {
    NOT_HOSTS.contains(&host)
        || HOSTS
            .iter()
            .any(|known| host == *known || host.ends_with(&format!(".{known}")))
}

/// RFC 5737 and RFC 3849; link-local and mapped addresses stand for nobody.
fn is_documentation_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            [[192, 0, 2], [198, 51, 100], [203, 0, 113]].contains(&address.octets()[..3].try_into().unwrap())
        }
        IpAddr::V6(address) => {
            let segments = address.segments();
            segments[..2] == [0x2001, 0xdb8] || segments[0] == 0xfe80 || address.is_unspecified()
        }
    }
}
