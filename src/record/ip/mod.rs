//! IP addresses, read leniently and written in one form.

use crate::lanes::{INTERPRETED, Span, WIDE};

/// How many bytes an address has room in: those of a wide copy, or as few as do where each is paid for.
const ROOM: usize = if INTERPRETED { 39 } else { WIDE };

/// An IP address in its canonical text: dotted decimal for IPv4 (also where it came mapped into IPv6), RFC 5952 for
/// IPv6.
#[derive(Clone, Debug)]
pub(crate) enum Ip<'a> {
    /// Text that was canonical as it came.
    AsWritten(Span<'a>),
    Written(Written),
}

/// A text that was written anew.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// With room behind the text, so that it is copied in whole blocks.
    text: [u8; ROOM],
    len: u8,
}

impl PartialEq for Ip<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.span().is(other.span())
    }
}

impl<'a> Ip<'a> {
    /// Reads an IPv4 address, or an IPv6 address with or without brackets and zone id. Anything else is no IP.
    #[inline]
    pub(crate) fn parse(text: Span<'a>) -> Option<Self> {
        // Without leading zeros there is one way to write four numbers.
        if is_dotted_decimal(text) || is_canonical_v6(text) {
            return Some(Self::AsWritten(text));
        }
        Self::rewritten(text.bytes())
    }

    /// Reads any other spelling.
    fn rewritten(text: &[u8]) -> Option<Self> {
        let inner = match text {
            [b'[', inner @ .., b']'] => inner,
            bytes => bytes,
        };
        let address = match memchr::memchr(b'%', inner) {
            // A zone id names an interface of the host that wrote it: it means nothing elsewhere.
            Some(zone) if zone + 1 < inner.len() => &inner[..zone],
            Some(_) => return None,
            None => inner,
        };
        groups(address).map(|groups| Self::Written(Written::new(groups)))
    }

    pub(crate) fn span(&self) -> Span<'_> {
        match self {
            Self::AsWritten(text) => *text,
            Self::Written(Written { text, len }) => Span::new(text, 0..usize::from(*len)),
        }
    }
}

impl Written {
    fn new(groups: [u16; 8]) -> Self {
        let mut ip = Self {
            text: [0; ROOM],
            len: 0,
        };
        if let [0, 0, 0, 0, 0, 0xFFFF, high, low] = groups {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            for (i, octet) in [a, b, c, d].into_iter().enumerate() {
                if i > 0 {
                    ip.push(b'.');
                }
                ip.push_octet(octet);
            }
            return ip;
        }
        let zeros = longest_zeros(&groups);
        let mut i = 0;
        while i < groups.len() {
            if zeros.contains(&i) {
                ip.push(b':');
                ip.push(b':');
                i = zeros.end;
                continue;
            }
            if i > 0 && i != zeros.end {
                ip.push(b':');
            }
            ip.push_group(groups[i]);
            i += 1;
        }
        ip
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(usize::from(self.len)) {
            *place = byte;
            self.len += 1;
        }
    }

    fn push_octet(&mut self, octet: u8) {
        if octet >= 100 {
            self.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            self.push(b'0' + octet / 10 % 10);
        }
        self.push(b'0' + octet % 10);
    }

    fn push_group(&mut self, group: u16) {
        let mut started = false;
        for shift in [12, 8, 4, 0] {
            let digit = (group >> shift & 15) as u8;
            started |= digit != 0 || shift == 0;
            if started {
                self.push(if digit < 10 {
                    b'0' + digit
                } else {
                    b'a' + digit - 10
                });
            }
        }
    }
}

