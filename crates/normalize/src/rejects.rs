//! One object for each refused line, for the rejects file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use message_trace_host::Reason;

/// How much is kept of a line that is longer than the limit, in bytes.
pub(super) const KEPT_BYTES: usize = 4096;

#[derive(Serialize)]
struct Reject<'a> {
    source: &'a str,
    line: u64,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
    /// Present when `raw` is only the beginning: how long the line was.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_truncated_from_bytes: Option<u64>,
}

/// Appends the object of a refused line. A line of `length` bytes that is longer than `raw` is marked as cut.
pub(super) fn push(out: &mut Vec<u8>, source: &str, line: u64, reason: &Reason, raw: &[u8], length: u64) {
    let text = std::str::from_utf8(raw).ok();
    let reject = Reject {
        source,
        line,
        reason: reason.name(),
        detail: reason.detail(),
        raw: text,
        raw_base64: text.is_none().then(|| STANDARD.encode(raw)),
        raw_truncated_from_bytes: (length > raw.len() as u64).then_some(length),
    };
    // Writing text and numbers to memory cannot fail.
    if serde_json::to_writer(&mut *out, &reject).is_ok() {
        out.push(b'\n');
    }
}

/// The first bytes of a line, cut between two characters where it is text.
pub(super) fn prefix(line: &[u8]) -> &[u8] {
    let Some(cut) = line.get(..KEPT_BYTES) else {
        return line;
    };
    match std::str::from_utf8(cut) {
        Err(error) if error.error_len().is_none() => cut.get(..error.valid_up_to()).unwrap_or(cut),
        _ => cut,
    }
}
