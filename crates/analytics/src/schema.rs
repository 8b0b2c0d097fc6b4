//! The columns of the view `events`: the one table that the archive, the questions and the dashboards go by.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text in UTF-8.
    Text,
    /// Microseconds since 1970, UTC.
    Time,
    /// A whole number, 0 to 2^63 - 1.
    Number,
    /// True or false.
    Flag,
}

/// One column, and where its value stands in an event.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in SQL.
    pub name: &'static str,
    /// What it holds. Every column but `time` may be null.
    pub kind: Kind,
    /// The path in an event of target `ecs`; of an array the first value.
    pub ecs: &'static str,
    /// The path in an event of target `ocsf`; empty where that target has no such field.
    pub ocsf: &'static str,
}

/// Every column that an event fills. Beside these the view has `day` (the date of `time`), `sender_domain` and
/// `recipient_domain` (what follows the last `@`).
#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    Column { name: "event_id", kind: Kind::Text, ecs: "event.id", ocsf: "metadata.uid" },
    Column { name: "sequence", kind: Kind::Number, ecs: "event.sequence", ocsf: "metadata.sequence" },
    Column { name: "time", kind: Kind::Time, ecs: "@timestamp", ocsf: "time" },
    Column { name: "sender", kind: Kind::Text, ecs: "email.from.address", ocsf: "from" },
    Column { name: "recipient", kind: Kind::Text, ecs: "email.to.address", ocsf: "to" },
    Column { name: "subject", kind: Kind::Text, ecs: "email.subject", ocsf: "email.subject" },
    Column { name: "message_id", kind: Kind::Text, ecs: "email.message_id", ocsf: "email.message_uid" },
    Column { name: "trace_id", kind: Kind::Text, ecs: "email.local_id", ocsf: "message_trace_uid" },
    Column { name: "status", kind: Kind::Text, ecs: "event.action", ocsf: "status_detail" },
    Column { name: "outcome", kind: Kind::Text, ecs: "event.outcome", ocsf: "status_id" },
    Column { name: "direction", kind: Kind::Text, ecs: "email.direction", ocsf: "direction_id" },
    Column { name: "size", kind: Kind::Number, ecs: "m365.message_trace.size", ocsf: "email.size" },
    Column { name: "source_ip", kind: Kind::Text, ecs: "source.ip", ocsf: "src_endpoint.ip" },
    Column { name: "destination_ip", kind: Kind::Text, ecs: "destination.ip", ocsf: "dst_endpoint.ip" },
    Column { name: "is_bounce", kind: Kind::Flag, ecs: "m365.message_trace.is_bounce", ocsf: "" },
    Column { name: "cause", kind: Kind::Text, ecs: "m365.message_trace.cause", ocsf: "" },
    Column { name: "organization", kind: Kind::Text, ecs: "organization.name", ocsf: "" },
    Column { name: "tenant_id", kind: Kind::Text, ecs: "organization.id", ocsf: "" },
    Column { name: "previous_status", kind: Kind::Text, ecs: "m365.message_trace.previous_status", ocsf: "" },
];
