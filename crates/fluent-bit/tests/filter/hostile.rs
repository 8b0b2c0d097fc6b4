//! What no one should send, and what a host may do.

use message_trace::Target;
use message_trace_fluent_bit_host::{Instance, function, record, rejection_of};
use serde_json::{Value, json};

use crate::guest::wasm;

const ROW: &str =
    r#"{"receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"alice@example.com","status":"delivered"}"#;
const DOMAINS: &str =
    r#"{"organization_domains":["example.com"],"tenant_id":"4451a062-48cb-e80d-e8c0-196330437ae6"}"#;

fn call(instance: &mut Instance, record: impl AsRef<[u8]>) -> Value {
    let event = instance
        .call("message_trace_ecs", record.as_ref())
        .unwrap()
        .unwrap();
    serde_json::from_str(&event).unwrap()
}

#[test]
fn a_hostile_record_stays_in_the_stream() {
    let mut instance = Instance::new(wasm()).unwrap();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let records = [
        "",
        "{}",
        "{",
        "}",
        "[]",
        "[{},{}]",
        "null",
        "\"text\"",
        "{}\n{}",
        "{\"log\":null}",
        "{\"log\":1}",
        "{\"log\":\"",
        "{\"log\":\"\\",
        "{\"log\":\"\\u12",
        "{\"log\":\"\\ud800\"}",
        "{\"log\":\"\\u0000\\u0001\"}",
        "{\"log\":{\"log\":\"x\"}}",
        "{\"receivedDateTime\":\"\\u0000\"}",
        "{\"message_trace_options\":\"{}\"}",
        "{\"message_trace_options\":\"\"}",
        "{\"message_trace_options\":{}}",
        deep.as_str(),
    ];
    for record in records {
        let event = instance.call("message_trace_sekoia", record.as_bytes()).unwrap();
        assert!(rejection_of(&event.unwrap()).is_some(), "{record}");
    }
    let broken = [
        &b"\xff\xfe"[..],
        b"{\"log\":\"\xff\"}",
        b"{\"receivedDateTime\":\"\xc3\x28\"}",
    ];
    for record in broken {
        let event = instance.call("message_trace_sekoia", record).unwrap();
        assert!(rejection_of(&event.unwrap()).is_some());
    }
    assert_eq!(call(&mut instance, ROW)["event"]["kind"], "event");
}

#[test]
fn a_nul_in_a_value_comes_out_escaped() {
    let mut instance = Instance::new(wasm()).unwrap();
    let record = ROW.replace("delivered", "a\\u0000b");
    assert_eq!(
        call(&mut instance, record)["m365"]["message_trace"]["status"],
        "a\0b"
    );
}

#[test]
fn options_stand_last_and_are_taken_out() {
    let mut instance = Instance::new(wasm()).unwrap();
    let plain = call(&mut instance, ROW);
    assert_eq!(plain["organization"], Value::Null);
    let as_object = format!(
        "{},\"message_trace_options\":{DOMAINS}}}",
        ROW.strip_suffix('}').unwrap()
    );
    for _ in 0..2 {
        for record in [
            record::with_options(ROW.as_bytes(), Some(DOMAINS)),
            as_object.clone().into_bytes(),
        ] {
            let event = call(&mut instance, record);
            assert_eq!(
                event["organization"]["id"],
                "4451a062-48cb-e80d-e8c0-196330437ae6"
            );
            assert_eq!(event["event"]["original"], ROW);
        }
        let line = record::with_options(&record::of_line(ROW.as_bytes()), Some(DOMAINS));
        assert_eq!(call(&mut instance, line)["event"]["original"], ROW);
        assert_eq!(call(&mut instance, ROW), plain);
    }
}

#[test]
fn options_that_are_none_mark_every_row_and_name_no_value() {
    let mut instance = Instance::new(wasm()).unwrap();
    for options in [
        "",
        "x",
        "[]",
        "{\"tenant\":\"secret\"}",
        "{\"keep_original\":\"secret\"}",
    ] {
        let event = call(&mut instance, record::with_options(ROW.as_bytes(), Some(options)));
        assert_eq!(event["log"], ROW, "{options}");
        let message = event["error"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("message_trace_options: expected"),
            "{message}"
        );
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn the_target_is_that_of_the_function_or_of_the_options() {
    let mut instance = Instance::new(wasm()).unwrap();
    let record = record::with_options(ROW.as_bytes(), Some(r#"{"target":"ocsf"}"#));
    let mut member = |function: &str, record: &[u8], key: &str| {
        let event: Value = serde_json::from_str(&instance.call(function, record).unwrap().unwrap()).unwrap();
        assert!(event.get(key).is_some(), "{function} {event}");
    };
    member("message_trace", &record, "class_uid");
    member("message_trace", ROW.as_bytes(), "message");
    member("message_trace_sekoia", &record, "message");
    member("message_trace_ecs", &record, "ecs");
    member("message_trace_ocsf", ROW.as_bytes(), "class_uid");
}

#[test]
fn a_line_is_found_behind_other_keys() {
    let mut instance = Instance::new(wasm()).unwrap();
    let record = json!({"file": "a.ndjson", "log": ROW, "stream": "x"}).to_string();
    let plain = call(&mut instance, ROW);
    assert_eq!(call(&mut instance, &record), plain);
    let with = record::with_options(record.as_bytes(), Some("{\"keep_original\":true}"));
    assert_eq!(call(&mut instance, with), plain);
    let refused = json!({"file": "a.ndjson", "log": "no row"}).to_string();
    assert_eq!(call(&mut instance, refused)["log"], "no row");
}

#[test]
fn long_rows_arrive() {
    let mut instance = Instance::new(wasm()).unwrap();
    let long = ROW.replace("delivered", &"x".repeat(2_000_000));
    let records = [long.clone().into_bytes(), record::of_line(long.as_bytes())];
    for record in &records {
        let event = call(&mut instance, record);
        assert_eq!(event["error"]["message"], "longer than 1048576 bytes");
        assert_eq!(event["log"], long);
    }
    for record in records {
        let record = record::with_options(&record, Some("{\"max_line_bytes\":3000000}"));
        assert_eq!(call(&mut instance, record)["event"]["original"], long);
    }
}

#[test]
fn a_record_that_found_no_room_is_not_lost_silently() {
    let mut instance = Instance::new(wasm()).unwrap();
    call(&mut instance, ROW);
    instance.limit_memory(instance.memory_bytes() + (1 << 20));
    let long = ROW.replace("delivered", &"x".repeat(3_000_000));
    let event = call(&mut instance, long);
    let message = event["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("the record of 30000"), "{message}");
    assert_eq!(event["event"]["kind"], "pipeline_error");
    assert_eq!(call(&mut instance, ROW)["event"]["kind"], "event");
}

#[test]
fn memory_does_not_grow() {
    let mut instance = Instance::new(wasm()).unwrap();
    let line = record::of_line(ROW.as_bytes());
    let functions = Target::ALL.map(|target| function(target.name()));
    let rounds = |instance: &mut Instance, calls: u32| {
        for call in 0..calls {
            let function = &functions[call as usize % functions.len()];
            let record = if call % 2 == 0 { ROW.as_bytes() } else { &line };
            instance.call(function, record).unwrap();
        }
    };
    rounds(&mut instance, 100);
    let before = instance.memory_bytes();
    rounds(&mut instance, 200_000);
    assert_eq!(instance.memory_bytes(), before);
    // Fluent Bit before 4.2 never gives a buffer back.
    instance.leak();
    rounds(&mut instance, 40_000);
    assert!(instance.memory_bytes() <= before + (1 << 16));
}
