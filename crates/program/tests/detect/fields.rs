//! What destinations install has a place for every field of an alert.
#![expect(clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value as Json;

use message_trace_sinks::elasticsearch::FIELDS;

/// Panics if a field of an alert is not in the index template, or is of another type there.
pub(crate) fn assert_known(alert: &Json) {
    let mut leaves = Vec::new();
    below(alert, "", &mut leaves);
    assert!(leaves.len() > 20, "{alert}");
    for (path, value) in leaves {
        let field = FIELDS.iter().find(|field| field.path == path);
        let kind = field
            .unwrap_or_else(|| panic!("{path} is not in the template"))
            .kind;
        let fits = match kind {
            "flattened" => value.is_object(),
            "long" => value.is_i64(),
            "date" => value
                .as_str()
                .is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
            "keyword" => value.is_string(),
            _ => false,
        };
        assert!(fits, "{path} is no {kind}: {value}");
    }
}

fn below<'a>(value: &'a Json, path: &str, leaves: &mut Vec<(String, &'a Json)>) {
    match value {
        Json::Object(members) if path != "m365.message_trace.alert.facts" => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                below(value, &path, leaves);
            }
        }
        Json::Array(values) => values.iter().for_each(|value| below(value, path, leaves)),
        value => leaves.push((path.to_owned(), value)),
    }
}
