//! The id that is read from a line is the id that its event has, in every target that has one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use message_trace::{EventIds, Normalizer, Options, Target};
use message_trace_reference::{Generator, Style};
use proptest::prelude::*;

/// The id in the event of a line; `None` if there is no event, or none in it.
fn written(target: Target, line: &[u8]) -> Option<String> {
    let mut event = Vec::new();
    let options = Options {
        target,
        ..Options::default()
    };
    Normalizer::new(options).normalize(line, &mut event).ok()?;
    let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
    let id = match target.name() {
        "ecs" => &event["event"]["id"],
        "ocsf" => &event["metadata"]["uid"],
        // The others have no place for it.
        _ => return None,
    };
    id.as_str().map(str::to_owned)
}

fn agrees(ids: &mut EventIds, line: &str) {
    let read = ids.read(line.as_bytes()).map(|id| id.as_str().to_owned());
    for target in [Target::Ecs, Target::Ocsf] {
        assert_eq!(
            read,
            written(target, line.as_bytes()),
            "{} of {line}",
            target.name()
        );
    }
}

#[test]
fn generated_rows_have_the_id_of_their_events() {
    let mut ids = EventIds::default();
    for style in [Style::Realistic, Style::Nasty] {
        let mut rows = Generator::new(11, style);
        for _ in 0..3_000 {
            agrees(&mut ids, &rows.row());
        }
    }
}

/// A trace id in one of the spellings of a GUID, nearly one, or no GUID at all.
fn trace_id() -> impl Strategy<Value = String> {
    prop_oneof![
        "[{(]?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}[)}]?",
        "[{(]{0,2}[0-9a-fA-F]{32}[)}]{0,2}",
        "[{(]?[0-9a-gA-G]{8}-?[0-9a-f-]{3,5}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}[)}]?",
        "[ -!#-\\[\\]-~]{0,12}",
        r"(\\u[dD][89abAB][0-9a-f]{2}|\\u[dD][c-fC-F][0-9a-f]{2}|\\n|\\/|\\u00c4|a){1,4}",
    ]
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z.]{1,8}@[A-Za-z.]{1,8}",
        "[ -!#-\\[\\]-~]{0,12}",
        "[ÄÖİŞßΣσ]{1,4}@[ÄÖİŞß]{1,3}",
        r"(\\u[dD][89abAB][0-9a-f]{2}|\\u[dD][c-fC-F][0-9a-f]{2}|\\u0130|\\u00C4|@|B){1,5}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn hostile_rows_have_the_id_of_their_events(
        id in trace_id(),
        recipient in address(),
        status in prop_oneof![Just("delivered".to_owned()), Just("FilteredAsSpam".to_owned()), address()],
        twice in any::<bool>(),
        is_graph in any::<bool>(),
    ) {
        let again = if twice { "\"id\":\"first\",\"recipientAddress\":\"first@example.com\"," } else { "" };
        let line = if is_graph {
            format!(
                "{{{again}\"id\":\"{id}\",\"recipientAddress\":\"{recipient}\",\
                 \"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"status\":\"{status}\"}}"
            )
        } else {
            format!(
                "{{\"MessageTraceId\":\"{id}\",\"RecipientAddress\":\"{recipient}\",\
                 \"Received\":\"2025-06-13T10:30:00\",\"Status\":\"{status}\"}}"
            )
        };
        agrees(&mut EventIds::default(), &line);
    }
}

#[test]
fn one_row_is_named_the_same_in_every_spelling_and_status() {
    let mut ids = EventIds::default();
    let mut row = |id: &str, recipient: &str, status: &str| {
        let line = format!(
            "{{\"id\":\"{id}\",\"recipientAddress\":\"{recipient}\",\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\
             \"status\":\"{status}\"}}"
        );
        ids.read(line.as_bytes()).unwrap().row().to_owned()
    };
    let name = row(
        "4451a062-48cb-e80d-e8c0-196330437ae6",
        "bob@example.org",
        "pending",
    );
    assert_eq!(name, "4451a062-48cb-e80d-e8c0-196330437ae6/bob@example.org");
    for id in [
        "4451A06248CBE80DE8C0196330437AE6",
        "{4451a062-48cb-e80d-e8c0-196330437ae6}",
        "(4451A062-48CB-E80D-E8C0-196330437AE6)",
    ] {
        assert_eq!(row(id, "BOB@example.org", "a/b"), name);
    }
    assert!(ids.read(b"{}").is_none());
    assert!(
        ids.read(b"{\"receivedDateTime\":\"2025-06-13T10:30:00Z\"}")
            .is_none(),
        "no trace id"
    );
}
