//! A trace id in the form in which it is compared.

use super::Text;

/// A trace id, ready to be compared: a GUID as lower-case hexadecimal digits with dashes, another text as it is.
#[derive(Debug)]
pub(crate) enum TraceId<'a> {
    Guid([u8; 36]),
    Other(Text<'a>),
}

impl<'a> TraceId<'a> {
    /// Reads the spellings of .NET: 32 digits, with dashes, and either of those in braces or parentheses.
    pub(crate) fn of(text: Text<'a>) -> Self {
        let inner = match text.bytes {
            [b'{', inner @ .., b'}'] | [b'(', inner @ .., b')'] => inner,
            bytes => bytes,
        };
        guid(inner).map_or(Self::Other(text), Self::Guid)
    }
}

fn guid(text: &[u8]) -> Option<[u8; 36]> {
    let mut guid = [b'-'; 36];
    match text.len() {
        36 => guid.copy_from_slice(text),
        32 => {
            for (to, from) in [
                (0..8, 0..8),
                (9..13, 8..12),
                (14..18, 12..16),
                (19..23, 16..20),
                (24..36, 20..32),
            ] {
                guid[to].copy_from_slice(&text[from]);
            }
        }
        _ => return None,
    }
    let mut valid = true;
    for (i, byte) in guid.iter_mut().enumerate() {
        let dash = matches!(i, 8 | 13 | 18 | 23);
        valid &= if dash {
            *byte == b'-'
        } else {
            byte.is_ascii_hexdigit()
        };
        *byte |= if dash { 0 } else { 0x20 };
    }
    // Digits keep their value under `| 0x20`, letters become lower case.
    valid.then_some(guid)
}

#[cfg(test)]
mod tests {
    use super::{Text, TraceId};

    fn compared(text: &str) -> String {
        let text = Text {
            bytes: text.as_bytes(),
            plain: true,
        };
        match TraceId::of(text) {
            TraceId::Guid(guid) => String::from_utf8_lossy(&guid).into_owned(),
            TraceId::Other(text) => String::from_utf8_lossy(text.bytes).into_owned(),
        }
    }

    #[test]
    fn every_spelling_compares_equal() {
        let dashed = "4451a062-48cb-e80d-e8c0-196330437ae6";
        for spelling in [
            dashed,
            "4451A062-48CB-E80D-E8C0-196330437AE6",
            "4451a06248cbe80de8c0196330437ae6",
            "{4451a062-48cb-e80d-e8c0-196330437ae6}",
            "(4451A06248CBE80DE8C0196330437AE6)",
        ] {
            assert_eq!(compared(spelling), dashed);
        }
    }

    #[test]
    fn another_text_stays() {
        for text in [
            "Trace-1",
            "4451a062-48cb-e80d-e8c0-196330437aeg",
            "{4451a062",
            "4451a062x48cb-e80d-e8c0-196330437ae6",
        ] {
            assert_eq!(compared(text), text);
        }
    }
}
