//! Events against the schemas they claim: ECS 9.4.0 and OCSF 1.8.0, class 4009. Zero findings, for every fixture and
//! for generated rows.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod ecs;
mod ocsf;

use message_trace::{Normalizer, Options, Revision, Target};
use message_trace_reference::{self as reference, Generator, Style};
use serde_json::{Value, json};

/// Rows of either style that go through each set of options.
const GENERATED: usize = 2500;

#[test]
fn ecs_events_have_no_findings() {
    let schema = ecs::Schema::load();
    let count = for_all_events(Target::Ecs, |event| schema.findings(event));
    assert!(count > 2 * GENERATED, "only {count} events were checked");
}

#[test]
fn ocsf_events_have_no_findings() {
    let schema = ocsf::Schema::load();
    let count = for_all_events(Target::Ocsf, |event| schema.findings(event));
    assert!(count > 2 * GENERATED, "only {count} events were checked");
}

/// A validator that finds nothing proves nothing.
#[test]
fn the_ecs_validator_finds_what_is_wrong() {
    let schema = ecs::Schema::load();
    let right = json!({
        "@timestamp": "2025-06-13T10:30:00Z",
        "ecs": {"version": "9.4.0"},
        "event": {"kind": "event", "category": ["email"], "type": ["info"]},
        "m365": {"message_trace": {"anything": 1}},
    });
    assert_eq!(schema.findings(&right), Vec::<String>::new());
    let wrong = [
        ("/@timestamp", json!("yesterday"), "@timestamp: no date"),
        ("/@timestamp", Value::Null, "@timestamp: null"),
        ("/event/kind", json!("news"), "event.kind: news is not allowed"),
        ("/event/kind", json!(["event"]), "event.kind: an array"),
        ("/event/category", json!("email"), "event.category: not an array"),
        ("/event/category", json!([]), "event.category: empty"),
        (
            "/event/type",
            json!(["start"]),
            "event.type: start is not expected for email",
        ),
        (
            "/event",
            json!({"id": 5, "kind": "event"}),
            "event.id: no keyword",
        ),
        ("/event", json!({"nonsense": "x"}), "event.nonsense: unknown"),
        ("/event", json!({"sequence": 1.5}), "event.sequence: no long"),
        ("/event", json!({}), "event: empty"),
        ("/ecs/version", json!(""), "ecs.version: empty"),
        ("/m365", json!({"other": 1}), "m365.other: unknown"),
        (
            "/m365",
            json!({"source": {}, "message_trace": {"id": ""}}),
            "m365.source: empty",
        ),
    ];
    for (pointer, value, finding) in wrong {
        let mut event = right.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        let findings = schema.findings(&event);
        assert!(
            findings.iter().any(|found| found == finding),
            "{finding}: {findings:?}"
        );
    }
    assert!(
        schema
            .findings(&json!({}))
            .contains(&"@timestamp: missing".to_owned())
    );
    let ip = json!({"source": {"ip": "192.0.2.256"}});
    assert!(schema.findings(&ip).contains(&"source.ip: no ip".to_owned()));
}

