//! The columns: one table for what is sent, for the table in the workspace and for the data collection rule.

use Kind::{Datetime, Dynamic, Int, Long, Text};
use Origin::{Always, First, Rest, Sequence, Severity, Time, Uid, Word, Words};

/// A column's type in Log Analytics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A time.
    Datetime,
    /// A text.
    Text,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// Any JSON.
    Dynamic,
}

impl Kind {
    /// As tables and rules write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Datetime => "datetime",
            Text => "string",
            Int => "int",
            Long => "long",
            Dynamic => "dynamic",
        }
    }
}

/// Where a column's value comes from. Paths are those of target `ecs`.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// The row's own time.
    Time,
    /// The event's id.
    Uid,
    /// 0 for the first delivery of a row, more for each change since.
    Sequence,
    /// The same for all.
    Always(&'static str),
    /// The first path that has a value; of a list its first element, unless the column is dynamic.
    First(&'static [&'static str]),
    /// A path's word in the words of ASIM; the last text where there is none.
    Word(
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    ),
    /// As [`Origin::Word`], absent where there is none.
    Words(&'static str, &'static [(&'static str, &'static str)]),
    /// A path's number, 0 to 100, in the words of ASIM for a severity; the first word where there is none.
    Severity(&'static str),
    /// All that no other column holds.
    Rest,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name, ASIM's where that has one.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Where its value comes from.
    pub origin: Origin,
}

const fn column(name: &'static str, kind: Kind, origin: Origin) -> Column {
    Column { name, kind, origin }
}

/// Every column; those from `AlertId` to `Username` are of alerts. `InternetMessageId` and `NetworkMessageId` are named as in Defender's `EmailEvents`, to join on;
/// `EventSequence`,
/// `AlertEvidence` and `RawData` are ours.
pub const COLUMNS: &[Column] = &[
    column("TimeGenerated", Datetime, Time),
    column("EventStartTime", Datetime, Time),
    column("EventEndTime", Datetime, Time),
    column("EventCount", Int, Always("1")),
    column("EventType", Text, Word("event.kind", TYPES, "EmailDelivery")),
    column("EventSubType", Text, Words("email.direction", SUB_TYPES)),
    column("EventResult", Text, Word("event.outcome", RESULTS, "NA")),
    column(
        "EventOriginalResultDetails",
        Text,
        First(&["m365.message_trace.status"]),
    ),
    column("EventProduct", Text, Always("Exchange Online")),
    column("EventVendor", Text, Always("Microsoft")),
    column("EventSchema", Text, Word("event.kind", SCHEMAS, "EmailEvent")),
    column(
        "EventSchemaVersion",
        Text,
        Word("event.kind", SCHEMA_VERSIONS, "1.0.0"),
    ),
    column("EventSeverity", Text, Severity("event.severity")),
    column("EventUid", Text, Uid),
    column("EventSequence", Long, Sequence),
    column("Dvc", Text, Always("Exchange Online")),
    column("DvcAction", Text, Word("event.action", ACTIONS, "NA")),
    column("EmailDeliveryLocation", Text, Words("event.action", LOCATIONS)),
    column(
        "EmailDirection",
        Text,
        Word("email.direction", DIRECTIONS, "Unknown"),
    ),
    column("EmailFromAddress", Text, First(&["email.from.address"])),
    column("EmailFromDomain", Text, First(&["source.user.domain"])),
    column("EmailToRecipients", Dynamic, First(&["email.to.address"])),
    column("EmailSubject", Text, First(&["email.subject"])),
    column(
        "EmailSizeBytes",
        Long,
        First(&["m365.message_trace.size", "network.bytes"]),
    ),
    column("EmailProtocolName", Text, Always("SMTP")),
    column("InternetMessageId", Text, First(&["email.message_id"])),
    column("NetworkMessageId", Text, First(&["email.local_id"])),
    column("Src", Text, First(&["source.ip"])),
    column("SrcIpAddr", Text, First(&["source.ip"])),
    column("Dst", Text, First(&["destination.ip", "email.to.address"])),
    column("DstIpAddr", Text, First(&["destination.ip"])),
    column("AlertId", Text, First(&["m365.message_trace.alert.id"])),
    column("AlertStatus", Text, Words("event.action", ALERT_STATUS)),
    column("AttackTactics", Text, First(&["threat.tactic.name"])),
    column("AttackTechniques", Text, First(&["threat.technique.id"])),
    column(
        "AlertEvidence",
        Dynamic,
        First(&["m365.message_trace.alert.event_ids"]),
    ),
    column("Username", Text, First(&["user.email"])),
    column("RawData", Text, First(&["event.original", "message"])),
    column("AdditionalFields", Dynamic, Rest),
];

/// Alerts of `detect` are of ASIM's alert schema, as far as the columns go; all else is e-mail.
const TYPES: &[(&str, &str)] = &[("alert", "Alert")];
const SCHEMAS: &[(&str, &str)] = &[("alert", "AlertEvent")];
const SCHEMA_VERSIONS: &[(&str, &str)] = &[("alert", "0.1")];
const ALERT_STATUS: &[(&str, &str)] = &[("raised", "Active"), ("closed", "Closed")];

const RESULTS: &[(&str, &str)] = &[("success", "Success"), ("failure", "Failure")];
const SUB_TYPES: &[(&str, &str)] = &[("outbound", "EmailSent"), ("inbound", "EmailReceived")];
const DIRECTIONS: &[(&str, &str)] = &[
    ("inbound", "Inbound"),
    ("outbound", "Outbound"),
    ("internal", "Internal"),
];
const ACTIONS: &[(&str, &str)] = &[
    ("delivered", "Delivered"),
    ("filtered-as-spam", "Delivered"),
    ("quarantined", "Quarantined"),
];
const LOCATIONS: &[(&str, &str)] = &[("filtered-as-spam", "Junk"), ("quarantined", "Quarantine")];
