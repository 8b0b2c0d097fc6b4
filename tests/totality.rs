//! Any bytes in: no panic, the same bytes out, and what the reference says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use message_trace::{Normalizer, Options, Revision, Target};
use message_trace_reference::{
    self as reference, Generator, Json, Style, assert_same, check_batch, check_batch_after, check_line,
    check_line_after, run, some_options,
};
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
            lines.truncate(lines.len().saturating_sub(usize::from(rows.chance(2))));
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
            details: [None, Some("[]")][number % 2],
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
            "Organization",
            "custom_data",
            "original_client_ip",
            "delivery_priority"
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
            for line in rows {
                let mut normalizer = Normalizer::new(options.clone());
                let _ = normalizer.normalize(before.as_bytes(), &mut Vec::new());
                check_line_after(&mut normalizer, line.as_bytes(), &options);
                for lines in [
                    line.to_owned(),
                    format!("{line}\n{line}"),
                    format!("{line}\n\n{line}\n"),
                ] {
                    let mut normalizer = Normalizer::new(options.clone());
                    let _ = normalizer.normalize(before.as_bytes(), &mut Vec::new());
                    check_batch_after(&mut normalizer, lines.as_bytes(), &options);
                }
            }
        }
    }
}

/// A normalizer that knows a row's shape, and the row with every byte in every place: over it, before it, without it.
#[test]
fn a_known_row_with_one_byte_changed_agrees_with_the_reference() {
    let rows: [&[u8]; 2] = [
        br#"{"receivedDateTime":"2025-06-13T10:30:00Z","size":12,"a":[true,null],"fromIP":"","subject":"x\u00e9"}"#,
        br#"{"Received": "/Date(0)/", "Size": 1, "d": {"results": [7]}, "Status": null}"#,
    ];
    for row in rows {
        for options in some_options(0) {
            let mut normalizer = Normalizer::new(options.clone());
            let _ = normalizer.normalize(row, &mut Vec::new());
            for at in 0..row.len() {
                let mut cut = row.to_vec();
                cut.remove(at);
                check_line_after(&mut normalizer, &cut, &options);
                check_batch_after(&mut normalizer, &[&cut, b"\n".as_slice(), row].concat(), &options);
                for byte in b"\x00\n\r\t \"\\,:{}[]0-.eE+tfn/u\x7f\x80\xc3\xe2\xff" {
                    let mut over = row.to_vec();
                    over[at] = *byte;
                    check_line_after(&mut normalizer, &over, &options);
                    over[at] = row[at];
                    over.insert(at, *byte);
                    check_line_after(&mut normalizer, &over, &options);
                    check_batch_after(&mut normalizer, &[row, &over, row].join(&b'\n'), &options);
                }
            }
        }
    }
}

/// One normalizer for a long stream of different rows, as a program has it.
#[test]
fn a_long_stream_agrees_with_the_reference() {
    for options in some_options(0) {
        let mut normalizer = Normalizer::new(options.clone());
        let mut rows = Generator::new(5, Style::Nasty);
        for _ in 0..1000 {
            check_line_after(&mut normalizer, rows.row().as_bytes(), &options);
        }
        for _ in 0..20 {
            let lines: Vec<String> = (0..30).map(|_| rows.row()).collect();
            check_batch_after(&mut normalizer, lines.join("\n").as_bytes(), &options);
        }
    }
}
