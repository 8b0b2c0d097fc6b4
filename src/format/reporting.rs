//! Format `reporting`: the Reporting Web Service in OData verbose and light, and the JSON of `Get-MessageTrace` and
//! `Get-MessageTraceV2`.
//!
//! `StartDate`, `EndDate` and `Index` are an echo of the query, not facts about the message: they are not read.

use crate::record::Instant;

use super::fields;

fields! {
    // `/Date(ms)/`, or ISO 8601 where no zone means UTC.
    Received: "Received" as Instant::from_odata;
    TraceId: "MessageTraceId";
    MessageId: "MessageId";
    Sender: "SenderAddress";
    Recipient: "RecipientAddress";
    Subject: "Subject";
    Size: "Size";
    FromIp: "FromIP";
    ToIp: "ToIP";
    Status: "Status";
    Organization: "Organization";
}
