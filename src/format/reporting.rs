//! Format `reporting`: the Reporting Web Service in OData verbose and light, and the JSON of `Get-MessageTrace` and
//! `Get-MessageTraceV2`.
//!
//! `StartDate`, `EndDate` and `Index` are an echo of the query, not facts about the message: they are not read.

use crate::record::{Field, Instant};

/// The key of each field, in the order of the fields.
pub(super) const KEYS: [&str; Field::COUNT] = [
    "Received",
    "MessageTraceId",
    "MessageId",
    "SenderAddress",
    "RecipientAddress",
    "Subject",
    "Size",
    "FromIP",
    "ToIP",
    "Status",
    "Organization",
];

/// `/Date(ms)/`, or ISO 8601 where no zone means UTC.
pub(super) fn instant(text: &[u8]) -> Option<Instant> {
    Instant::from_odata(text)
}
