//! The content of JSON strings.

/// The lowest bit of every byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of every byte of a word.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Appends the text of the string whose content begins `content`, up to its closing quote. A lone surrogate becomes
/// U+FFFD. Fluent Bit wrote the string: what is no JSON is taken as it stands. Returns where the text ended.
pub(crate) fn decode(content: &[u8], out: &mut Vec<u8>) -> usize {
    let start = out.len();
    // Room for all at once: text is shorter than its content, but for an escape that is cut off at the end.
    out.resize(start + content.len() + 8, 0);
    let text = &mut out[start..];
    let (mut at, mut to) = (0, 0);
    loop {
        // Eight bytes at a time, copied before it is known how many of them are plain.
        while let Some(word) = content.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            if let Some(room) = text.get_mut(to..to + 8) {
                room.copy_from_slice(word);
            }
            let plain = plain_bytes(u64::from_le_bytes(*word));
            at += plain;
            to += plain;
            if plain < 8 {
                break;
            }
        }
        let (byte, len) = match content.get(at..) {
            None | Some([] | [b'"', ..] | [b'\\']) => break,
            Some([b'\\', b'u', rest @ ..]) => {
                let (character, len) = unicode(rest);
                let mut utf8 = [0; 4];
                let utf8 = character.encode_utf8(&mut utf8).as_bytes();
                if let Some(room) = text.get_mut(to..to + utf8.len()) {
                    room.copy_from_slice(utf8);
                }
                to += utf8.len();
                at += 2 + len;
                continue;
            }
            Some([b'\\', escape, ..]) => (unescaped(*escape), 2),
            Some([byte, ..]) => (*byte, 1),
        };
        if let Some(room) = text.get_mut(to) {
            *room = byte;
        }
        to += 1;
        at += len;
    }
    out.truncate(start + to);
    at
}

/// How many bytes of a word come before the first quote or backslash; 8 if there is none.
#[inline]
fn plain_bytes(word: u64) -> usize {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5C);
    // The high bit of the lowest byte found; bits above it mean nothing.
    let found = (quote.wrapping_sub(ONES) | backslash.wrapping_sub(ONES)) & !word & HIGHS;
    (found.trailing_zeros() / 8) as usize
}

/// The character behind a backslash.
fn unescaped(escape: u8) -> u8 {
    match escape {
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

/// The character whose escape goes on with `text`, behind `\u`, and how many bytes of it belong to the escape.
fn unicode(text: &[u8]) -> (char, usize) {
    let lone = (char::REPLACEMENT_CHARACTER, 4.min(text.len()));
    let Some(unit) = code_unit(text) else {
        return lone;
    };
    if let Some(character) = char::from_u32(unit) {
        return (character, 4);
    }
    match text.get(4..) {
        Some([b'\\', b'u', rest @ ..]) if unit < 0xDC00 => match code_unit(rest) {
            Some(low @ 0xDC00..=0xDFFF) => {
                let scalar = 0x1_0000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
                (char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER), 10)
            }
            _ => lone,
        },
        _ => lone,
    }
}

fn code_unit(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |unit, &digit| {
        Some(unit << 4 | char::from(digit).to_digit(16)?)
    })
}

/// Appends text as it stands between the quotes of a JSON string. Bytes that are no UTF-8 become U+FFFD.
pub(crate) fn encode(text: &[u8], out: &mut Vec<u8>) {
    for character in String::from_utf8_lossy(text).chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\0'..'\u{20}' => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
            }
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    fn decoded(content: &str) -> String {
        let mut out = Vec::new();
        decode(content.as_bytes(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_string_is_decoded_up_to_its_closing_quote() {
        assert_eq!(
            decoded(r#"a\"b\\c\/\b\f\n\r\t","other":"x""#),
            "a\"b\\c/\u{8}\u{c}\n\r\t"
        );
        assert_eq!(
            decoded(r#"\u00e4\u20ac\ud83d\ude00\ud83d \ude00""#),
            "ä€😀\u{fffd} \u{fffd}"
        );
        assert_eq!(decoded(r"\ud83d\u0041"), "\u{fffd}A");
    }

    #[test]
    fn what_is_no_json_is_taken_as_it_stands() {
        assert_eq!(decoded("open"), "open");
        assert_eq!(decoded("open\\"), "open");
        assert_eq!(decoded(r"\u12"), "\u{fffd}");
        assert_eq!(decoded(r"\uzzzz!"), "\u{fffd}!");
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        let text: String = (0..0x250)
            .filter_map(char::from_u32)
            .chain("見🎉".chars())
            .collect();
        let mut content = Vec::new();
        encode(text.as_bytes(), &mut content);
        assert!(!content.iter().any(|byte| *byte < 0x20));
        content.push(b'"');
        let mut out = Vec::new();
        decode(&content, &mut out);
        assert_eq!(out, text.as_bytes());
    }
}
