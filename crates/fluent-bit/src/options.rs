//! Options, which travel as the last key of a record: Fluent Bit passes a filter nothing else.

use message_trace::{Options, Target};

/// The key under which a `record_modifier` or `modify` filter puts the options: a JSON object, or the text of one.
pub const OPTIONS_KEY: &str = "message_trace_options";

/// The options of a record.
pub(crate) struct Parsed {
    pub(crate) options: Options,
    /// Why they cannot be used; never their text.
    pub(crate) problem: Option<String>,
}

/// The last member of a record, where it holds options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Where the comma before its key stands; 0 where it is the only member.
    pub(crate) start: usize,
    /// Where its value begins. It ends before the record's closing brace.
    pub(crate) value: usize,
}

/// Whether `record` ends with `end`.
#[inline]
pub(crate) fn same_end(record: &[u8], end: &[u8]) -> bool {
    let Some(start) = record.len().checked_sub(end.len()) else {
        return false;
    };
    // Eight bytes at a time: in an interpreter a comparison of slices goes byte by byte.
    let (words, rest) = record[start..].as_chunks::<8>();
    let (end_words, end_rest) = end.as_chunks::<8>();
    words
        .iter()
        .zip(end_words)
        .all(|(word, other)| u64::from_le_bytes(*word) == u64::from_le_bytes(*other))
        && rest.iter().zip(end_rest).all(|(byte, other)| byte == other)
}

/// The last member of a record that Fluent Bit wrote, if it holds options.
///
/// The last bytes are enough to tell: a quote that stands in text has a backslash before it.
pub(crate) fn last_member(record: &[u8]) -> Option<Member> {
    last_member_named(record.strip_suffix(b"}")?, OPTIONS_KEY)
}

/// The last member of a record without its closing brace, if it has that key.
pub(crate) fn last_member_named(inner: &[u8], key: &str) -> Option<Member> {
    let value = match inner.last()? {
        b'"' => {
            let mut at = inner.len() - 1;
            loop {
                at = inner[..at].iter().rposition(|byte| *byte == b'"')?;
                if inner[..at].last() != Some(&b'\\') {
                    break at;
                }
            }
        }
        b'}' => object_start(inner, key)?,
        _ => return None,
    };
    let before = inner[..value].strip_suffix(b"\":")?;
    let before = before.strip_suffix(key.as_bytes())?.strip_suffix(b"\"")?;
    let start = match before {
        b"{" => 0,
        [.., b','] => before.len() - 1,
        _ => return None,
    };
    Some(Member { start, value })
}

/// Where the object begins that is the value of a key; the last place that looks like it is it, unless the object is
/// nested, and then it is none.
#[cold]
fn object_start(inner: &[u8], key: &str) -> Option<usize> {
    let key = format!("\"{key}\":{{");
    let at = inner
        .windows(key.len())
        .rposition(|window| window == key.as_bytes())?;
    let value = at + key.len() - 1;
    // Nested one deeper, the object would end before the last brace.
    serde_json::from_slice::<serde::de::IgnoredAny>(&inner[value..]).ok()?;
    Some(value)
}

/// Reads options out of a value: an object, or a string that holds one.
pub(crate) fn parse(value: &[u8], target: Option<Target>) -> Parsed {
    let mut text = Vec::new();
    let json = match value {
        [b'"', content @ ..] => {
            crate::quoted::decode(content, &mut text);
            &text
        }
        object => object,
    };
    // An array would do for serde as well.
    let object = json.trim_ascii_start().starts_with(b"{");
    match serde_json::from_slice::<Options>(if object { json } else { b"" }) {
        Ok(options) => Parsed {
            options: Options {
                target: target.unwrap_or(options.target),
                ..options
            },
            problem: None,
        },
        Err(error) => Parsed {
            options: Options::default(),
            problem: Some(format!(
                "{OPTIONS_KEY}: expected a JSON object with target, organization_domains, tenant_id, keep_original, \
                 max_line_bytes, but found something else at column {}",
                error.column()
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, last_member, same_end};

    #[test]
    fn options_are_found_where_they_stand_last() {
        let at = |record: &str| {
            last_member(record.as_bytes()).map(|Member { start, value }| (start, record[value..].to_owned()))
        };
        assert_eq!(
            at(r#"{"a":1,"message_trace_options":"x"}"#),
            Some((6, r#""x"}"#.to_owned()))
        );
        assert_eq!(
            at(r#"{"message_trace_options":"x"}"#),
            Some((0, r#""x"}"#.to_owned()))
        );
        assert_eq!(
            at(r#"{"a":1,"message_trace_options":"{\"b\":[\"c\"]}"}"#),
            Some((6, r#""{\"b\":[\"c\"]}"}"#.to_owned()))
        );
        assert_eq!(
            at(r#"{"a":1,"message_trace_options":{"b":{"c":"}"}}}"#),
            Some((6, r#"{"b":{"c":"}"}}}"#.to_owned()))
        );
    }

    #[test]
    fn nothing_else_is_taken_for_options() {
        for record in [
            "",
            "{}",
            "[]",
            "}",
            r#"{"a":"b"}"#,
            r#"{"a":1}"#,
            r#"{"message_trace_options":"x","a":"b"}"#,
            r#"{"a":{"message_trace_options":"x"}}"#,
            r#"{"a":{"b":1,"message_trace_options":{}}}"#,
            r#"{"a":",\"message_trace_options\":\"x\""}"#,
            r#"{"a":"\"message_trace_options\":{"}"#,
            r#"{"not_message_trace_options":"x"}"#,
            r#"{"a":"x\\"}"#,
        ] {
            assert_eq!(last_member(record.as_bytes()), None, "{record}");
        }
    }

    #[test]
    fn ends_are_compared_to_the_last_byte() {
        let text = b"0123456789abcdefghij";
        for len in 0..=text.len() {
            assert!(same_end(text, &text[text.len() - len..]), "{len}");
            for wrong in 0..len {
                let mut end = text[text.len() - len..].to_vec();
                end[wrong] ^= 1;
                assert!(!same_end(text, &end), "{len} {wrong}");
            }
        }
        assert!(!same_end(b"short", b"longer end"));
    }
}
