//! The plug-in under a host with Tangent's faults.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use message_trace::{Normalizer, Target};
use message_trace_reference::cases;
use message_trace_tangent_host::{Plugin, Row, refusal};
use serde_json::Value;

const ROW: &str =
    r#"{"receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"alice@example.com","status":"delivered"}"#;

/// The plug-in as `./build.sh tangent` makes it; `MESSAGE_TRACE_TANGENT` names another one.
fn wasm() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| {
        if let Some(path) = std::env::var_os("MESSAGE_TRACE_TANGENT") {
            return std::fs::read(path).unwrap();
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target = root.join("target/tangent");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .current_dir(&root)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .args([
                "rustc",
                "--quiet",
                "--package",
                "message-trace-tangent",
                "--lib",
                "--release",
            ])
            .args([
                "--crate-type",
                "cdylib",
                "--target",
                "wasm32-unknown-unknown",
                "--target-dir",
            ])
            .arg(&target)
            .status()
            .unwrap();
        assert!(status.success(), "the plug-in does not build");
        std::fs::read(target.join("wasm32-unknown-unknown/release/message_trace_tangent.wasm")).unwrap()
    })
}

fn events(plugin: &mut Plugin, lines: &[&str]) -> Vec<Value> {
    let rows = lines
        .iter()
        .map(|line| Row::read(line.as_bytes()).unwrap())
        .collect();
    let events = plugin.process(rows).unwrap();
    let events = events
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    events
        .map(|event| serde_json::from_slice(event).unwrap())
        .collect()
}

/// Takes the copy of the line out.
fn without_original(mut event: Value) -> Value {
    for key in ["message", "raw_data", "log"] {
        event.as_object_mut().unwrap().shift_remove(key);
    }
    if let Some(members) = event.get_mut("event").and_then(Value::as_object_mut) {
        members.shift_remove("original");
    }
    event
}

/// Fixtures about something that a view does not show: which of two values came last, how an offset counts bytes of the
/// line, how deep or long it is, and what an envelope holds.
fn is_hidden(name: &str) -> bool {
    HIDDEN.contains(&name)
}
const HIDDEN: &[&str] = &[];

#[test]
fn every_fixture_gives_its_event_but_for_the_original() {
    let mut different = Vec::new();
    let mut count = 0;
    for target in Target::ALL {
        for case in cases()
            .unwrap()
            .into_iter()
            .filter(|case| case.revision.is_none())
        {
            let Some(row) = Row::read(&case.input) else {
                continue;
            };
            let options = std::fs::read_to_string(case.file("options.json"));
            let mut config: Value = options.map_or_else(
                |_| serde_json::json!({}),
                |text| serde_json::from_str(&text).unwrap(),
            );
            config["target"] = Value::from(target.name());
            let mut plugin = Plugin::new(wasm(), &config.to_string()).unwrap();
            let event = String::from_utf8(plugin.process(vec![row]).unwrap()).unwrap();
            assert_eq!(plugin.texts(), 0, "{} asks for a text", case.name);
            let mut native = Vec::new();
            let result = Normalizer::new(case.options_for(target)).normalize(&case.input, &mut native);
            let same = match result {
                Ok(()) => {
                    let native: Value = serde_json::from_slice(&native).unwrap();
                    refusal(&event).is_none()
                        && without_original(serde_json::from_str(&event).unwrap()) == without_original(native)
                }
                Err(rejection) => refusal(&event) == Some(rejection.to_string()),
            };
            if !same {
                different.push(case.name);
            }
            count += 1;
        }
    }
    different.sort();
    different.dedup();
    assert_eq!(
        different
            .iter()
            .filter(|name| !is_hidden(name))
            .collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(different.len(), HIDDEN.len());
    assert!(count > 400, "{count} cases");
}

#[test]
fn a_batch_with_junk_loses_nothing() {
    let mut plugin = Plugin::new(
        wasm(),
        r#"{"target":"ecs","organization_domains":["example.com"]}"#,
    )
    .unwrap();
    let events = events(
        &mut plugin,
        &[
            ROW,
            "{}",
            "[]",
            "1",
            "null",
            r#"{"receivedDateTime":[]}"#,
            r#"{"Received":null}"#,
            ROW,
        ],
    );
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["event"]["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 8);
    assert_eq!((kinds[0], kinds[7]), ("event", "event"));
    assert!(
        kinds[1..7].iter().all(|kind| *kind == "pipeline_error"),
        "{kinds:?}"
    );
    assert_eq!(events[6]["error"]["message"], "Received is missing");
    assert!(plugin.process(Vec::new()).unwrap().is_empty());
}

#[test]
fn an_escape_survives_though_the_text_does_not() {
    let line = r#"{"receivedDateTime":"2025-06-13T10:30:00Z","subject":"FW: \"urgent\"\t\u00e9 é","size":18446744073709551615}"#;
    let mut plugin = Plugin::new(wasm(), r#"{"target":"ecs"}"#).unwrap();
    let events = events(&mut plugin, &[line]);
    assert_eq!(events[0]["email"]["subject"], "FW: \"urgent\"\té é");
    assert_eq!(
        events[0]["error"]["message"][0],
        "size: expected a whole number of bytes"
    );
    let original: Value = serde_json::from_str(events[0]["event"]["original"].as_str().unwrap()).unwrap();
    assert_eq!(original["subject"], "FW: \"urgent\"\té é");
}

#[test]
fn rows_of_both_formats_are_wanted_and_no_others() {
    let mut plugin = Plugin::new(wasm(), "").unwrap();
    for (line, wanted) in [
        (ROW, true),
        (r#"{"Received":"2025-06-13T10:30:00"}"#, true),
        (r#"{"received":"2025-06-13T10:30:00"}"#, false),
        ("{}", false),
        (r#"{"a":{"receivedDateTime":"x"}}"#, false),
    ] {
        assert_eq!(
            plugin.wants(&Row::read(line.as_bytes()).unwrap()),
            wanted,
            "{line}"
        );
    }
    assert_eq!(plugin.metadata().unwrap().0, "message-trace");
}

#[test]
fn options_that_are_none_mark_every_row() {
    let mut plugin = Plugin::new(wasm(), r#"{"target":"secret"}"#).unwrap();
    let events = events(&mut plugin, &[ROW, ROW]);
    assert_eq!(events.len(), 2);
    assert_eq!(
        events[0]["error"]["message"],
        "config.target: expected sekoia, ecs or ocsf"
    );
    assert_eq!(events[1]["log"], ROW);
}
