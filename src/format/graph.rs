//! Format `graph`: Graph v1.0 and beta `exchangeMessageTrace`.

use crate::record::Instant;

use super::fields;

// Graph has no organization.
fields! {
    // RFC 3339, with a zone.
    Received: "receivedDateTime" as Instant::from_rfc3339;
    TraceId: "id";
    MessageId: "messageId";
    Sender: "senderAddress";
    Recipient: "recipientAddress";
    Subject: "subject";
    Size: "size";
    FromIp: "fromIP";
    ToIp: "toIP";
    Status: "status";
}
