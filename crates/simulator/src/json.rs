//! JSON text of rows, in the spellings that services are known to use.

/// How a text's characters are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// Only what JSON demands.
    Plain,
    /// `<`, `>`, `&` and `'` as `\u003c` and so on as well, as .NET writers do.
    Html,
    /// Everything beyond ASCII as `\uXXXX`, in surrogate pairs where needed.
    Ascii,
}

/// Appends a text as a JSON string.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str, escapes: Escapes) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = bytes[at..].iter().position(|byte| is_escaped(*byte, escapes)) {
        at += found;
        out.extend_from_slice(&bytes[start..at]);
        let Some(character) = text[at..].chars().next() else {
            break;
        };
        push_escape(out, character);
        at += character.len_utf8();
        start = at;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

/// Whether a character that begins with this byte is escaped.
fn is_escaped(byte: u8, escapes: Escapes) -> bool {
    match byte {
        0..=0x1F | b'"' | b'\\' => true,
        b'<' | b'>' | b'&' | b'\'' => escapes == Escapes::Html,
        0x80.. => escapes == Escapes::Ascii,
        _ => false,
    }
}

fn push_escape(out: &mut Vec<u8>, character: char) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        other => {
            for unit in other.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
        }
    }
}

/// Appends a text as a JSON string, or `null`.
pub(crate) fn push_optional(out: &mut Vec<u8>, text: Option<&str>, escapes: Escapes) {
    match text {
        Some(text) => push_text(out, text, escapes),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends a whole number.
pub(crate) fn push_number(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn every_spelling_reads_back_as_the_same_text() {
        for text in [
            "",
            "plain",
            "a\"b\\c\nd\te\u{1}",
            "<o'neil> & co",
            "Grüße 🎉 日本",
        ] {
            for escapes in [Escapes::Plain, Escapes::Html, Escapes::Ascii] {
                let mut out = Vec::new();
                push_text(&mut out, text, escapes);
                assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
                assert!(escapes != Escapes::Ascii || out.is_ascii());
            }
        }
    }

    #[test]
    fn numbers_keep_sign_and_zero() {
        for number in [0, 7, 10, -1, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
