//! Details: every line of the table of causes has its case, hostile answers cost nothing, and batches take revisions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use message_trace::{Normalizer, Options, Revised, Revision, Target};
use message_trace_reference::{
    self as reference, Case, Delivered, Expected, Generator, Json, Style, assert_same, some_options,
};

/// Answers that are broken at random.
const HOSTILE: usize = 20_000;
const ROW: &str = r#"{"id":"4451a062-48cb-480d-8196-330437ae6000","receivedDateTime":"2026-01-20T10:30:00Z","status":"failed"}"#;
/// What answers are broken with.
const PIECES: [&str; 26] = [
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/",
    "{",
    "}",
    "[",
    "]",
    "{LED=",
    "};{MSG=",
    "&lt;",
    "&#0;",
    "&#x10FFFF;",
    "&#55296;",
    "<!DOCTYPE x [",
    "<![CDATA[",
    "<?xml?>",
    "\\u0000",
    "\\ud800",
    "5.7.1",
    "5.4.14",
    ".",
    "\u{feff}",
    "é",
];

fn cases() -> impl Iterator<Item = Case> {
    let cases = reference::cases().unwrap().into_iter();
    cases.filter(|case| {
        case.revision
            .as_ref()
            .is_some_and(|known| known.details.is_some())
    })
}

#[test]
fn every_line_of_the_table_has_a_fixture_that_gives_its_cause() {
    let mut names = Vec::new();
    for line in include_str!("../crates/details/src/causes.tsv").lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        if line.starts_with('#') {
            continue;
        }
        let [name, cause, _, code, text, source] = columns[..] else {
            unreachable!("{line}: six columns")
        };
        assert!(
            !source.is_empty() && !code.is_empty() && !text.is_empty(),
            "{name}"
        );
        let name = format!("cause/{name}");
        let case = cases().find(|case| case.name == name);
        let Ok(Expected::Event(event)) = case.unwrap().expected(Target::Ecs) else {
            unreachable!("{name} is no rejection")
        };
        let found = event.member("m365").unwrap().member("message_trace").unwrap();
        assert_eq!(found.member("cause"), Some(&Json::from(cause)), "{name}");
        assert!(!names.contains(&name), "{name} twice");
        names.push(name);
    }
    let on_shelf: Vec<String> = cases()
        .map(|case| case.name)
        .filter(|name| name.starts_with("cause/"))
        .collect();
    names.sort();
    assert_eq!(names, on_shelf);
}

#[test]
fn an_event_with_details_keeps_the_id_of_the_row() {
    for case in cases() {
        let id = |revision: Option<&Revision<'_>>| {
            let event = reference::normalize(&case.input, &case.options_for(Target::Ecs), revision).unwrap();
            event.member("event").unwrap().member("id").cloned()
        };
        let revision = case.revision.as_ref().map(Delivered::revision);
        assert_eq!(id(revision.as_ref()), id(None), "{}", case.name);
    }
}

