//! `integrations/`: written from the tables in the code, and complete for every fixture.
//!
//! `BLESS=1 cargo test --workspace --test wire -- services::files` writes what is generated.

use std::path::{Path, PathBuf};

use message_trace_sinks::elasticsearch::{FIELDS, index_template};
use message_trace_sinks::sentinel::{rule_template, table_schema};
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn json(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root().join(path)).unwrap()).unwrap()
}

#[test]
fn what_is_generated_is_what_is_there() {
    for (path, generated) in [
        ("integrations/elastic/index-template.json", index_template()),
        ("integrations/sentinel/table.json", table_schema()),
        ("integrations/sentinel/rule.json", rule_template()),
    ] {
        let text = format!("{}\n", serde_json::to_string_pretty(&generated).unwrap());
        let file = root().join(path);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "{path}: see BLESS");
    }
}

/// The leaves of an event, each with its path.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match value {
        // The facts of a step are one field, whatever their names.
        Value::Object(_) if path.ends_with(".steps.data") => found.push((path.to_owned(), value.clone())),
        Value::Object(members) => {
            for (key, value) in members {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(value, &path, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| leaves(value, path, found)),
        value => found.push((path.to_owned(), value.clone())),
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    match kind {
        "flattened" => value.is_object(),
        "long" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "date" => value
            .as_str()
            .is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        "ip" => value
            .as_str()
            .is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
        "keyword" | "wildcard" | "match_only_text" => value.is_string(),
        _ => false,
    }
}

#[test]
fn the_template_takes_every_fixture_without_an_unmapped_field() {
    let mut events = 0;
    let files = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let shelves = files(&root().join("fixtures"));
    let on_shelves = shelves
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|shelf| files(shelf));
    for path in on_shelves.chain(shelves.clone()) {
        if !path.to_string_lossy().ends_with(".ecs.json") {
            continue;
        }
        let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut found = Vec::new();
        leaves(&event, "", &mut found);
        for (field, value) in found {
            let known = FIELDS.iter().find(|known| known.path == field);
            let known = known.unwrap_or_else(|| panic!("{}: {field} is not mapped", path.display()));
            assert!(
                fits(known.kind, &value),
                "{}: {field} is no {}: {value}",
                path.display(),
                known.kind
            );
        }
        events += 1;
    }
    assert!(events > 100);
}

#[test]
fn types_are_those_of_ecs() {
    let ecs = json("fixtures/schema/ecs-9.4.0.json");
    let mut of_ecs = 0;
    for field in FIELDS {
        if let Some(known) = ecs.get(field.path) {
            assert_eq!(known["type"], field.kind, "{}", field.path);
            of_ecs += 1;
        } else {
            assert!(field.path.starts_with("m365."), "{} is not in ECS", field.path);
        }
    }
    assert!(of_ecs > 50);
}
