//! Options from JSON, for hosts that pass them as text. What is wrong is said by the option's name.

use serde_json::{Map, Value};

use crate::{Options, Target};

/// Every option as JSON names it, and what it takes.
const EXPECTED: [(&str, &str); 5] = [
    ("target", ""),
    ("organization_domains", "a list of mail domains"),
    ("tenant_id", "a text"),
    ("keep_original", "true or false"),
    ("max_line_bytes", "a whole number of bytes, at most 4294967295"),
];

impl Options {
    /// Reads a JSON object such as `{"target":"ecs","organization_domains":["example.com"]}`; what it leaves out has its
    /// default.
    ///
    /// # Errors
    ///
    /// A sentence that names the option and what it takes. Of the values only a target's name is repeated, cut to 40
    /// characters.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let object: Map<String, Value> =
            serde_json::from_slice(json).map_err(|_| "expected one JSON object of options".to_owned())?;
        for (name, value) in &object {
            if let Some(problem) = problem(name, value) {
                return Err(problem);
            }
        }
        serde_json::from_value(Value::Object(object))
            .map_err(|_| "expected one JSON object of options".to_owned())
    }
}

/// What is wrong with one option.
fn problem(name: &str, value: &Value) -> Option<String> {
    let Some((_, expected)) = EXPECTED.iter().find(|(known, _)| *known == name) else {
        let names: Vec<_> = EXPECTED.iter().map(|(known, _)| *known).collect();
        return Some(format!(
            "there is no option \"{}\"; there are {}",
            short(name),
            listed(&names)
        ));
    };
    let mut one = Map::new();
    one.insert(name.to_owned(), value.clone());
    if serde_json::from_value::<Options>(Value::Object(one)).is_ok() {
        return None;
    }
    let found = value.as_str().map_or_else(
        || "something else".to_owned(),
        |found| format!("\"{}\"", short(found)),
    );
    Some(if name == "target" {
        format!("target: expected {}, but found {found}", Target::LISTED)
    } else {
        format!("{name}: expected {expected}")
    })
}

/// `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::EXPECTED;
    use crate::{Options, Target};

    #[test]
    fn what_is_left_out_has_its_default() {
        assert_eq!(Options::from_json(b"{}"), Ok(Options::default()));
        let given = Options::from_json(br#"{"target":"ocsf","tenant_id":null,"max_line_bytes":10}"#);
        let expected = Options {
            target: Target::Ocsf,
            max_line_bytes: 10,
            ..Options::default()
        };
        assert_eq!(given, Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_said_by_name_and_without_an_offset() {
        for (json, sentence) in [
            (
                r#"{"max_line_bytes":-1}"#,
                "max_line_bytes: expected a whole number of bytes, at most 4294967295",
            ),
            (
                r#"{"organization_domains":"example.com"}"#,
                "organization_domains: expected a list of mail domains",
            ),
            (
                r#"{"keep_original":"yes"}"#,
                "keep_original: expected true or false",
            ),
            (r#"{"tenant_id":1}"#, "tenant_id: expected a text"),
            (
                r#"{"colour":"red"}"#,
                "there is no option \"colour\"; there are target, organization_domains, tenant_id, keep_original and \
                 max_line_bytes",
            ),
            ("[]", "expected one JSON object of options"),
            ("{", "expected one JSON object of options"),
        ] {
            assert_eq!(
                Options::from_json(json.as_bytes()),
                Err(sentence.to_owned()),
                "{json}"
            );
        }
    }

    #[test]
    fn a_target_that_is_none_is_told_which_there_are() {
        for (json, found) in [
            (r#"{"target":"splunk"}"#, "\"splunk\""),
            (r#"{"target":7}"#, "something else"),
        ] {
            let sentence = format!("target: expected {}, but found {found}", Target::LISTED);
            assert_eq!(Options::from_json(json.as_bytes()), Err(sentence), "{json}");
        }
        assert!(Target::LISTED.starts_with("sekoia, ecs"), "{}", Target::LISTED);
        assert_eq!(Target::LISTED.matches(" or ").count(), 1);
    }

    #[test]
    fn every_option_is_in_the_list() {
        let object = serde_json::to_value(Options::default()).unwrap_or_default();
        let names: Vec<_> = object
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names.len(), EXPECTED.len());
        assert!(
            names
                .iter()
                .all(|name| EXPECTED.iter().any(|(known, _)| known == name))
        );
    }
}
