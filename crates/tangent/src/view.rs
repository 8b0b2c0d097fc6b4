//! A row that can only be asked, and the line that has the same fields.

use message_trace::Format;

/// A row as its host shows it.
pub trait View {
    /// What stands under a key of the row.
    fn value(&self, key: &str) -> ViewValue;
}

/// What stands under a key.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewValue {
    /// Nothing.
    Absent,
    /// `null`.
    Null,
    /// Text.
    Text(String),
    /// A whole number; those above 2^63-1 come as negative ones.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A truth value.
    Boolean(bool),
    /// An array or an object.
    Container,
}

/// The keys whose presence tells a message-trace row, one for each format.
pub const TIME_KEYS: [&str; Format::ALL.len()] = {
    let mut keys = [""; Format::ALL.len()];
    let mut index = 0;
    while index < keys.len() {
        keys[index] = Format::ALL[index].time_key();
        index += 1;
    }
    keys
};

/// Writes the line of a row: all fields that the normalizer reads, in the order of its documentation, compact. What
/// the view does not have is left out; an array or object where a value is expected becomes `{}`.
pub fn line_of(view: &impl View, line: &mut Vec<u8>) {
    line.clear();
    for format in Format::ALL {
        line.push(b'{');
        for key in format.keys() {
            let value = view.value(key);
            if value == ViewValue::Absent {
                if line.len() == 1 {
                    // Without its time it is no row of this format.
                    break;
                }
                continue;
            }
            if line.len() > 1 {
                line.push(b',');
            }
            line.push(b'"');
            line.extend_from_slice(key.as_bytes());
            line.extend_from_slice(b"\":");
            push_value(&value, line);
        }
        if line.len() > 1 {
            break;
        }
        line.clear();
    }
    if line.is_empty() {
        line.push(b'{');
    }
    line.push(b'}');
}

fn push_value(value: &ViewValue, line: &mut Vec<u8>) {
    match value {
        ViewValue::Absent | ViewValue::Null => line.extend_from_slice(b"null"),
        ViewValue::Text(text) => {
            line.push(b'"');
            push_escaped(text, line);
            line.push(b'"');
        }
        ViewValue::Integer(number) => line.extend_from_slice(number.to_string().as_bytes()),
        // A float is no whole number, whatever its value: `1.0` stays `1.0`.
        ViewValue::Float(number) if number.is_finite() => {
            line.extend_from_slice(format!("{number:?}").as_bytes());
        }
        ViewValue::Boolean(true) => line.extend_from_slice(b"true"),
        ViewValue::Boolean(false) => line.extend_from_slice(b"false"),
        ViewValue::Float(_) | ViewValue::Container => line.extend_from_slice(b"{}"),
    }
}

/// Appends text as it stands between the quotes of a JSON string.
pub(crate) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest
        .iter()
        .position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            byte => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::{View, ViewValue, line_of, push_escaped};

    struct Row(Vec<(&'static str, ViewValue)>);

    impl View for Row {
        fn value(&self, key: &str) -> ViewValue {
            let found = self.0.iter().find(|(name, _)| *name == key);
            found.map_or(ViewValue::Absent, |(_, value)| value.clone())
        }
    }

    fn line(row: Vec<(&'static str, ViewValue)>) -> String {
        let mut line = b"what was there before".to_vec();
        line_of(&Row(row), &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_line_has_the_fields_in_their_order() {
        let text = |text: &str| ViewValue::Text(text.to_owned());
        assert_eq!(
            line(vec![
                ("size", ViewValue::Integer(-1)),
                ("subject", text("\"x\"\t\u{1}é")),
                ("receivedDateTime", text("then")),
                ("other", text("left out")),
                ("status", ViewValue::Container),
            ]),
            r#"{"receivedDateTime":"then","subject":"\"x\"\t\u0001é","size":-1,"status":{}}"#
        );
        assert_eq!(
            line(vec![
                ("Received", ViewValue::Null),
                ("Size", ViewValue::Float(1.0))
            ]),
            r#"{"Received":null,"Size":1.0}"#
        );
        assert_eq!(line(vec![("subject", text("x"))]), "{}");
    }

    #[test]
    fn escaped_text_reads_back() {
        let text: String = (0..0x100).filter_map(char::from_u32).collect();
        let mut json = b"\"".to_vec();
        push_escaped(&text, &mut json);
        json.push(b'"');
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }
}
