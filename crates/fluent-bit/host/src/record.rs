//! Records as Fluent Bit writes them for a filter: compact JSON, all but ASCII escaped.

use serde_json::Value;

/// The record of a line that no parser took apart: `{"log": …}`.
#[must_use]
pub fn of_line(line: &[u8]) -> Vec<u8> {
    let mut record = br#"{"log":"#.to_vec();
    // Bytes that are no UTF-8 do not pass Fluent Bit either.
    push_text(&String::from_utf8_lossy(line), &mut record);
    record.push(b'}');
    record
}

/// The record of a line that the JSON parser took apart; `None` where the parser leaves the line in `log`.
///
/// The line's text is lost on the way: white space goes, of keys that appear twice the last one stays, and numbers
/// are written anew.
#[must_use]
pub fn parsed(line: &[u8]) -> Option<Vec<u8>> {
    match serde_json::from_slice(line).ok()? {
        object @ Value::Object(_) => {
            let mut record = Vec::new();
            push(&object, &mut record);
            Some(record)
        }
        _ => None,
    }
}

/// The record with options put behind its members, as `record_modifier` does: the options are text.
#[must_use]
pub fn with_options(record: &[u8], options: Option<&str>) -> Vec<u8> {
    match options {
        Some(options) => with_text(record, "message_trace_options", options),
        None => record.to_vec(),
    }
}

/// The record with a member of text behind its members.
#[must_use]
pub fn with_text(record: &[u8], key: &str, text: &str) -> Vec<u8> {
    let mut with = record.strip_suffix(b"}").unwrap_or(record).to_vec();
    if with.len() > 1 {
        with.push(b',');
    }
    push_text(key, &mut with);
    with.push(b':');
    push_text(text, &mut with);
    with.push(b'}');
    with
}

fn push(value: &Value, record: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            record.push(b'{');
            for (i, (key, value)) in members.iter().enumerate() {
                if i > 0 {
                    record.push(b',');
                }
                push_text(key, record);
                record.push(b':');
                push(value, record);
            }
            record.push(b'}');
        }
        Value::Array(elements) => {
            record.push(b'[');
            for (i, element) in elements.iter().enumerate() {
                if i > 0 {
                    record.push(b',');
                }
                push(element, record);
            }
            record.push(b']');
        }
        Value::String(text) => push_text(text, record),
        other => record.extend_from_slice(other.to_string().as_bytes()),
    }
}

fn push_text(text: &str, record: &mut Vec<u8>) {
    record.push(b'"');
    let mut units = [0; 2];
    for character in text.chars() {
        match character {
            '"' => record.extend_from_slice(b"\\\""),
            '\\' => record.extend_from_slice(b"\\\\"),
            '\n' => record.extend_from_slice(b"\\n"),
            '\r' => record.extend_from_slice(b"\\r"),
            '\t' => record.extend_from_slice(b"\\t"),
            '\u{8}' => record.extend_from_slice(b"\\b"),
            '\u{c}' => record.extend_from_slice(b"\\f"),
            ' '..='~' => record.push(character as u8),
            other => {
                for unit in other.encode_utf16(&mut units) {
                    record.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    record.push(b'"');
}
