//! A trace id in the form in which it is compared.

use super::Text;
use crate::lanes::{Span, WIDE};

/// The length of a GUID with dashes.
const GUID: usize = 36;

/// A trace id, ready to be compared: a GUID as lower-case hexadecimal digits with dashes, another text as it is.
#[derive(Debug)]
pub(crate) enum TraceId<'a> {
    /// A GUID, with room behind it so that it is copied in whole blocks.
    Guid([u8; WIDE]),
    Other(Text<'a>),
}

impl<'a> TraceId<'a> {
    /// Reads the spellings of .NET: 32 digits, with dashes, and either of those in braces or parentheses.
    pub(crate) fn of(text: Text<'a>) -> Self {
        // As nearly all are written.
        if let Some(guid) = text.span.dashed_guid() {
            return Self::Guid(guid);
        }
        let inner = match text.bytes() {
            [b'{', inner @ .., b'}'] | [b'(', inner @ .., b')'] => inner,
            bytes => bytes,
        };
        guid(inner).map_or(Self::Other(text), Self::Guid)
    }

    pub(crate) fn text(&self) -> Text<'_> {
        match self {
            Self::Guid(guid) => Text {
                span: Span::new(guid, 0..GUID),
                plain: true,
            },
            Self::Other(text) => *text,
        }
    }
}

/// Where the groups of digits stand with dashes, and where without.
const GROUPS: [(usize, usize, usize); 5] = [(0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12)];

fn guid(text: &[u8]) -> Option<[u8; WIDE]> {
    let mut digits = [0; 32];
    if let Ok(dashed) = <&[u8; GUID]>::try_from(text) {
        for (with, without, len) in GROUPS {
            digits[without..without + len].copy_from_slice(&dashed[with..with + len]);
        }
        if [dashed[8], dashed[13], dashed[18], dashed[23]] != [b'-'; 4] {
            return None;
        }
    } else {
        digits = *<&[u8; 32]>::try_from(text).ok()?;
    }
    // Without branches, so that all digits are looked at together.
    let mut valid = true;
    for digit in &mut digits {
        let is_number = digit.wrapping_sub(b'0') < 10;
        *digit |= 0x20;
        valid &= is_number | (digit.wrapping_sub(b'a') < 6);
    }
    if !valid {
        return None;
    }
    let mut guid = [b'-'; WIDE];
    for (with, without, len) in GROUPS {
        guid[with..with + len].copy_from_slice(&digits[without..without + len]);
    }
    Some(guid)
}

#[cfg(test)]
mod tests {
    use super::{Text, TraceId};
    use crate::lanes::Span;

    fn compared(text: &str) -> String {
        let text = Text {
            span: Span::alone(text.as_bytes()),
            plain: true,
        };
        let alone = String::from_utf8_lossy(TraceId::of(text).text().bytes()).into_owned();
        // Among other text it reads the same.
        let among = format!(
            "{}, and more behind it: 0123456789abcdef",
            String::from_utf8_lossy(text.bytes())
        );
        let text = Text {
            span: Span::new(among.as_bytes(), 0..text.bytes().len()),
            plain: true,
        };
        assert_eq!(TraceId::of(text).text().bytes(), alone.as_bytes());
        alone
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
            "4451a06248cbe80de8c0196330437ae\u{10}",
        ] {
            assert_eq!(compared(text), text);
        }
    }
}
