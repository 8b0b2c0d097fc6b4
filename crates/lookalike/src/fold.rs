//! What a label looks like: different spellings that read the same fold to the same bytes.

use unicode_security::skeleton;

/// `label` as it reads, a byte a letter.
///
/// First the skeleton of UTS #39 without its accents (for labels beyond ASCII), then what mail adds to it: digits for
/// letters, `rn` for `m`, `vv` for `w`, `cl` for `d`, and hyphens are gone. Letters that stay beyond ASCII become bytes
/// from 128 on: equal letters give equal bytes.
pub(crate) fn fold(label: &str, folded: &mut Vec<u8>) {
    folded.clear();
    if label.is_ascii() {
        label.bytes().for_each(|byte| push(folded, byte));
    } else {
        for letter in skeleton(label).filter(|letter| !is_accent(*letter)) {
            push(folded, byte(letter));
        }
    }
}

/// `label` a byte a letter, without folding.
pub(crate) fn raw(label: &str, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend(label.chars().map(byte));
}

fn byte(letter: char) -> u8 {
    u8::try_from(letter)
        .ok()
        .filter(u8::is_ascii)
        .unwrap_or((letter as u32 % 128) as u8 | 128)
        .to_ascii_lowercase()
}

fn push(folded: &mut Vec<u8>, byte: u8) {
    let byte = match byte {
        b'-' => return,
        b'0' => b'o',
        b'1' | b'i' => b'l',
        b'3' => b'e',
        b'4' => b'a',
        b'5' => b's',
        other => other,
    };
    let joined = match (folded.last(), byte) {
        (Some(b'r'), b'n') => b'm',
        (Some(b'v'), b'v') => b'w',
        (Some(b'c'), b'l') => b'd',
        _ => {
            folded.push(byte);
            return;
        }
    };
    folded.pop();
    folded.push(joined);
}

/// The blocks of combining marks that NFD takes off Latin, Greek and Cyrillic letters.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}
