//! OCSF class 4009, from the schema's own export.
//!
//! Not checked: the expression that the schema gives for `email_t`. It refuses addresses that mail has (quoted local
//! parts, letters beyond ASCII, hosts without a dot), so an envelope address that does not fit it is still the address.

use serde_json::{Map, Value};
use std::net::IpAddr;

/// The class, the objects it reaches, the types.
pub(crate) struct Schema(Value);

impl Schema {
    pub(crate) fn load() -> Self {
        let path = message_trace_reference::folder().join("schema/ocsf-1.8.0-4009.json");
        Self(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    }

    /// Everything that is wrong with an event.
    pub(crate) fn findings(&self, event: &Value) -> Vec<String> {
        let mut findings = Vec::new();
        self.check_object("", &self.0["class"], event, &mut findings);
        let uid = |name: &str| event[name].as_i64().unwrap_or_default();
        if uid("type_uid") != uid("class_uid") * 100 + uid("activity_id") {
            findings.push("type_uid: not class_uid * 100 + activity_id".to_owned());
        }
        for observable in event["observables"].as_array().into_iter().flatten() {
            self.check_observable(event, observable, &mut findings);
        }
        findings
    }

    fn check_object(&self, path: &str, shape: &Value, value: &Value, findings: &mut Vec<String>) {
        let Some(members) = value.as_object() else {
            findings.push(format!("{path}: no object"));
            return;
        };
        let attributes = shape["attributes"].as_object().unwrap();
        for (name, attribute) in attributes {
            if attribute["requirement"] == "required" && !members.contains_key(name) {
                findings.push(format!("{}: missing", join(path, name)));
            }
        }
        for (name, value) in members {
            let path = join(path, name);
            match attributes.get(name) {
                None => findings.push(format!("{path}: unknown")),
                Some(attribute) => {
                    if attribute["deprecated"] == true {
                        findings.push(format!("{path}: deprecated"));
                    }
                    self.check_attribute(&path, attribute, value, findings);
                    check_sibling(&path, attribute, value, members, findings);
                }
            }
        }
        let names = |constraint: &str| -> Vec<String> {
            let list = shape["constraints"][constraint].as_array();
            list.into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        let [at_least_one, just_one] = ["at_least_one", "just_one"].map(names);
        if !at_least_one.is_empty() && !at_least_one.iter().any(|name| members.contains_key(name)) {
            findings.push(format!("{path}: none of {}", at_least_one.join(", ")));
        }
        if !just_one.is_empty() && just_one.iter().filter(|name| members.contains_key(*name)).count() != 1 {
            findings.push(format!("{path}: not just one of {}", just_one.join(", ")));
        }
    }

    fn check_attribute(&self, path: &str, attribute: &Value, value: &Value, findings: &mut Vec<String>) {
        let values = match (attribute["is_array"] == true, value) {
            (_, Value::Null) => {
                findings.push(format!("{path}: null"));
                return;
            }
            (true, Value::Array(values)) => values.as_slice(),
            (true, _) => {
                findings.push(format!("{path}: not an array"));
                return;
            }
            (false, Value::Array(_)) => {
                findings.push(format!("{path}: an array"));
                return;
            }
            (false, value) => std::slice::from_ref(value),
        };
        for value in values {
            if attribute["type"] == "object_t" {
                let object = attribute["object_type"].as_str().unwrap();
                if object != "object" {
                    self.check_object(path, &self.0["objects"][object], value, findings);
                }
                continue;
            }
            self.check_type(path, attribute["type"].as_str().unwrap(), value, findings);
            if let Some(list) = attribute["enum"].as_object() {
                let key = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                if !list.contains_key(&key) {
                    findings.push(format!("{path}: {key} is not in the list"));
                }
            }
        }
    }

    fn check_type(&self, path: &str, name: &str, value: &Value, findings: &mut Vec<String>) {
        let kind = &self.0["types"][name];
        let text = value.as_str();
        let base = kind["type"].as_str().unwrap_or(name);
        let fits = match base {
            "string_t" => text.is_some_and(|text| name != "ip_t" || text.parse::<IpAddr>().is_ok()),
            "integer_t" | "long_t" => value.is_i64() || value.is_u64(),
            "float_t" => value.is_number(),
            "boolean_t" => value.is_boolean(),
            "json_t" => true,
            _ => false,
        };
        if !fits {
            findings.push(format!(
                "{path}: no {}",
                if base == "string_t" { name } else { base }
            ));
        }
        if let (Some(longest), Some(text)) = (kind["max_len"].as_u64(), text)
            && text.chars().count() as u64 > longest
        {
            findings.push(format!("{path}: longer than {longest}"));
        }
        if let (Some([low, high]), Some(number)) =
            (kind["range"].as_array().map(Vec::as_slice), value.as_i64())
            && !(low.as_i64().unwrap()..=high.as_i64().unwrap()).contains(&number)
        {
            findings.push(format!("{path}: out of range"));
        }
        if text == Some("") {
            findings.push(format!("{path}: empty"));
        }
    }

    /// An observable names an attribute of the event, says its value, and has the type id of its type.
    fn check_observable(&self, event: &Value, observable: &Value, findings: &mut Vec<String>) {
        let name = observable["name"].as_str().unwrap_or_default();
        let mut shape = &self.0["class"];
        let mut attribute = &Value::Null;
        for part in name.split('.') {
            attribute = &shape["attributes"][part];
            shape = &self.0["objects"][attribute["object_type"].as_str().unwrap_or_default()];
        }
        let Some(value) = event.pointer(&format!("/{}", name.replace('.', "/"))) else {
            findings.push(format!("observables: {name} names nothing"));
            return;
        };
        let values = value
            .as_array()
            .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        if !values.contains(&observable["value"]) {
            findings.push(format!("observables: {name} has another value"));
        }
        let expected = match attribute["type"].as_str().unwrap_or_default() {
            "email_t" => 5,
            "ip_t" => 2,
            _ => 0,
        };
        if observable["type_id"] != expected {
            findings.push(format!("observables: {name} is of type_id {expected}"));
        }
    }
}

/// A text beside an id: the caption of the id, but for 99, where it is the source's own word.
fn check_sibling(
    path: &str,
    attribute: &Value,
    id: &Value,
    members: &Map<String, Value>,
    findings: &mut Vec<String>,
) {
    let Some(sibling) = attribute["sibling"].as_str() else {
        return;
    };
    let Some(text) = members.get(sibling) else {
        if id == 99 {
            findings.push(format!("{path}: 99 without {sibling}"));
        }
        return;
    };
    let captions = &attribute["enum"];
    let is_caption = captions
        .as_object()
        .is_some_and(|list| list.values().any(|caption| caption == text));
    if id == 99 && is_caption && text != "Other" {
        findings.push(format!(
            "{sibling}: {} is the caption of another {path}",
            text.as_str().unwrap_or_default()
        ));
    } else if id != 99 && captions[id.to_string()] != *text {
        findings.push(format!("{sibling}: not the caption of {path} {id}"));
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
