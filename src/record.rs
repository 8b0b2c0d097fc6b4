//! The trace record, where all formats meet.

/// What a poller knows of a row that it delivers again because it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision<'a> {
    /// Written as the event's sequence number: higher than that of every earlier delivery of the row.
    pub sequence: u64,
    /// The status of the delivery before, as it was written; `None` if it is the same or not known.
    pub previous_status: Option<&'a str>,
}
