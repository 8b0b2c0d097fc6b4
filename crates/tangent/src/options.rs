//! Options out of the plug-in's configuration.

use message_trace::{Options, Target};
use serde_json::{Map, Value};

/// The keys that are asked for.
pub const OPTION_KEYS: [&str; 5] = [
    "target",
    "organization_domains",
    "tenant_id",
    "keep_original",
    "max_line_bytes",
];

/// The options that a configuration gives: `value` answers for a key. A list may also be text with commas.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn options(value: impl Fn(&str) -> Option<String>) -> Result<Options, String> {
    let mut members = Map::new();
    for key in OPTION_KEYS {
        let Some(text) = value(key) else { continue };
        let value = match key {
            "organization_domains" => serde_json::from_str(&text)
                .ok()
                .filter(Value::is_array)
                .unwrap_or_else(|| text.split(',').map(str::trim).collect()),
            "keep_original" | "max_line_bytes" => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            _ if text == "null" => Value::Null,
            _ => Value::String(text),
        };
        let mut one = Map::new();
        one.insert(key.to_owned(), value.clone());
        if serde_json::from_value::<Options>(Value::Object(one)).is_err() {
            return Err(format!("config.{key}: expected {}", expected(key)));
        }
        members.insert(key.to_owned(), value);
    }
    serde_json::from_value(Value::Object(members)).map_err(|_| "config: cannot be read".to_owned())
}

fn expected(key: &str) -> &'static str {
    match key {
        "target" => Target::LISTED,
        "organization_domains" => "a list of domains",
        "tenant_id" => "text",
        "keep_original" => "true or false",
        _ => "a number of bytes",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::options;
    use message_trace::{Options, Target};

    fn of(pairs: &[(&str, &str)]) -> Result<Options, String> {
        options(|key| {
            let found = pairs.iter().find(|(name, _)| *name == key);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn options_come_as_text_or_json() {
        assert_eq!(of(&[]), Ok(Options::default()));
        let expected = Options {
            target: Target::Ecs,
            organization_domains: vec!["example.com".to_owned(), "example.net".to_owned()],
            tenant_id: Some("1".to_owned()),
            keep_original: false,
            max_line_bytes: 4096,
        };
        for domains in ["example.com, example.net", r#"["example.com","example.net"]"#] {
            let options = of(&[
                ("target", "ecs"),
                ("organization_domains", domains),
                ("tenant_id", "1"),
                ("keep_original", "false"),
                ("max_line_bytes", "4096"),
            ]);
            assert_eq!(options.as_ref(), Ok(&expected));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (key, value) in [
            ("target", "secret"),
            ("keep_original", "secret"),
            ("max_line_bytes", "-1"),
        ] {
            let problem = of(&[(key, value)]).unwrap_err();
            assert!(
                problem.starts_with(&format!("config.{key}: expected")),
                "{problem}"
            );
            assert!(!problem.contains(value), "{problem}");
        }
    }
}
