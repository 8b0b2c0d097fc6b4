//! JSON output: members between constant fragments.

/// A constant fragment.
macro_rules! key {
    ($text:literal) => {
        const { &crate::lanes::Fragment::new($text) }
    };
}
pub(super) use key;

use crate::lanes::{Fragment, Out, Span};
use crate::record::Text;

/// Writes text between quotes that are there.
#[inline]
pub(super) fn text(out: &mut Out, text: Text<'_>) {
    if text.plain {
        out.put_span(text.span);
    } else {
        out.put_escaped(text.bytes());
    }
}

/// Writes a member with a text as value; `key` ends with the value's first quote.
#[cfg_attr(feature = "interpreted", inline(never))]
#[cfg_attr(not(feature = "interpreted"), inline)]
pub(super) fn text_member(out: &mut Out, key: &Fragment, value: Option<Text<'_>>) {
    match value {
        None => {}
        Some(value) if value.plain => out.put_quoted(key, value.span),
        Some(value) => escaped_member(out, key, value),
    }
}

/// Writes a member with text that can stand in a JSON string as it is; `key` ends with the value's first quote.
#[inline]
pub(super) fn plain_member(out: &mut Out, key: &Fragment, value: Span<'_>) {
    out.put_quoted(key, value);
}

#[cold]
fn escaped_member(out: &mut Out, key: &Fragment, value: Text<'_>) {
    out.put_fragment(key);
    out.put_escaped(value.bytes());
    out.put_byte(b'"');
}

/// Writes a number.
#[inline]
pub(super) fn number<I: itoa::Integer>(out: &mut Out, number: I) {
    out.put(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes a member that is an object; `key` ends with its colon. Every member of the object begins with a comma. An
/// object without members is not written at all.
#[inline]
pub(super) fn object<const N: usize>(out: &mut Out, key: &[u8; N], members: impl FnOnce(&mut Out)) {
    let before = out.len();
    out.put_array(key);
    object_behind(out, before, members);
}

/// Writes the object behind its key, which begins at `before`.
#[inline]
pub(super) fn object_behind(out: &mut Out, before: usize, members: impl FnOnce(&mut Out)) {
    let start = out.len();
    members(out);
    if out.len() == start {
        out.truncate(before);
    } else {
        out.set(start, b'{');
        out.put_byte(b'}');
    }
}

/// Writes a member that is an array; `key` ends with its colon. Every element begins with a comma. An array without
/// elements is not written at all.
#[inline]
pub(super) fn array<const N: usize>(out: &mut Out, key: &[u8; N], elements: impl FnOnce(&mut Out)) {
    let before = out.len();
    out.put_array(key);
    let start = out.len();
    elements(out);
    if out.len() == start {
        out.truncate(before);
    } else {
        out.set(start, b'[');
        out.put_byte(b']');
    }
}
