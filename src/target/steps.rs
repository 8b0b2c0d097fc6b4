//! What a message's details become, in the targets that have room for it. Each member begins with a comma.

use message_trace_details::write_text;

use crate::details::Details;
use crate::lanes::Out;

/// Writes a member with a text that the details gave, if they did.
#[inline]
pub(super) fn text(out: &mut Out, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        put_text(out, key, value);
    }
}

#[cold]
#[inline(never)]
fn put_text(out: &mut Out, key: &str, value: &str) {
    let mut bytes = Vec::new();
    write_text(key, value, &mut bytes);
    put(out, &bytes);
}

/// Writes the rule behind a failure.
#[cold]
#[inline(never)]
pub(super) fn rule(out: &mut Out, details: &Details<'_>) {
    let mut bytes = Vec::new();
    details.said.write_rule(&mut bytes);
    put(out, &bytes);
}

/// Writes the steps, how many were left out, and the text in place of them.
#[cold]
#[inline(never)]
pub(super) fn steps(out: &mut Out, details: &Details<'_>) {
    let mut bytes = Vec::new();
    details.said.write_steps(&mut bytes);
    write_text("unread_details", details.unread.unwrap_or_default(), &mut bytes);
    put(out, &bytes);
}

#[cold]
#[inline(never)]
fn put(out: &mut Out, bytes: &[u8]) {
    out.put(bytes);
}
