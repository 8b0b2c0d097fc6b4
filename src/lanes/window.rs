//! Looking at text in machine words, a window at a time: one comparison of bounds for all that is done in it.

/// The size of a machine word, in bytes.
pub(super) const WORD: usize = 8;
/// How many words of a value are looked at together.
const WORDS: usize = 4;
/// How much of a value is looked at together, in bytes.
pub(crate) const LOOK: usize = WORDS * WORD;
/// The size of a window, in bytes: a mark, a quote, and a look at the value behind them.
pub(crate) const WINDOW: usize = 255 + 1 + LOOK;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The window from `at` on; `None` where fewer bytes are left.
#[inline]
pub(crate) fn window(bytes: &[u8], at: usize) -> Option<&[u8; WINDOW]> {
    let last = bytes.len().checked_sub(WINDOW)?;
    if at > last {
        return None;
    }
    // SAFETY: `at + WINDOW <= bytes.len()`, as was just checked.
    Some(unsafe { &*bytes.as_ptr().add(at).cast() })
}

/// How many of the bytes from `at` on are plain and ASCII, up to the first that is not; `None` if all of a look are.
#[inline]
pub(crate) fn plain_start(ahead: &[u8; WINDOW], at: usize) -> Option<usize> {
    for i in 0..WORDS {
        let found = special_or_non_ascii(word(ahead, at + i * WORD));
        if found != 0 {
            return Some(i * WORD + (found.trailing_zeros() / 8) as usize);
        }
    }
    None
}

/// How many digits stand at `at`, if they are a whole number as JSON writes it: one to seven, no leading zero, neither a
/// fraction nor an exponent behind them.
#[inline]
pub(crate) fn digits(ahead: &[u8; WINDOW], at: usize) -> Option<usize> {
    let word = word(ahead, at);
    let values = word ^ (ONES * 0x30);
    // Only a byte that is found carries into the one above it.
    let others = (values.wrapping_add(ONES * 0x76) | values) & HIGHS;
    let len = (others.trailing_zeros() / 8) as usize;
    if len == 0 || others == 0 || (len > 1 && ahead[at] == b'0') {
        return None;
    }
    (!matches!(ahead[at + len], b'.' | b'e' | b'E')).then_some(len)
}

/// Where the first byte from `at` on stands that is not plain, and whether a byte before it (or up to 7 behind it) is not
/// ASCII. Where less than a window is left, stops early at text that is not ASCII, or at the last word.
pub(crate) fn plain_end(bytes: &[u8], at: usize) -> (usize, bool) {
    let mut at = at;
    while let Some(ahead) = window(bytes, at) {
        if let Some(len) = plain_start(ahead, 0) {
            at += len;
            return if ahead[len].is_ascii() {
                (at, false)
            } else {
                non_ascii_end(bytes, at)
            };
        }
        at += LOOK;
    }
    // Behind a short rest there is less.
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<WORD>) {
        let found = special_or_non_ascii(u64::from_le_bytes(*word));
        if found != 0 {
            return (
                at + (found.trailing_zeros() / 8) as usize,
                !bytes[at..].is_ascii(),
            );
        }
        at += WORD;
    }
    (at, false)
}

/// The same for text that is not ASCII at `at`.
fn non_ascii_end(bytes: &[u8], at: usize) -> (usize, bool) {
    let mut at = at;
    while let Some(ahead) = window(bytes, at) {
        let found = special(word(ahead, 0));
        if found != 0 {
            return (at + (found.trailing_zeros() / 8) as usize, true);
        }
        at += WORD;
    }
    (at, true)
}

/// The word at `at`, which stands in `bytes`.
#[inline]
pub(super) fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..]
        .first_chunk::<WORD>()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

/// The same, unchecked.
///
/// # Safety
///
/// `at` is at most `WINDOW - WORD`.
#[inline]
pub(super) unsafe fn word_at(ahead: &[u8; WINDOW], at: usize) -> u64 {
    // SAFETY: the caller's promise: a word is there.
    u64::from_le_bytes(unsafe { ahead.as_ptr().add(at).cast::<[u8; WORD]>().read() })
}

/// The high bit of the lowest byte that is a quote, a backslash or below 0x20; bits above it mean nothing.
#[inline]
pub(super) fn special(word: u64) -> u64 {
    special_or_non_ascii(word) & !word
}

/// The same, for the lowest byte that is one of those or not ASCII.
#[inline]
fn special_or_non_ascii(word: u64) -> u64 {
    // Only a byte that is found borrows from the one above it. With this bit turned the quote stands right behind the
    // control characters.
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * 0x5C)).wrapping_sub(ONES);
    (quote_or_control | backslash) & HIGHS
}