/// Whether text is dotted decimal, as [`octets`] reads it. Looks at all of it at once.
#[inline]
fn is_dotted_decimal(text: Span<'_>) -> bool {
    if INTERPRETED {
        return is_dotted_decimal_by_table(text.bytes());
    }
    let Some((digits, dots)) = text.digits_and_dots() else {
        return octets(text.bytes()).is_some();
    };
    let len = text.len();
    if len > 15 || digits | dots != !(u32::MAX << len) || dots.count_ones() != 3 {
        return false;
    }
    let second = dots & (dots - 1);
    let third = second & (second - 1);
    let ends = [dots, second, third, 1 << len].map(|end| end.trailing_zeros() as usize);
    let mut bytes = [0; 20];
    for (to, from) in bytes.iter_mut().zip(text.bytes()) {
        *to = *from;
    }
    let mut start = 0;
    let mut valid = true;
    for end in ends {
        // Digits compare as the numbers they write, if there are as many.
        let first = bytes[start];
        let number = u32::from_be_bytes([0, first, bytes[start + 1], bytes[start + 2]]);
        let count = end - start;
        valid &= matches!(count, 1..=3)
            && (count == 1 || first != b'0')
            && (count < 3 || number <= u32::from_be_bytes(*b"\x00255"));
        start = end + 1;
    }
    valid
}

/// The same byte by byte, each looked up: as few instructions as can be, for an interpreter.
fn is_dotted_decimal_by_table(text: &[u8]) -> bool {
    let mut state = START;
    for byte in text {
        let class = CLASSES[usize::from(*byte)];
        state = NEXT[usize::from(state & 31)][usize::from(class & 15)];
    }
    // In the fourth number, and not before its first digit.
    state > START + 3 * NUMBER
}

/// The state before an address, and how many states there are within each of its four numbers. The first is the one
/// before a number's first digit; where nothing can follow, the state is 0.
const START: u8 = 1;
const NUMBER: u8 = 7;
/// Digits are their values, a dot is this, and any other byte is one more.
const DOT: u8 = 10;

static CLASSES: [u8; 256] = {
    let mut classes = [DOT + 1; 256];
    let mut digit = 0;
    while digit < 10 {
        classes[(b'0' + digit) as usize] = digit;
        digit += 1;
    }
    classes[b'.' as usize] = DOT;
    classes
};

/// The state behind each state and class of byte.
static NEXT: [[u8; 16]; 32] = {
    // Behind `1`, behind `2`, behind another digit but zero, behind two digits that any third may follow, behind `25`,
    // and where the number must end.
    const ONE: u8 = 1;
    const TWO: u8 = 2;
    const MORE: u8 = 3;
    const ANY: u8 = 4;
    const TWENTY_FIVE: u8 = 5;
    const FULL: u8 = 6;
    let mut next = [[0; 16]; 32];
    let mut number = 0;
    while number < 4 {
        let first = START + number * NUMBER;
        let mut digit = 0_usize;
        while digit < 10 {
            let follow = [
                match digit {
                    0 => FULL,
                    1 => ONE,
                    2 => TWO,
                    _ => MORE,
                },
                ANY,
                match digit {
                    0..=4 => ANY,
                    5 => TWENTY_FIVE,
                    _ => FULL,
                },
                FULL,
                FULL,
                if digit < 6 { FULL } else { 0 },
                0,
            ];
            let mut state = 0;
            while state < NUMBER {
                let follow = follow[state as usize];
                if follow != 0 {
                    next[(first + state) as usize][digit] = first + follow;
                }
                if state > 0 && number < 3 {
                    next[(first + state) as usize][DOT as usize] = first + NUMBER;
                }
                state += 1;
            }
            digit += 1;
        }
        number += 1;
    }
    next
};