#[test]
fn the_ocsf_validator_finds_what_is_wrong() {
    let schema = ocsf::Schema::load();
    let mut right = Vec::new();
    let line =
        br#"{"receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"a@example.com","recipientAddress":
        "b@example.org","fromIP":"192.0.2.1","status":"Deferred"}"#;
    let options = Options {
        target: Target::Ocsf,
        ..Options::default()
    };
    Normalizer::new(options).normalize(line, &mut right).unwrap();
    let right: Value = serde_json::from_slice(&right).unwrap();
    assert_eq!(schema.findings(&right), Vec::<String>::new());
    let wrong = [
        ("/class_uid", json!(4001), "class_uid: 4001 is not in the list"),
        ("/time", json!("2025"), "time: no long_t"),
        ("/time", json!(0.5), "time: no long_t"),
        ("/to", json!("b@example.org"), "to: not an array"),
        ("/from", json!(["a@example.com"]), "from: an array"),
        ("/src_endpoint/ip", json!("nowhere"), "src_endpoint.ip: no ip_t"),
        (
            "/src_endpoint",
            json!({"port": 25}),
            "src_endpoint: none of ip, uid, name, hostname",
        ),
        (
            "/src_endpoint",
            json!({"ip": "192.0.2.1", "port": 65_536}),
            "src_endpoint.port: out of range",
        ),
        ("/email", json!({}), "email: none of from, to"),
        (
            "/email",
            json!({"to": ["x"], "smtp_to": ["x"]}),
            "email.smtp_to: deprecated",
        ),
        (
            "/email",
            json!({"to": ["x"], "colour": "red"}),
            "email.colour: unknown",
        ),
        ("/metadata/version", json!(1.8), "metadata.version: no string_t"),
        (
            "/metadata",
            json!({"version": "1.8.0"}),
            "metadata.product: missing",
        ),
        (
            "/status",
            json!("Success"),
            "status: Success is the caption of another status_id",
        ),
        ("/status_id", json!(1), "status: not the caption of status_id 1"),
        ("/status_id", json!(7), "status_id: 7 is not in the list"),
        (
            "/type_uid",
            json!(400_901),
            "type_uid: not class_uid * 100 + activity_id",
        ),
        (
            "/observables/0/name",
            json!("nobody"),
            "observables: nobody names nothing",
        ),
        (
            "/observables/0/value",
            json!("x@example.com"),
            "observables: from has another value",
        ),
        (
            "/observables/0/type_id",
            json!(2),
            "observables: from is of type_id 5",
        ),
        (
            "/observables/0/type_id",
            json!(777),
            "observables.type_id: 777 is not in the list",
        ),
        ("/severity_id", Value::Null, "severity_id: null"),
    ];
    for (pointer, value, finding) in wrong {
        let mut event = right.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        let findings = schema.findings(&event);
        assert!(
            findings.iter().any(|found| found.starts_with(finding)),
            "{finding}: {findings:?}"
        );
    }
}

/// Checks the events of all fixtures and of generated rows; panics with what was found. Returns how many events.
fn for_all_events(target: Target, findings: impl Fn(&Value) -> Vec<String>) -> usize {
    let mut count = 0;
    let mut check = |line: &[u8], options: Options, revision: Option<&Revision<'_>>| {
        let mut event = Vec::new();
        let mut normalizer = Normalizer::new(options);
        let outcome = match revision {
            Some(revision) => normalizer.normalize_revision(line, revision, &mut event),
            None => normalizer.normalize(line, &mut event),
        };
        if outcome.is_ok() {
            let value: Value = serde_json::from_slice(&event).expect("an event is JSON");
            let found = findings(&value);
            assert!(
                found.is_empty(),
                "{found:?}\nline  {}\nevent {value}",
                String::from_utf8_lossy(line)
            );
            count += 1;
        }
    };
    for case in reference::cases().unwrap() {
        let revision = case.revision.as_ref().map(reference::Delivered::revision);
        check(&case.input, case.options_for(target), revision.as_ref());
    }
    for batch in reference::batches().unwrap() {
        for line in batch.case.input.split(|byte| *byte == b'\n') {
            check(line, batch.case.options_for(target), None);
        }
    }
    let all_options = Options {
        target,
        organization_domains: vec!["example.com".to_owned()],
        tenant_id: Some("c0ffee00-1111-4222-8333-444455556666".to_owned()),
        keep_original: false,
        ..Options::default()
    };
    let revision = Revision {
        sequence: 2,
        previous_status: Some("pending"),
        ..Revision::default()
    };
    for style in [Style::Realistic, Style::Nasty] {
        let mut rows = Generator::new(9, style);
        for _ in 0..GENERATED {
            let row = rows.row();
            check(
                row.as_bytes(),
                Options {
                    target,
                    ..Options::default()
                },
                None,
            );
            check(row.as_bytes(), all_options.clone(), Some(&revision));
        }
    }
    count
}
