//! Any bytes in: no panic, the same bytes out, and what the reference says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use message_trace::{Normalizer, Options, Rejected, Rejection, Revision, Target};
use message_trace_reference::{self as reference, Generator, Json, Style};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use std::fs;

/// Rows of the seeded generator, in all.
const GENERATED: usize = 10_000;

#[test]
fn generated_rows_agree_with_the_reference() {
    for style in [Style::Realistic, Style::Nasty] {
        let mut rows = Generator::new(1, style);
        let (mut accepted, mut short) = (0, 0);
        for number in 0..GENERATED / 2 {
            let row = rows.row();
            for options in some_options(number) {
                short += usize::from(row.len() <= options.max_line_bytes as usize);
                accepted += usize::from(check_line(row.as_bytes(), &options));
            }
        }
        match style {
            Style::Realistic => assert_eq!(accepted, short, "a realistic row becomes an event"),
            Style::Nasty => assert!(
                (short / 4..short * 9 / 10).contains(&accepted),
                "{accepted} of {short}"
            ),
        }
    }
}

#[test]
fn generated_batches_agree_with_the_reference() {
    for style in [Style::Realistic, Style::Nasty] {
        let mut rows = Generator::new(2, style);
        for number in 0..60 {
            let count = rows.below(80);
            let mut lines = String::new();
            for _ in 0..count {
                let row = rows.row();
                let page = match rows.below(30) {
                    0 => String::new(),
                    1 => " \t\r".to_owned(),
                    2 => format!("{{\"value\":[{row}, {row}]}}"),
                    3 => format!("[{row}]\r"),
                    4 => format!("{{\"d\":{{\"results\":[{row},7]}}}}"),
                    5 => row.chars().filter(char::is_ascii).take(row.len() / 2).collect(),
                    _ => row,
                };
                lines.push_str(&page);
                lines.push('\n');
            }
            if rows.chance(2) {
                lines.pop();
            }
            for options in some_options(number) {
                check_batch(lines.as_bytes(), &options);
            }
        }
    }
}

#[test]
fn revisions_agree_with_the_reference() {
    let mut rows = Generator::new(3, Style::Nasty);
    for number in 0..500 {
        let row = rows.row();
        let revision = Revision {
            sequence: rows.number(),
            previous_status: [None, Some("Pending"), Some("with \"quotes\" and \u{1}")][number % 3],
        };
        for options in some_options(number) {
            let mut event = Vec::new();
            let found =
                Normalizer::new(options.clone()).normalize_revision(row.as_bytes(), &revision, &mut event);
            let expected = reference::normalize(row.as_bytes(), &options, Some(&revision));
            assert_same(row.as_bytes(), &found.map(|()| event), &expected);
        }
    }
}

/// 318 texts: as lines, and what is JSON among them as the value of an unknown and of every known key.
#[test]
fn the_json_test_suite_goes_through() {
    let suite = corpus("json-test-suite.json");
    let Json::Array(cases) = &suite else {
        unreachable!("the suite is an array")
    };
    assert_eq!(cases.len(), 318);
    for (_, case) in cases {
        let (Some(Json::Text(name)), Some(Json::Text(input))) = (case.member("name"), case.member("input"))
        else {
            unreachable!("a case has a name and an input")
        };
        let is_json = Json::read(input.as_bytes()).is_ok();
        match name.as_bytes()[0] {
            b'y' => assert!(is_json, "{name}: the reference reads it"),
            b'n' => assert!(!is_json, "{name}: the reference refuses it"),
            _ => {}
        }
        for options in some_options(0) {
            check_line(input.as_bytes(), &options);
            check_batch(input.as_bytes(), &options);
            for line in [
                format!("{{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"unknown\":{input}}}"),
                format!("{{\"unknown\":{input},\"Received\":\"/Date(0)/\"}}"),
                format!("{{\"receivedDateTime\":{input}}}"),
                format!("{{\"value\":{input}}}"),
                format!("{{\"d\":{input}}}"),
            ] {
                check_line(line.as_bytes(), &options);
                check_batch(line.as_bytes(), &options);
            }
            if input.len() < 2000 {
                for key in KEYS {
                    let line = format!("{{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"{key}\":{input}}}");
                    check_line(line.as_bytes(), &options);
                }
            }
        }
    }
}

