//! Format `graph`: Graph v1.0 and beta `exchangeMessageTrace`.

use crate::record::{Field, Instant};

/// The key of each field, in the order of the fields. Graph has no organization.
pub(super) const KEYS: [&str; Field::COUNT] = [
    "receivedDateTime",
    "id",
    "messageId",
    "senderAddress",
    "recipientAddress",
    "subject",
    "size",
    "fromIP",
    "toIP",
    "status",
    "",
];

/// RFC 3339, with a zone.
pub(super) fn instant(text: &[u8]) -> Option<Instant> {
    Instant::from_rfc3339(text)
}