#[test]
fn hostile_details_cost_no_event() {
    let seeds: Vec<String> = cases().filter_map(|case| case.revision?.details).collect();
    let mut random = Generator::new(11, Style::Nasty);
    for number in 0..HOSTILE {
        let seed = &seeds[random.below(seeds.len())];
        if seed.len() > 4_000 {
            continue;
        }
        let mut text = seed.clone();
        for _ in 0..=random.below(4) {
            let at = floor(&text, random.below(text.len() + 1));
            match random.below(4) {
                0 => {
                    let end = floor(&text, at + random.below(12).min(text.len() - at));
                    text.replace_range(at..end.max(at), "");
                }
                1 => text.insert_str(at, PIECES[random.below(PIECES.len())]),
                2 => {
                    let other = &seeds[random.below(seeds.len())];
                    let start = floor(other, random.below(other.len() + 1));
                    let end = floor(other, (start + random.below(60)).min(other.len()));
                    text.insert_str(at, &other[start..end.max(start)]);
                }
                _ => text.truncate(at),
            }
        }
        agree(&text, &some_options(number)[number % 3]);
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or_default()
}

#[test]
fn deep_huge_and_self_referring_details_cost_no_event() {
    let step = |data: &str| {
        let data = Json::from(data).compact();
        format!(
            r#"[{{"dateTime":"2026-01-20T10:30:00Z","event":"Fail","description":"550 5.1.1","data":{data}}}]"#
        )
    };
    let deep = |count: usize| "<root>".repeat(count) + &"</root>".repeat(count);
    let wide = |count: usize| format!("<root>{}</root>", r#"<MEP Name="a" String="b"/>"#.repeat(count));
    let limit = 1 << 20;
    let texts = [
        step(&deep(10_000)),
        step(&format!(
            r#"<root><MEP Name="a" String="{}"/></root>"#,
            "x".repeat(1_000_000)
        )),
        step(&format!(
            "<!DOCTYPE a [{}]><root/>",
            "<!ENTITY a '&a;&a;'>".repeat(1_000)
        )),
        step(&wide(256)),
        step(&wide(257)),
        step(&"<".repeat(100_000)),
        step(&format!("<root>{}", "<MEP Name='a' b='c'>".repeat(5_000))),
        "[".repeat(100_000),
        format!("[{}]", "{},".repeat(50_000).trim_end_matches(',')),
        format!("[]{}", " ".repeat(limit - 2)),
        format!("[]{}", " ".repeat(limit - 1)),
        "{LED=".repeat(1_000),
        step(&"{LED=".repeat(1_000)),
    ];
    for text in &texts {
        agree(
            text,
            &Options {
                target: Target::Ecs,
                ..Options::default()
            },
        );
    }
}

/// The normalizer gives an event, and the one that the reference gives.
fn agree(details: &str, options: &Options) {
    let revision = Revision {
        sequence: 2,
        details: Some(details),
        ..Revision::default()
    };
    let mut event = Vec::new();
    let found = Normalizer::new(options.clone()).normalize_revision(ROW.as_bytes(), &revision, &mut event);
    assert_eq!(found, Ok(()), "{details}");
    assert!(
        serde_json::from_slice::<serde_json::Value>(&event).is_ok(),
        "{details}"
    );
    let expected = reference::normalize(ROW.as_bytes(), options, Some(&revision));
    assert_same(details.as_bytes(), &Ok(event), &expected);
}

#[test]
fn batches_take_revisions_in_any_order() {
    let mut rows = Generator::new(12, Style::Nasty);
    let answers: Vec<String> = cases().filter_map(|case| case.revision?.details).collect();
    for number in 0..200 {
        let mut lines = String::new();
        let mut revised = Vec::new();
        let count = rows.below(40);
        for line in 1..=count {
            let row = rows.row();
            let text = match rows.below(12) {
                0 => String::new(),
                1 => format!("{{\"value\":[{row}, {row}]}}"),
                2 => format!("[{row}]"),
                _ => row,
            };
            lines.push_str(&text);
            lines.push('\n');
            for _ in 0..[0, 0, 0, 1, 2][rows.below(5)] {
                revised.push(Revised {
                    line: u32::try_from(line).unwrap(),
                    revision: Revision {
                        sequence: rows.number(),
                        previous_status: [None, Some("pending")][rows.below(2)],
                        details: [None, Some(answers[rows.below(answers.len())].as_str())][rows.below(2)],
                    },
                });
            }
        }
        // One that is not there, and one for line 0, which none has.
        let beyond = u32::try_from(count).unwrap() + 7;
        for line in [beyond, 0] {
            revised.push(Revised {
                line,
                revision: Revision::default(),
            });
        }
        revised.rotate_left(1);
        for options in some_options(number) {
            let (mut events, mut rejected) = (Vec::new(), Vec::new());
            let given = Normalizer::new(options.clone()).normalize_revised_batch(
                lines.as_bytes(),
                revised.iter().copied(),
                &mut events,
                &mut rejected,
            );
            let (expected, refused) =
                reference::normalize_revised_batch(lines.as_bytes(), &revised, &options);
            let found: Vec<String> = events
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| Json::read(line).unwrap().compact())
                .collect();
            assert_eq!(found, expected.iter().map(Json::compact).collect::<Vec<_>>());
            assert_eq!(given as usize, expected.len());
            let named = |all: &[message_trace::Rejected]| {
                all.iter()
                    .map(|one| (one.line, one.reason.name()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(named(&rejected), named(&refused));
        }
    }
}