/// 485 strings: as lines, and as the text of every field.
#[test]
fn naughty_strings_go_through() {
    let strings = corpus("blns.json");
    let Json::Array(strings) = &strings else {
        unreachable!("the list is an array")
    };
    assert_eq!(strings.len(), 485);
    for (_, string) in strings {
        let Json::Text(raw) = string else {
            unreachable!("the list holds texts")
        };
        let text = string.compact();
        for options in some_options(1) {
            check_line(raw.as_bytes(), &options);
            check_batch(raw.as_bytes(), &options);
            for key in KEYS {
                let line = format!("{{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"{key}\":{text}}}");
                assert!(check_line(line.as_bytes(), &options) || key == "receivedDateTime");
                let upper = key[..1].to_uppercase() + &key[1..];
                check_line(
                    format!("{{\"Received\":\"/Date(7)/\",\"{upper}\":{text}}}").as_bytes(),
                    &options,
                );
            }
        }
    }
}

/// Bytes that the suite cannot hold, as it keeps its inputs as text.
#[test]
fn broken_utf8_goes_through() {
    let broken: [&[u8]; 16] = [
        b"\x80",
        b"\xbf",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xc3",
        b"\xc3(",
        b"\xe0\x80\x80",
        b"\xe2\x82",
        b"\xe2(\xa1",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\x80",
        b"\xf0\x9f\x8e",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xff\xfe",
    ];
    let row = br#"{"receivedDateTime":"2025-06-13T10:30:00Z","subject":"0123456789abcdef0123456789abcdef"}"#;
    for bytes in broken {
        // Every place of a row, so that a break falls on each side of every block that is read at once.
        for at in 0..=row.len() {
            let line = [&row[..at], bytes, &row[at..]].concat();
            assert!(!check_line(&line, &Options::default()), "{line:?}");
            check_batch(&line, &Options::default());
        }
    }
}

/// Every byte in every place: over it, and before it.
#[test]
fn a_row_with_one_byte_changed_agrees_with_the_reference() {
    let row =
        br#"{"receivedDateTime":"2025-06-13T10:30:00.5Z","size":12,"a":[true,null,{}],"fromIP":"192.0.2.1"}"#;
    for at in 0..row.len() {
        for byte in 0..=u8::MAX {
            let mut line = row.to_vec();
            line[at] = byte;
            check_line(&line, &Options::default());
            line[at] = row[at];
            line.insert(at, byte);
            check_line(
                &line,
                &Options {
                    target: Target::Ecs,
                    ..Options::default()
                },
            );
        }
    }
}

/// A text that begins and ends at every place of a block, with an escape at every place.
#[test]
fn texts_of_every_length_agree_with_the_reference() {
    for length in 0..200 {
        for (place, escape) in [
            (0, "\\n"),
            (length / 2, "\\u00e9"),
            (length, "\\\\"),
            (length, "\""),
            (0, "é"),
        ] {
            let text = format!("{}{escape}{}", "x".repeat(place), "y".repeat(length - place));
            let line = format!("{{\"subject\":\"{text}\",\"receivedDateTime\":\"2025-06-13T10:30:00Z\"}}");
            check_line(line.as_bytes(), &Options::default());
        }
    }
}

/// What stands around it in memory does not change what a line gives.
#[test]
fn a_line_gives_the_same_wherever_it_lies() {
    let mut rows = Generator::new(4, Style::Nasty);
    for _ in 0..200 {
        let row = rows.row();
        let plain = run(row.as_bytes(), &Options::default());
        for filler in [b"\"".as_slice(), b"}]", b"\\\\\\", b"\n\xff\xff"] {
            for shift in 0..20 {
                let mut buffer = filler.repeat(20)[..shift].to_vec();
                buffer.extend_from_slice(row.as_bytes());
                buffer.extend_from_slice(&filler.repeat(40));
                assert_eq!(run(&buffer[shift..shift + row.len()], &Options::default()), plain);
            }
        }
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 2000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..300), number in 0..9_usize) {
        for options in some_options(number) {
            check_line(&bytes, &options);
            check_batch(&bytes, &options);
        }
    }

    #[test]
    fn bytes_of_json_are_taken(
        bytes in prop::collection::vec(prop::sample::select(br#"{}[]:,"\u0aeE+-.19truefalsn /dDR "#.to_vec()), 0..80)
    ) {
        for options in some_options(0) {
            check_line(&bytes, &options);
            check_batch(&bytes, &options);
        }
    }

    #[test]
    fn json_of_any_shape_is_taken(value in any_json(), number in 0..9_usize) {
        for options in some_options(number) {
            check_line(value.as_bytes(), &options);
            check_batch(value.as_bytes(), &options);
        }
    }

    #[test]
    fn mutated_rows_are_taken(
        seed in any::<u64>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..5),
    ) {
        let mut line = Generator::new(seed, Style::Nasty).row().into_bytes();
        for (place, kind, byte) in cuts {
            let at = place.index(line.len() + 1);
            match kind {
                0 => line.insert(at, byte),
                1 if at < line.len() => line[at] = byte,
                2 if at < line.len() => drop(line.remove(at)),
                _ => line.truncate(at),
            }
        }
        for options in some_options(usize::try_from(seed % 9).unwrap_or_default()) {
            check_line(&line, &options);
            check_batch(&line, &options);
        }
    }
}