/// Whether text is an IPv6 address that RFC 5952 writes so. Looks at all of it at once, and says no where that takes more
/// than a look: where a group is zero, or `::` stands at an end.
#[inline]
fn is_canonical_v6(text: Span<'_>) -> bool {
    let len = text.len();
    let Some((colons, zeros, digits)) = text.colons_zeros_and_digits() else {
        return false;
    };
    if !(4..=39).contains(&len) || colons | digits != !(u64::MAX << len) {
        return false;
    }
    // A colon, or the place before the first byte or behind the last, is at every end of a group.
    let starts = (colons << 1 | 1) & digits;
    let double = colons & colons >> 1;
    let ends_with_digits = digits & 1 & digits >> (len - 1) != 0;
    let long = digits & digits >> 1 & digits >> 2 & digits >> 3 & digits >> 4;
    let groups = colons.count_ones();
    ends_with_digits
        && starts & zeros == 0
        && long == 0
        && match double.count_ones() {
            0 => groups == 7,
            // `::` stands for two groups or more.
            1 => groups <= 6,
            _ => false,
        }
}

/// The four numbers of dotted decimal: one to three digits each, no leading zero, at most 255.
fn octets(text: &[u8]) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut rest = text.iter();
    let mut next = rest.next();
    for (i, octet) in octets.iter_mut().enumerate() {
        if i > 0 {
            if next != Some(&b'.') {
                return None;
            }
            next = rest.next();
        }
        let mut number = next?.wrapping_sub(b'0');
        if number > 9 {
            return None;
        }
        next = rest.next();
        // A zero stands alone; behind three digits there is a dot or the end.
        if number > 0 {
            while let Some(digit) = next
                .map(|byte| byte.wrapping_sub(b'0'))
                .filter(|&digit| digit < 10)
            {
                number = number.checked_mul(10)?.checked_add(digit)?;
                next = rest.next();
            }
        }
        *octet = number;
    }
    next.is_none().then_some(octets)
}

/// The eight groups of an IPv6 address: `::` once at most, the last two groups also as dotted decimal.
fn groups(text: &[u8]) -> Option<[u16; 8]> {
    let mut groups = [0_u16; 8];
    let mut count = 0;
    // How many groups stand before `::`.
    let mut gap = None;
    let mut at = 0;
    if text.starts_with(b"::") {
        gap = Some(0);
        at = 2;
    }
    while at < text.len() {
        if count == 8 {
            return None;
        }
        let start = at;
        let mut group = 0_u32;
        while let Some(digit) = text.get(at).and_then(|&byte| char::from(byte).to_digit(16)) {
            group = group << 4 | digit;
            at += 1;
            if at - start > 4 {
                return None;
            }
        }
        if text.get(at) == Some(&b'.') {
            if count > 6 {
                return None;
            }
            let [a, b, c, d] = octets(&text[start..])?;
            groups[count] = u16::from_be_bytes([a, b]);
            groups[count + 1] = u16::from_be_bytes([c, d]);
            count += 2;
            at = text.len();
            break;
        }
        if at == start {
            return None;
        }
        groups[count] = u16::try_from(group).ok()?;
        count += 1;
        match text.get(at..) {
            Some([]) | None => break,
            Some([b':', b':', ..]) if gap.is_none() => {
                gap = Some(count);
                at += 2;
            }
            Some([b':', next, ..]) if *next != b':' => at += 1,
            Some(_) => return None,
        }
    }
    if at != text.len() {
        return None;
    }
    match gap {
        None => (count == 8).then_some(groups),
        // `::` stands for at least one group.
        Some(_) if count == 8 => None,
        Some(gap) => {
            groups.copy_within(gap..count, 8 - (count - gap));
            groups[gap..8 - (count - gap)].fill(0);
            Some(groups)
        }
    }
}

/// The longest run of two or more groups that are zero, the first of several; empty behind the last group if none.
fn longest_zeros(groups: &[u16; 8]) -> core::ops::Range<usize> {
    let mut longest = usize::MAX..usize::MAX;
    let mut start = 0;
    for end in 0..=groups.len() {
        if groups.get(end) != Some(&0) {
            if end - start >= 2 && end - start > longest.len() {
                longest = start..end;
            }
            start = end + 1;
        }
    }
    longest
}

#[cfg(test)]
mod tests;
