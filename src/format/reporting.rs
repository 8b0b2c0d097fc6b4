//! Format `reporting`: the Reporting Web Service in OData verbose and light, and the JSON of `Get-MessageTrace` and
//! `Get-MessageTraceV2`.
//!
//! `StartDate`, `EndDate` and `Index` are an echo of the query, not facts about the message: they are not read. The last
//! five keys are columns of the admin center's reports, under the names that those have there.

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
    CustomData: "custom_data";
    OriginalClientIp: "original_client_ip";
    Directionality: "directionality";
    ConnectorId: "connector_id";
    DeliveryPriority: "delivery_priority";
}