const KEYS: [&str; 10] = [
    "id",
    "messageId",
    "senderAddress",
    "recipientAddress",
    "subject",
    "size",
    "fromIP",
    "toIP",
    "status",
    "receivedDateTime",
];

/// Objects whose keys and values are often those of a row.
fn any_json() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        prop::sample::select(KEYS.to_vec()).prop_map(|key| format!("\"{key}\"")),
        prop::sample::select(vec![
            "Received",
            "value",
            "d",
            "results",
            "Size",
            "Subject",
            "Organization"
        ])
        .prop_map(|key| format!("\"{key}\"")),
        any::<String>().prop_map(|text| Json::Text(text).compact()),
    ];
    let leaf = prop_oneof![
        any::<String>().prop_map(|text| Json::Text(text).compact()),
        "[0-9a-fA-F:.%\\[\\]]{0,20}".prop_map(|text| Json::Text(text).compact()),
        "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,10})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])?"
            .prop_map(|text| Json::Text(text).compact()),
        "/Date\\(-?[0-9]{0,16}([+-][0-9]{3,5})?\\)/".prop_map(|text| Json::Text(text).compact()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?",
        prop::sample::select(vec!["null", "true", "false", "\"\\ud800\"", "\"\\udc00\\ud83d\\ude00\""])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("{key}: {value}"))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

/// One set of options for each target.
fn some_options(number: usize) -> [Options; 3] {
    let domains: &[&str] = [
        &[] as &[&str],
        &["example.com"],
        &["EXAMPLE.net", "example.org", ""],
    ][number % 3];
    Target::ALL.map(|target| Options {
        target,
        organization_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
        tenant_id: [None, Some("c0ffee00-1111-4222-8333-444455556666".to_owned())][number % 2].clone(),
        keep_original: !number.is_multiple_of(3),
        max_line_bytes: if number % 5 == 4 { 400 } else { 1_048_576 },
    })
}

fn run(line: &[u8], options: &Options) -> Result<Vec<u8>, Rejection> {
    let mut event = Vec::new();
    Normalizer::new(options.clone())
        .normalize(line, &mut event)
        .map(|()| event)
}

/// Whether the line became an event.
fn check_line(line: &[u8], options: &Options) -> bool {
    let mut normalizer = Normalizer::new(options.clone());
    // What is there before stays, and a refusal adds nothing.
    let mut event = b"before".to_vec();
    let first = normalizer
        .normalize(line, &mut event)
        .map(|()| event.split_off(6));
    assert_eq!(event, b"before");
    let mut again = Vec::new();
    let second = normalizer.normalize(line, &mut again).map(|()| again);
    assert_eq!(first, second, "the same bytes twice");
    if let Err(Rejection::Syntax(at)) = first {
        assert!(at as usize <= line.len(), "offset {at} is beyond the line");
    }
    if let Ok(event) = &first {
        let _: serde_json::Value = serde_json::from_slice(event).expect("an event is JSON");
        assert!(!event.contains(&b'\n'), "an event is one line");
    }
    assert_same(line, &first, &reference::normalize(line, options, None));
    first.is_ok()
}

fn check_batch(lines: &[u8], options: &Options) {
    let mut normalizer = Normalizer::new(options.clone());
    let (mut events, mut rejected) = (Vec::new(), Vec::new());
    let count = normalizer.normalize_batch(lines, &mut events, &mut rejected);
    let (mut again, mut rejected_again) = (Vec::new(), Vec::new());
    assert_eq!(
        normalizer.normalize_batch(lines, &mut again, &mut rejected_again),
        count
    );
    assert!(
        events == again && rejected == rejected_again,
        "the same bytes twice"
    );

    // A batch equals its rows one by one, to the byte.
    let mut one_by_one = Vec::new();
    let mut refused_one_by_one = Vec::new();
    for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(|byte| b" \t\r".contains(byte)) {
            continue;
        }
        let number = u32::try_from(index + 1).unwrap();
        let results: Vec<_> = match reference::expand(line) {
            None => vec![run(line, options)],
            // A row alone in an array is a row of an envelope to the single call as well. Only the limit differs: there
            // it is the envelope's.
            Some(rows) => rows
                .into_iter()
                .map(|row| match reference::normalize_row(row, options, None) {
                    Err(Rejection::TooLong(limit)) => Err(Rejection::TooLong(limit)),
                    _ => run(
                        &[b"[", row, b"]"].concat(),
                        &Options {
                            max_line_bytes: u32::MAX,
                            ..options.clone()
                        },
                    ),
                })
                .collect(),
        };
        for result in results {
            match result {
                Ok(event) => {
                    one_by_one.extend_from_slice(&event);
                    one_by_one.push(b'\n');
                }
                Err(reason) => refused_one_by_one.push((number, reason.name())),
            }
        }
    }
    assert!(
        events == one_by_one,
        "{}\n{}",
        String::from_utf8_lossy(&events),
        String::from_utf8_lossy(&one_by_one)
    );
    let names = |rejected: &[Rejected]| -> Vec<_> {
        rejected
            .iter()
            .map(|rejected| (rejected.line, rejected.reason.name()))
            .collect()
    };
    assert_eq!(
        names(&rejected),
        refused_one_by_one,
        "{}",
        String::from_utf8_lossy(lines)
    );

    let (expected, refusals) = reference::normalize_batch(lines, options);
    assert_eq!(count as usize, expected.len());
    assert_eq!(names(&rejected), names(&refusals));
}

