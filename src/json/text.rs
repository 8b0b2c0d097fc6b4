//! What stands behind a backslash.

/// The length of the escape at the start of `text`, in bytes; `None` if it is none.
#[inline]
pub(crate) fn escape_len(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => code_unit(text.get(2..6)?).map(|_| 6),
        _ => None,
    }
}

/// Appends the characters of a string's content to `out`. A lone surrogate becomes U+FFFD: text that no UTF-8 can
/// hold must not cost the event. The content's escapes have been checked before.
pub(crate) fn decode_into(content: &[u8], out: &mut Vec<u8>) {
    let mut rest = content;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        // Text in a script that a writer escapes is escape after escape.
        while rest.first() == Some(&b'\\') {
            let (character, len) = escape(rest);
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = rest.get(len..).unwrap_or_default();
        }
    }
    out.extend_from_slice(rest);
}

/// The character of the escape at the start of `text`, and the escape's length in bytes.
fn escape(text: &[u8]) -> (char, usize) {
    let simple = match text.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(text),
        Some(&other) => char::from(other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

fn unicode_escape(text: &[u8]) -> (char, usize) {
    let lone = (char::REPLACEMENT_CHARACTER, 6);
    let Some(unit) = text.get(2..6).and_then(code_unit) else {
        return lone;
    };
    if let Some(character) = char::from_u32(unit) {
        return (character, 6);
    }
    // A high surrogate with its low one behind it, or one that stands alone.
    let low = match text.get(6..12) {
        Some([b'\\', b'u', digits @ ..]) => code_unit(digits),
        _ => None,
    };
    match low {
        Some(low @ 0xDC00..=0xDFFF) if unit < 0xDC00 => {
            let scalar = 0x1_0000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
            (char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        _ => lone,
    }
}

/// The value of each byte as a hexadecimal digit; more than 15 for a byte that is none.
static HEX_DIGITS: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let digits = b"0123456789abcdef";
    let mut value = 0;
    while value < 16 {
        let digit = digits[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

/// The value of four hexadecimal digits.
fn code_unit(digits: &[u8]) -> Option<u32> {
    let digits: &[u8; 4] = digits.first_chunk()?;
    let [a, b, c, d] = digits.map(|digit| u32::from(HEX_DIGITS[usize::from(digit)]));
    ((a | b | c | d) < 16).then_some(a << 12 | b << 8 | c << 4 | d)
}
