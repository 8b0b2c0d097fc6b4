//! The plug-in under a host with Tangent's faults.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use message_trace::{Normalizer, Rejection, Target};
use message_trace_reference::{Case, cases};
use message_trace_tangent_host::{Compiled, Plugin, Row, rejection_of};
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
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let target = target.join("tangent");
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

/// The plug-in under a configuration.
fn plugin(config_json: &str) -> Plugin {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| Compiled::new(wasm()).unwrap());
    compiled.load(config_json).unwrap()
}

/// Fixtures whose rows come out otherwise here, each with what a view does not show.
const HIDDEN: &[(&str, &str)] = &[
    ("graph/duplicate-keys-last-counts", FIRST_COUNTS),
    ("reject/missing-field-duplicate-null-last", FIRST_COUNTS),
    ("reject/too-deep", FIELDS_ONLY),
    ("reject/too-long-crlf-counts", FIELDS_ONLY),
    ("reporting/duplicate-keys-last-counts", FIRST_COUNTS),
];
const FIRST_COUNTS: &str =
    "of a key that appears twice Tangent shows the first value, the normalizer takes the last";
const FIELDS_ONLY: &str =
    "the line is written anew from the fields: what lies around them has no length and no depth";

/// Fixtures that are rows, or refused for another reason, and that Tangent's reader takes for no JSON.
const UNREAD: &[(&str, &str)] = &[
    ("graph/huge-number-in-unknown-key", NO_FLOAT),
    ("reject/too-deep-before-syntax", BROKEN),
    ("reject/too-deep-never-closed", BROKEN),
    ("reject/too-long-before-syntax", BROKEN),
    ("text/subject-lone-surrogates", NO_TEXT),
    ("text/subject-surrogates-out-of-order", NO_TEXT),
];
const NO_FLOAT: &str = "every number is read, and this one is beyond a double";
const BROKEN: &str = "it breaks behind the place where the normalizer stops reading";
const NO_TEXT: &str = "an escape of half a surrogate pair is an error";

/// What one fixture becomes.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Tangent cannot read it, so that it reaches no plug-in.
    Unread,
    /// Tangent reads it, and no selector picks it.
    Unwanted,
    /// It becomes the event of the library, or is refused for the library's reason.
    Same,
    /// Something else.
    Different,
}

fn fate(case: &Case, target: Target) -> Fate {
    let Some(row) = Row::read(&case.input) else {
        return Fate::Unread;
    };
    let options = std::fs::read_to_string(case.file("options.json"));
    let mut config: Value = options.map_or_else(
        |_| serde_json::json!({}),
        |text| serde_json::from_str(&text).unwrap(),
    );
    config["target"] = Value::from(target.name());
    let mut plugin = plugin(&config.to_string());
    if !plugin.wants(&row) {
        return Fate::Unwanted;
    }
    let event = String::from_utf8(plugin.process(vec![row]).unwrap()).unwrap();
    assert_eq!(plugin.texts(), 0, "{} asks for a text", case.name);
    let mut native = Vec::new();
    let same = match Normalizer::new(case.options_for(target)).normalize(&case.input, &mut native) {
        Ok(()) => {
            let native: Value = serde_json::from_slice(&native).unwrap();
            rejection_of(&event).is_none()
                && without_original(serde_json::from_str(&event).unwrap()) == without_original(native)
        }
        Err(rejection) => rejection_of(&event) == Some(rejection.to_string()),
    };
    if same { Fate::Same } else { Fate::Different }
}

fn names(known: &[(&'static str, &str)]) -> Vec<&'static str> {
    known.iter().map(|(name, _)| *name).collect()
}

#[test]
fn every_fixture_gives_its_event_but_for_the_original() {
    let cases = cases().unwrap();
    let (mut same, mut different, mut unread) = (0, Vec::new(), Vec::new());
    for target in Target::ALL {
        for case in cases.iter().filter(|case| case.revision.is_none()) {
            let name = &case.name;
            let native = Normalizer::new(case.options_for(target)).normalize(&case.input, &mut Vec::new());
            match fate(case, target) {
                Fate::Same => same += 1,
                Fate::Different => different.push(name.as_str()),
                // No JSON: nothing that is a row is lost so, but for those named.
                Fate::Unread if matches!(native, Err(Rejection::Syntax(_))) => {}
                Fate::Unread => unread.push(name.as_str()),
                // Rows alone are picked: no response around rows, and nothing that is none.
                Fate::Unwanted => assert!(
                    name.contains("envelope")
                        || matches!(native, Err(Rejection::UnknownFormat | Rejection::Syntax(_))),
                    "{name} is not wanted: {native:?}"
                ),
            }
        }
    }
    for names in [&mut different, &mut unread] {
        names.sort_unstable();
        names.dedup();
    }
    assert_eq!(different, names(HIDDEN));
    assert_eq!(unread, names(UNREAD));
    assert!(same > 400, "{same} cases");
}

#[test]
fn a_batch_with_junk_loses_nothing() {
    let mut plugin = plugin(r#"{"target":"ecs","organization_domains":["example.com"]}"#);
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
    let mut plugin = plugin(r#"{"target":"ecs"}"#);
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
    let mut plugin = plugin("");
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
    let mut plugin = plugin(r#"{"target":"secret"}"#);
    let events = events(&mut plugin, &[ROW, ROW]);
    assert_eq!(events.len(), 2);
    assert_eq!(
        events[0]["error"]["message"],
        "config.target: expected sekoia, ecs or ocsf"
    );
    assert_eq!(events[1]["log"], ROW);
}
