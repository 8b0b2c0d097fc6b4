//! How the sources write their rows.

use super::{Keys, parse_report_time_us, parse_time_us};

/// How a service writes its pages: the names of what polling reads.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// An object around the page, in some forms.
    pub envelope: Option<&'static str>,
    /// The array of rows.
    pub rows: &'static [&'static str],
    /// The link to the next page.
    pub next: &'static [&'static str],
    /// Trace id, recipient, time of receipt, status, size and address of the receiving server of a row, each under all
    /// names that it may have.
    pub fields: [&'static [&'static str]; 6],
    /// Reads the time of receipt.
    pub time: fn(&[u8]) -> Option<i64>,
    /// The hash of what may change in a row: status, size and address, as they are written.
    pub content: fn(&Keys, [&[u8]; 3]) -> u64,
}

impl Layout {
    /// Pages of Microsoft Graph.
    pub const GRAPH: Self = Self {
        envelope: None,
        rows: &["value"],
        next: &["@odata.nextLink"],
        fields: [
            &["id"],
            &["recipientAddress"],
            &["receivedDateTime"],
            &["status"],
            &["size"],
            &["toIP"],
        ],
        time: parse_time_us,
        content: Keys::content,
    };
    /// Pages of the Reporting Web Service, in its verbose (`d.results`) and its light form (`value`).
    pub const REPORTING: Self = Self {
        envelope: Some("d"),
        rows: &["value", "results"],
        next: &["odata.nextLink", "__next"],
        fields: [
            &["MessageTraceId"],
            &["RecipientAddress"],
            &["Received"],
            &["Status"],
            &["Size"],
            &["ToIP"],
        ],
        time: parse_report_time_us,
        content: Keys::content,
    };
    /// Rows that were saved, of either format: what one spelling says, another says as well.
    pub const SAVED: Self = Self {
        envelope: None,
        rows: &[],
        next: &[],
        fields: [
            &["id", "MessageTraceId"],
            &["recipientAddress", "RecipientAddress"],
            &["receivedDateTime", "Received"],
            &["status", "Status"],
            &["size", "Size"],
            &["toIP", "ToIP"],
        ],
        time: |text| parse_time_us(text).or_else(|| parse_report_time_us(text)),
        content: Keys::parts,
    };
}