/// Equal as JSON with the same order of keys, or refused for the same reason. Offsets are the reader's own.
fn assert_same(line: &[u8], found: &Result<Vec<u8>, Rejection>, expected: &Result<Json, Rejection>) {
    if let (Err(Rejection::Syntax(_)), Err(Rejection::Syntax(_))) = (found, expected) {
        return;
    }
    let show = |result: Result<Json, Rejection>| match result {
        Ok(event) => event.compact(),
        Err(rejection) => format!("{rejection:?}"),
    };
    let read = |event: &Vec<u8>| Json::read(event).expect("an event is JSON");
    let (found, expected) = (
        show(found.as_ref().map(read).map_err(|reason| *reason)),
        show(expected.clone()),
    );
    // Where the two part, and a little of what is around.
    let common = found
        .chars()
        .zip(expected.chars())
        .take_while(|(one, other)| one == other)
        .count();
    let around = |text: &str| {
        text.chars()
            .skip(common.saturating_sub(40))
            .take(100)
            .collect::<String>()
    };
    assert!(
        found == expected,
        "\nline     {}\nfound    …{}…\nexpected …{}…",
        String::from_utf8_lossy(line),
        around(&found),
        around(&expected),
    );
}

fn corpus(name: &str) -> Json {
    let path = reference::folder().join("corpora").join(name);
    Json::read(&fs::read(path).unwrap()).expect("the corpus is JSON")
}

/// What was seen before changes nothing: not in the single call, not in a batch.
#[test]
fn a_normalizer_forgets_every_line() {
    let rows = [
        "{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"subject\":\"a\"}",
        "{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"subject\":\"a\"}\n",
        "{\n\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"subject\":\"a\"}",
        "\n\n{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"subject\":\"a\"}",
        "{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"subject\":\n\"a\"}\r\n",
        "[{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\n\"subject\":\"a\"\n}]",
    ];
    for options in some_options(0) {
        for before in rows {
            let mut normalizer = Normalizer::new(options.clone());
            let _ = normalizer.normalize(before.as_bytes(), &mut Vec::new());
            for line in rows {
                let mut event = Vec::new();
                let found = normalizer.normalize(line.as_bytes(), &mut event).map(|()| event);
                assert_eq!(found, run(line.as_bytes(), &options), "{before:?} {line:?}");
                for lines in [
                    line.to_owned(),
                    format!("{line}\n{line}"),
                    format!("{line}\n\n{line}\n"),
                ] {
                    let mut normalizer = Normalizer::new(options.clone());
                    let _ = normalizer.normalize(before.as_bytes(), &mut Vec::new());
                    let (mut events, mut rejected) = (Vec::new(), Vec::new());
                    normalizer.normalize_batch(lines.as_bytes(), &mut events, &mut rejected);
                    let (mut fresh, mut fresh_rejected) = (Vec::new(), Vec::new());
                    Normalizer::new(options.clone()).normalize_batch(
                        lines.as_bytes(),
                        &mut fresh,
                        &mut fresh_rejected,
                    );
                    assert_eq!(
                        (String::from_utf8_lossy(&events), rejected),
                        (String::from_utf8_lossy(&fresh), fresh_rejected),
                        "after {before:?}: {lines:?}"
                    );
                    check_batch(lines.as_bytes(), &options);
                }
            }
        }
    }
}
