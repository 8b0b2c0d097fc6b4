//! A row as the Reporting Web Service writes it.

use chrono::{DateTime, Utc};

use crate::json::{Escapes, push_number, push_optional, push_text};
use crate::tenant::{DOMAIN, Row, State, push_time};

const REPORT: &str = "https://reports.office365.com/ecp/ReportingWebService/Reporting.svc/MessageTrace";

/// The shape of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `$format=json`: `d.results`, `__metadata` and `/Date(ms)/`.
    Verbose,
    /// `Accept: application/json`: `value`, and times with seven digits and no zone.
    Light,
    /// Neither: an Atom feed.
    Atom,
}

/// What a row repeats of its query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    pub(crate) index: i64,
}

/// Appends a row in one of the JSON forms.
pub(crate) fn push_row(out: &mut Vec<u8>, row: &Row, state: &State, echo: &Echo, is_verbose: bool) {
    let message = &*row.message;
    let escapes = message.escapes;
    out.push(b'{');
    if is_verbose {
        out.extend_from_slice(b"\"__metadata\":{");
        for name in ["\"id\":\"", "\",\"uri\":\""] {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(REPORT.as_bytes());
            out.push(b'(');
            push_number(out, echo.index);
            out.push(b')');
        }
        out.extend_from_slice(b"\",\"type\":\"TenantReporting.MessageTrace\"},");
    }
    out.extend_from_slice(b"\"Organization\":");
    push_text(out, DOMAIN, Escapes::Plain);
    out.extend_from_slice(b",\"MessageId\":");
    push_optional(out, message.message_id.as_deref(), escapes);
    out.extend_from_slice(b",\"Received\":");
    push_date(out, message.received, is_verbose, "");
    out.extend_from_slice(b",\"SenderAddress\":");
    push_text(out, message.sender.as_deref().unwrap_or_default(), escapes);
    out.extend_from_slice(b",\"RecipientAddress\":");
    push_text(out, &row.recipient, escapes);
    out.extend_from_slice(b",\"Subject\":");
    push_optional(
        out,
        message.subject.as_deref().filter(|text| !text.is_empty()),
        escapes,
    );
    out.extend_from_slice(b",\"Status\":");
    push_text(out, state.status.reporting(), Escapes::Plain);
    out.extend_from_slice(b",\"ToIP\":");
    push_optional(
        out,
        Some(state.to_ip.as_str()).filter(|ip| !ip.is_empty()),
        Escapes::Plain,
    );
    out.extend_from_slice(b",\"FromIP\":");
    push_optional(
        out,
        message.from_ip.as_deref().filter(|ip| !ip.is_empty()),
        Escapes::Plain,
    );
    out.extend_from_slice(b",\"Size\":");
    push_number(out, i64::from(state.size));
    out.extend_from_slice(b",\"MessageTraceId\":\"");
    out.extend_from_slice(message.id.as_bytes());
    out.extend_from_slice(b"\",\"StartDate\":");
    push_date(out, echo.from, is_verbose, "Z");
    out.extend_from_slice(b",\"EndDate\":");
    push_date(out, echo.to, is_verbose, "Z");
    out.extend_from_slice(b",\"Index\":");
    push_number(out, echo.index);
    out.push(b'}');
}

/// Appends a date. The light form gives `Received` no zone and the echoed bounds a `Z`, in the same row.
fn push_date(out: &mut Vec<u8>, time: DateTime<Utc>, is_verbose: bool, zone: &str) {
    if is_verbose {
        out.extend_from_slice(b"\"/Date(");
        push_number(out, time.timestamp_millis());
        out.extend_from_slice(b")/\"");
    } else {
        out.push(b'"');
        push_time(out, time, 7);
        out.extend_from_slice(zone.as_bytes());
        out.push(b'"');
    }
}
