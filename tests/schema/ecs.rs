//! Elastic Common Schema, from its generated list of fields.

use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Where this program puts what ECS has no field for.
const NAMESPACE: &str = "m365.message_trace";

/// `error.message` holds one text for each unusable field. ECS does not list it among the fields that are always
/// arrays; Elasticsearch reads a field of many values like one of one.
const ARRAY_ALL_THE_SAME: &str = "error.message";

/// The fields by their dotted names.
pub(crate) struct Schema(BTreeMap<String, Value>);

impl Schema {
    pub(crate) fn load() -> Self {
        let path = message_trace_reference::folder().join("schema/ecs-9.4.0.json");
        Self(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    }

    /// Everything that is wrong with an event.
    pub(crate) fn findings(&self, event: &Value) -> Vec<String> {
        let mut findings = Vec::new();
        for required in ["@timestamp", "ecs.version"] {
            if event
                .pointer(&format!("/{}", required.replace('.', "/")))
                .is_none()
            {
                findings.push(format!("{required}: missing"));
            }
        }
        self.walk("", event, &mut findings);
        self.check_types(event, &mut findings);
        findings
    }

    fn walk(&self, path: &str, value: &Value, findings: &mut Vec<String>) {
        if path == NAMESPACE {
            return;
        }
        match value {
            Value::Object(members) => {
                if members.is_empty() {
                    findings.push(format!("{path}: empty"));
                }
                for (name, value) in members {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    self.walk(&path, value, findings);
                }
            }
            _ => self.check(path, value, findings),
        }
    }

    fn check(&self, path: &str, value: &Value, findings: &mut Vec<String>) {
        let Some(field) = self.0.get(path) else {
            findings.push(format!("{path}: unknown"));
            return;
        };
        let is_list = field["normalize"]
            .as_array()
            .is_some_and(|normalize| normalize.contains(&"array".into()));
        let values = match value {
            Value::Array(_) if !is_list && path != ARRAY_ALL_THE_SAME => {
                findings.push(format!("{path}: an array"));
                return;
            }
            Value::Array(values) => values.as_slice(),
            _ if is_list => {
                findings.push(format!("{path}: not an array"));
                return;
            }
            value => std::slice::from_ref(value),
        };
        if values.is_empty() {
            findings.push(format!("{path}: empty"));
        }
        for value in values {
            check_value(path, field, value, findings);
        }
    }

    /// `event.type` against what ECS expects for the categories given.
    fn check_types(&self, event: &Value, findings: &mut Vec<String>) {
        let texts = |value: &Value| -> Vec<String> {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        for category in texts(&event["event"]["category"]) {
            let expected = texts(&self.0["event.category"]["allowed_values"][&category]);
            for kind in texts(&event["event"]["type"]) {
                if !expected.contains(&kind) {
                    findings.push(format!("event.type: {kind} is not expected for {category}"));
                }
            }
        }
    }
}

fn check_value(path: &str, field: &Value, value: &Value, findings: &mut Vec<String>) {
    let kind = field["type"].as_str().unwrap();
    let text = value.as_str();
    let fits = match kind {
        "keyword" | "constant_keyword" | "wildcard" | "match_only_text" | "text" => text.is_some(),
        "ip" => text.is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        "date" => text.is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        "long" => value.is_i64(),
        "float" | "scaled_float" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => false,
    };
    if value.is_null() {
        findings.push(format!("{path}: null"));
    } else if text == Some("") {
        findings.push(format!("{path}: empty"));
    } else if !fits {
        findings.push(format!("{path}: no {kind}"));
    }
    if let (Some(allowed), Some(text)) = (field["allowed_values"].as_object(), text)
        && !allowed.contains_key(text)
    {
        findings.push(format!("{path}: {text} is not allowed"));
    }
}
